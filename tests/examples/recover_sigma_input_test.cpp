// recover_sigma: bad input is one sentence on standard error, exit code 2, and no file.

#include <gtest/gtest.h>

#include <algorithm>

#include "run_program.h"

namespace {

const std::string program = RECOVER_SIGMA;

struct Refusal {
  const char* name;
  std::vector<std::string> arguments;
  std::string sentence;  // a part of it
};

void PrintTo(const Refusal& refusal, std::ostream* out) { *out << refusal.name; }

class RecoverSigmaRefuses : public testing::TestWithParam<Refusal> {};

TEST_P(RecoverSigmaRefuses, InOneSentence) {
  const Scratch scratch;
  scratch.write("good.txt", "1 2, 4\n-1e1\r\n+5,\n");
  scratch.write("word.txt", "1 2\n3\n4 abc 5\n");
  scratch.write("glued.txt", "1.5.3\n");
  scratch.write("hex.txt", "0x10\n");
  scratch.write("nan.txt", "1\nnan\n");
  scratch.write("infinite.txt", "1,2,1e999\n");
  scratch.write("gap.txt", "1,2\n3,,4\n");
  scratch.write("empty.txt", " \n\n");
  scratch.write("two.txt", "1\n2\n");
  scratch.write("one.txt", "1\n");
  scratch.write("zeros.txt", "0 0 0 0 0");
  scratch.write("flat.txt", "2 2 2 2 2");
  scratch.write("marked.txt", "\xEF\xBB\xBF,1\n");
  scratch.write("binary.txt", std::string("\0\1\2", 3));
  const auto before = scratch.files();

  std::vector<std::string> arguments = GetParam().arguments;
  const bool writes = std::find(arguments.begin(), arguments.end(), "--csv") != arguments.end();
  if (!writes) arguments.insert(arguments.end(), {"--csv", "out.csv"});
  const Outcome run = scratch.run(program, arguments);
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(run.out, "");
  EXPECT_EQ(run.error.rfind("recover_sigma: ", 0), 0u) << run.error;
  EXPECT_NE(run.error.find(GetParam().sentence), std::string::npos) << run.error;
  EXPECT_EQ(std::count(run.error.begin(), run.error.end(), '\n'), 1) << run.error;
  EXPECT_EQ(scratch.files(), before);
}

std::vector<std::string> pair(const char* signal, const char* smoothed,
                              const char* border = "zero") {
  return {"--signal", signal, "--smoothed", smoothed, "--border", border};
}

INSTANTIATE_TEST_SUITE_P(
    Files, RecoverSigmaRefuses,
    testing::Values(
        Refusal{"AMissingFile", pair("none.txt", "good.txt"),
                "none.txt: cannot be read: No such file"},
        Refusal{"AFolder", pair("good.txt", "."), ".: cannot be read: Is a directory"},
        Refusal{"AWord", pair("word.txt", "good.txt"),
                "word.txt, line 3, column 3: \"abc\" is not a number"},
        Refusal{"TwoNumbersInOne", pair("glued.txt", "good.txt"),
                "glued.txt, line 1, column 1: \"1.5.3\" is not a number"},
        Refusal{"Hexadecimal", pair("hex.txt", "good.txt"),
                "hex.txt, line 1, column 1: \"0x10\" is not a number"},
        Refusal{"NaN", pair("nan.txt", "good.txt"),
                "nan.txt, line 2, column 1: \"nan\" is not a finite number"},
        Refusal{"AnOverflow", pair("good.txt", "infinite.txt"),
                "infinite.txt, line 1, column 5: \"1e999\" is not a finite number"},
        Refusal{"AGap", pair("gap.txt", "good.txt"),
                "gap.txt, line 2, column 3: a number is missing before a comma"},
        Refusal{"AnEmptyFile", pair("empty.txt", "good.txt"), "empty.txt: holds no number"},
        Refusal{"BinaryData", pair("binary.txt", "good.txt"), "the file is binary or UTF-16"},
        Refusal{"AFileWithoutAnEnd", pair("/dev/zero", "good.txt"), "is too long for a number"},
        Refusal{"LengthsThatDiffer", pair("good.txt", "two.txt"),
                "good.txt holds 5 numbers and two.txt 2: they must be as many"},
        Refusal{"AZeroSignal", pair("zeros.txt", "good.txt"), "its blur does not depend on sigma"},
        Refusal{"AZeroSmoothedSignal", pair("good.txt", "zeros.txt"),
                "the smoothed signal is zero throughout"},
        Refusal{"AConstantThatTheBorderKeeps", pair("flat.txt", "good.txt", "circular"),
                "its blur does not depend on sigma"},
        Refusal{"AConstantSmoothedSignal", pair("good.txt", "flat.txt"),
                "the smoothed signal is constant: no sigma leads to it"},
        Refusal{"AnEmptyName", pair("", "good.txt"),
                "--signal needs the name of a file, which is empty"},
        Refusal{"AnEmptyOtherName", pair("good.txt", ""),
                "--smoothed needs the name of a file, which is empty"},
        Refusal{"AMark", pair("marked.txt", "good.txt"),
                "marked.txt, line 1, column 1: a number is missing before a comma"},
        Refusal{"ASingleSample", pair("one.txt", "one.txt"), "a signal of one sample"},
        Refusal{"ASignalAlone", {"--signal", "good.txt"}, "--smoothed"},
        Refusal{"ASmoothedSignalAlone", {"--smoothed", "good.txt"}, "--signal"}),
    [](const auto& each) { return each.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Options, RecoverSigmaRefuses,
    testing::Values(
        Refusal{"AnUnknownOption", {"--sgima", "3"}, "--sgima"},
        Refusal{"AStrayWord", {"stray"}, "stray"},
        Refusal{"ANegativeSigma",
                {"--sigma", "-1"},
                "--sigma must be a number from 0 to 1000000, got \"-1\""},
        Refusal{"SigmaNaN", {"--sigma", "nan"}, "--sigma must be"},
        Refusal{"SigmaAWord", {"--sigma", "x"}, "--sigma"},
        Refusal{"NoLength",
                {"--length", "0"},
                "--length must be a whole number from 1 to 10000000, got \"0\""},
        Refusal{"LengthOne", {"--length", "1"}, "a signal of one sample"},
        Refusal{"AHugeLength", {"--length", "100000000000"}, "--length must be"},
        Refusal{"ALengthBeyondAllIntegers", {"--length", "99999999999999999999"}, "--length"},
        Refusal{"AFractionalLength", {"--length", "1.5"}, "--length"},
        Refusal{"StepNaN",
                {"--step", "nan"},
                "--step must be a number above 0 and finite, got \"nan\""},
        Refusal{"StepZero", {"--step", "0"}, "--step must be"},
        Refusal{"NoIterations", {"--iterations", "0"}, "--iterations"},
        Refusal{"ANegativeSeed",
                {"--seed", "-1"},
                "--seed must be a whole number from 0 to 4294967295, got \"-1\""},
        Refusal{"TruncateZero", {"--truncate", "0"}, "--truncate must be"},
        Refusal{"BorderReflect", {"--border", "reflect"}, "\"reflect\" means symmetric"},
        Refusal{"AnUnknownBorder", {"--border", "torus"}, "torus"},
        Refusal{"NoValue", {"--csv", "t.csv", "--sigma"}, "--sigma needs a value"},
        Refusal{"OctalIsNoWayAroundALimit", {"--length", "00"}, "--length must be"},
        Refusal{"HexadecimalLength", {"--length", "0x10"}, "--length must be a whole number"},
        Refusal{"AnOptionTwice", {"--sigma", "1", "--sigma", "2"}, "--sigma is given twice"}),
    [](const auto& each) { return each.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Outputs, RecoverSigmaRefuses,
    testing::Values(
        Refusal{"AMissingFolder",
                {"--csv", "none/t.csv"},
                "none/t.csv: cannot be written: No such file"},
        Refusal{"AFolderAsFile", {"--csv", "."}, ".: cannot be written: Is a directory"},
        Refusal{
            "NoNameForTheCsvFile", {"--csv", ""}, "--csv needs the name of a file, which is empty"},
        Refusal{"NoNameForTheFigure",
                {"--figure", ""},
                "--figure needs the name of a file, which is empty"},
        Refusal{
            "AnUnknownEnding", {"--figure", "f.bmp"}, "\"f.bmp\" must end in .svg, .png or .pdf"},
        Refusal{"NoEnding", {"--figure", "svg"}, "must end in"},
        Refusal{
            "AFigureInAMissingFolder", {"--figure", "none/f.svg"}, "none/f.svg: cannot be written"},
        Refusal{"OneFileForBoth", {"--csv", "f.svg", "--figure", "./f.svg"}, "name the same file"},
        Refusal{"ToOverwriteTheInput",
                {"--signal", "good.txt", "--smoothed", "two.txt", "--csv", "good.txt"},
                "--csv and --signal name the same file"}),
    [](const auto& each) { return each.param.name; });

TEST(RecoverSigmaInput, SaysThatGnuplotIsMissing) {
  const Scratch scratch;
  const Outcome run = scratch.run(program, {"--figure", "f.svg", "--csv", "t.csv"},
                                  {{"PATH", scratch.path(".").string()}});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_NE(run.error.find("--figure needs gnuplot, which is not in the PATH"), std::string::npos)
      << run.error;
  EXPECT_TRUE(scratch.files().empty());
}

// Runs with a gnuplot of our own.
void expect_gnuplot_refused(const std::string& script, const std::string& sentence) {
  const Scratch scratch;
  scratch.write("gnuplot", "#!/bin/sh\ncat >/dev/null\n" + script);
  std::filesystem::permissions(scratch.path("gnuplot"), std::filesystem::perms::owner_all);
  const std::string path = scratch.path(".").string() + ":/usr/bin:/bin";
  const Outcome run =
      scratch.run(program, {"--figure", "f.svg", "--csv", "t.csv"}, {{"PATH", path}});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(without_progress(run.error), "recover_sigma: " + sentence + "\n");
  EXPECT_EQ(scratch.files(), std::vector<std::string>{"gnuplot"});
}

TEST(RecoverSigmaInput, PassesOnWhyGnuplotFails) {
  expect_gnuplot_refused("echo half a picture\necho 'line 3: no such terminal' >&2\nexit 1\n",
                         "gnuplot failed: line 3: no such terminal");
  expect_gnuplot_refused("echo half a picture\nkill -TERM $$\n",
                         "gnuplot was ended by a signal: Terminated");
  expect_gnuplot_refused("echo 'no font' >&2\n", "gnuplot drew nothing: no font");
}

TEST(RecoverSigmaInput, ExplainsItself) {
  const Outcome run = Scratch().run(program, {"--help"});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_EQ(run.error, "");
  for (const char* option : {"--sigma", "--length", "--seed", "--iterations", "--step", "--border",
                             "--csv", "--figure", "--signal", "--smoothed", "1337", "samples"}) {
    EXPECT_NE(run.out.find(option), std::string::npos) << option;
  }
}

TEST(RecoverSigmaInput, ReadsFromAPipe) {
  const Scratch scratch;
  scratch.write("x.txt", "1 5 2 8 -3 1");
  const Outcome run = scratch.run(
      "/bin/sh", {"-c", "cat x.txt | \"" + program + "\" --signal /dev/stdin --smoothed x.txt"});
  EXPECT_EQ(run.exit_code, 0) << run.error;
  EXPECT_EQ(run.out.rfind("recovered sigma 0 ", 0), 0u) << run.out;
}

TEST(RecoverSigmaInput, SaysWhyAFileCannotBeReadOn) {
  const Scratch scratch;
  scratch.write("x.txt", "1 2 3");
  const Outcome run = scratch.run(program, {"--signal", "x.txt", "--smoothed",
                                            "/proc/self/mem"});  // opens, but nothing is there
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(run.error, "recover_sigma: /proc/self/mem: cannot be read: Input/output error\n");
}

TEST(RecoverSigmaInput, SaysItInOneLineWhateverANameHolds) {
  const Outcome run = Scratch().run(program, {"--signal", "a\nb\x1b", "--smoothed", "c"});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(run.error, "recover_sigma: a?b?: cannot be read: No such file or directory\n");
}

TEST(RecoverSigmaInput, TakesNumbersForDecimal) {
  const Outcome ten = Scratch().run(program, {"--length", "10"});
  const Outcome padded = Scratch().run(program, {"--length", "010"});
  EXPECT_EQ(padded.exit_code, 0) << padded.error;
  EXPECT_EQ(padded.out, ten.out);
  EXPECT_NE(Scratch().run(program, {"--length", "8"}).out, ten.out);
}

TEST(RecoverSigmaInput, SaysWhichOptionsItsOwnDataDoNotNeed) {
  const Scratch scratch;
  scratch.write("x.txt", "1 5 2 8 -3 1");
  const Outcome run =
      scratch.run(program, {"--signal", "x.txt", "--smoothed", "x.txt", "--seed", "5"});
  EXPECT_EQ(run.exit_code, 0) << run.error;
  EXPECT_EQ(run.error, "note: --seed belongs to the experiment and is not used with --signal\n");
}

}  // namespace
