// recover_sigma: what it cannot print or write is an error with the system's reason, and no file is
// left half written.

#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>

#include "run_program.h"

namespace {

namespace fs = std::filesystem;

const std::string program = RECOVER_SIGMA;

// By the shell, where $P is the program.
Outcome shell(const Scratch& scratch, const std::string& command) {
  return scratch.run("/bin/sh", {"-c", command}, {{"P", program}});
}

void expect_refusal(const Outcome& run, const std::string& sentence) {
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(without_progress(run.error), "recover_sigma: " + sentence + "\n");
}

// ---- standard streams -------------------------------------------------------------------------

TEST(RecoverSigmaOutput, RefusesToRunWithStandardOutputClosed) {
  const Scratch scratch;
  for (const char* arguments :
       {"", "--csv t.csv", "--figure f.svg", "--csv t.csv <&- ", "--help"}) {
    expect_refusal(shell(scratch, std::string("exec \"$P\" >&- ") + arguments),
                   "standard output is closed, so that no result can be printed");
    EXPECT_TRUE(scratch.files().empty()) << arguments;
  }
}

TEST(RecoverSigmaOutput, GivesNoFileTheDescriptorOfAClosedStream) {
  const Scratch scratch;
  // A pipe whose reader comes late makes the run long enough for progress to be shown.
  const Outcome run = shell(
      scratch,
      "mkfifo p; { sleep 1.2; exec cat p; } & exec \"$P\" --csv p --iterations 4 2>&- >/dev/null");
  EXPECT_EQ(run.exit_code, 0);
  const auto lines = lines_of(run.out);
  ASSERT_EQ(lines.size(), 5u) << run.out;
  for (std::size_t i = 1; i < lines.size(); ++i)
    EXPECT_EQ(numbers_of(lines[i]).size(), 5u) << lines[i];
}

TEST(RecoverSigmaOutput, SaysThatItsOutputIsLost) {
  const std::string lost = "standard output cannot be written: ";
  const Scratch scratch;
  for (const char* arguments : {"", "--help", "--csv t.csv"}) {
    expect_refusal(shell(scratch, std::string("exec \"$P\" >/dev/full ") + arguments),
                   lost + "No space left on device");
    expect_refusal(shell(scratch, std::string("exec \"$P\" 1</dev/null ") + arguments),
                   lost + "Bad file descriptor");
  }
  EXPECT_TRUE(scratch.files().empty());
}

TEST(RecoverSigmaOutput, EndsByTheSignalOfAClosedPipe) {
  const Scratch scratch;
  const std::string to_nobody = "mkfifo p; exec 3<>p 4>p 3<&-; exec \"$P\" --csv t.csv >&4";
  EXPECT_EQ(shell(scratch, to_nobody).signal, SIGPIPE);
  EXPECT_EQ(scratch.files(), std::vector<std::string>{"p"});
  expect_refusal(shell(scratch, "trap '' PIPE; rm p; " + to_nobody),
                 "standard output cannot be written: Broken pipe");
  EXPECT_EQ(scratch.files(), std::vector<std::string>{"p"});
}

// ---- files ------------------------------------------------------------------------------------

TEST(RecoverSigmaOutput, SaysWhichFileTheDiskHasNoSpaceFor) {
  const Scratch scratch;
  expect_refusal(scratch.run(program, {"--csv", "/dev/full"}),
                 "/dev/full: cannot be written: No space left on device");
  fs::create_symlink("/dev/full", scratch.path("f.svg"));
  expect_refusal(scratch.run(program, {"--figure", "f.svg"}),
                 "f.svg: cannot be written: No space left on device");
}

TEST(RecoverSigmaOutput, SaysWhyAFileCannotGrow) {
  const Scratch scratch;
  scratch.write("t.csv", "an older file");
  const Outcome run = shell(scratch, "trap '' XFSZ; ulimit -f 1; exec \"$P\" --csv t.csv");
  expect_refusal(run, "t.csv: cannot be written: File too large");
  EXPECT_EQ(scratch.files(), std::vector<std::string>{"t.csv"});
  EXPECT_EQ(scratch.read("t.csv"), "an older file");
}

TEST(RecoverSigmaOutput, LeavesNothingWhereTheLimitOfAFileEndsIt) {
  const Scratch scratch;
  EXPECT_EQ(shell(scratch, "ulimit -f 1; exec \"$P\" --csv t.csv").signal, SIGXFSZ);
  EXPECT_TRUE(scratch.files().empty());
}

TEST(RecoverSigmaOutput, LeavesNothingWhereTheLimitOfTimeEndsIt) {
  const Scratch scratch;
  scratch.write("t.csv", "an older file");
  EXPECT_EQ(
      shell(scratch, "ulimit -S -t 1; exec \"$P\" --csv t.csv --iterations 100000000 >/dev/null")
          .signal,
      SIGXCPU);
  EXPECT_EQ(scratch.files(), std::vector<std::string>{"t.csv"});
  EXPECT_EQ(scratch.read("t.csv"), "an older file");
}

class RecoverSigmaSignal : public testing::TestWithParam<int> {};

TEST_P(RecoverSigmaSignal, LeavesNothingAndIsToldByTheExitStatus) {
  const Scratch scratch;
  scratch.write("t.csv", "an older file");
  const Outcome run = scratch.run_until(
      program, {"--iterations", "100000000", "--csv", "t.csv", "--figure", "f.svg"}, "left",
      GetParam(), false);
  EXPECT_EQ(run.signal, GetParam()) << run.exit_code << run.error;
  EXPECT_EQ(scratch.files(), std::vector<std::string>{"t.csv"});
  EXPECT_EQ(scratch.read("t.csv"), "an older file");
}

INSTANTIATE_TEST_SUITE_P(Each, RecoverSigmaSignal,
                         testing::Values(SIGHUP, SIGQUIT, SIGTERM, SIGALRM, SIGUSR1, SIGUSR2,
                                         SIGPIPE, SIGXCPU, SIGXFSZ, SIGVTALRM, SIGPROF, SIGIO,
                                         SIGPWR, SIGRTMIN + 1, SIGRTMAX),
                         [](const auto& each) { return "Number" + std::to_string(each.param); });

TEST(RecoverSigmaOutput, GoesOnThroughASignalThatIsIgnored) {
  const Scratch scratch;
  EXPECT_EQ(
      shell(scratch,
            "trap '' HUP; \"$P\" --csv t.csv --iterations 20000 & sleep 0.2; kill -HUP $!; wait $!")
          .exit_code,
      0);
  EXPECT_EQ(scratch.files(), std::vector<std::string>{"t.csv"});
}

TEST(RecoverSigmaOutput, WritesThroughALinkAndKeepsThePermissions) {
  const Scratch scratch;
  scratch.write("real.csv", "old");
  fs::permissions(scratch.path("real.csv"), fs::perms::owner_read | fs::perms::owner_write);
  fs::create_symlink("real.csv", scratch.path("link.csv"));
  EXPECT_EQ(scratch.run(program, {"--csv", "link.csv", "--iterations", "2"}).exit_code, 0);
  EXPECT_TRUE(fs::is_symlink(scratch.path("link.csv")));
  EXPECT_EQ(scratch.read("real.csv").substr(0, 9), "iteration");
  EXPECT_EQ(fs::status(scratch.path("real.csv")).permissions(),
            fs::perms::owner_read | fs::perms::owner_write);
}

TEST(RecoverSigmaOutput, MakesNewFilesAsTheUserAsksThemToBe) {
  const Scratch scratch;
  EXPECT_EQ(shell(scratch, "umask 027; exec \"$P\" --csv t.csv --iterations 2").exit_code, 0);
  EXPECT_EQ(fs::status(scratch.path("t.csv")).permissions(),
            fs::perms::owner_read | fs::perms::owner_write | fs::perms::group_read);
}

TEST(RecoverSigmaOutput, TakesTheLongestNameThereIs) {
  const Scratch scratch;
  const std::string name(255, 'n');
  EXPECT_EQ(scratch.run(program, {"--csv", name, "--iterations", "2"}).exit_code, 0);
  EXPECT_EQ(scratch.files(), std::vector<std::string>{name});
  expect_refusal(scratch.run(program, {"--csv", name + "n"}),
                 name + "n: cannot be written: File name too long");
}

TEST(RecoverSigmaOutput, WritesToAPipeAndToStandardOutput) {
  const Scratch scratch;
  const Outcome run =
      shell(scratch,
            "mkfifo p; cat p >copy & \"$P\" --csv p --iterations 3 >/dev/null; wait; rm p; "
            "exec \"$P\" --csv /dev/stdout --iterations 3 >all");
  EXPECT_EQ(run.exit_code, 0) << run.error;
  EXPECT_EQ(lines_of(scratch.read("copy")).size(), 4u);
  const auto all = lines_of(scratch.read("all"));
  EXPECT_NE(std::find(all.begin(), all.end(), "iteration,s,sigma,loss,d_s"), all.end());
  EXPECT_EQ(scratch.files(), (std::vector<std::string>{"all", "copy"}));
}

struct Names {
  const char* setup;
  const char* arguments;
  const char* sentence;
};

TEST(RecoverSigmaOutput, SeesThatTwoNamesMeanOneFile) {
  for (const Names& names : {
           Names{"ln -s x.txt l", "--signal x.txt --smoothed y.txt --csv l",
                 "--csv and --signal name the same file, l"},
           Names{"ln y.txt l", "--signal x.txt --smoothed y.txt --csv l",
                 "--csv and --smoothed name the same file, l"},
           Names{":", "--signal x.txt --smoothed y.txt --csv d/../x.txt",
                 "--csv and --signal name the same file, d/../x.txt"},
           Names{"ln -s d e", "--csv d/new.svg --figure e/new.svg",
                 "--csv and --figure name the same file, d/new.svg"},
           Names{"ln -s none l", "--csv l",
                 "l: cannot be written: it is a link that leads nowhere"},
           Names{"ln -s l l", "--csv l", "l: cannot be written: it is a link that leads nowhere"},
           Names{":", "--csv x.txt/t.csv", "x.txt/t.csv: cannot be written: Not a directory"},
           Names{":", "--csv d/", "d/: cannot be written: Is a directory"},
           Names{"ln -s d l", "--csv l", "l: cannot be written: Is a directory"},
       }) {
    const Scratch scratch;
    scratch.write("x.txt", "1 5 2 8");
    scratch.write("y.txt", "2 4 3 5");
    const Outcome run =
        shell(scratch, std::string("mkdir d; ") + names.setup + "; exec \"$P\" " + names.arguments);
    expect_refusal(run, names.sentence);
    EXPECT_EQ(scratch.read("x.txt") + scratch.read("y.txt"), "1 5 2 82 4 3 5");
    EXPECT_TRUE(fs::is_empty(scratch.path("d")));
  }
}

TEST(RecoverSigmaOutput, SaysThatAFileCannotBeReplaced) {
  const Outcome run = Scratch().run(program, {"--csv", "/proc/version"});  // not even by root
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(run.error.rfind("recover_sigma: /proc/version: cannot be written: ", 0), 0u)
      << run.error;
}

}  // namespace
