// recover_sigma: the notebook's experiment, number for number; its figure, its progress, its end by
// Ctrl-C.

#include <gtest/gtest.h>
#include <signal.h>

#include <cmath>
#include <fstream>
#include <iterator>
#include <sstream>

#include "run_program.h"

namespace {

const std::string program = RECOVER_SIGMA;

// ---- the notebook's experiment ----------------------------------------------------------------

std::string reference_text() {
  std::ifstream in(NOTEBOOK_REFERENCE);
  return {std::istreambuf_iterator<char>(in), {}};
}

// All numbers under a key, in order, within one of the file's sections. Its JSON is flat enough for
// that.
std::vector<double> reference(const std::string& section, const std::string& key) {
  const std::string text = reference_text();
  const std::size_t from = text.find("\"" + section + "\":");
  const std::size_t to = std::min(text.find("\n ]", from), text.size());
  const std::string name = "\"" + key + "\": ";
  std::vector<double> numbers;
  for (std::size_t at = text.find(name, from); at < to; at = text.find(name, at + 1)) {
    numbers.push_back(std::stod(text.substr(at + name.size(), 40)));
  }
  return numbers;
}

TEST(RecoverSigma, WritesTheNotebooksTrace) {
  const Scratch scratch;
  const Outcome run = scratch.run(program, {"--csv", "trace.csv"});
  ASSERT_EQ(run.exit_code, 0) << run.error;
  const std::vector<std::string> lines = lines_of(scratch.read("trace.csv"));
  const auto s = reference("trace", "s");
  const auto sigma = reference("trace", "sigma");
  const auto loss = reference("trace", "loss");
  const auto d_s = reference("trace", "d_s");
  ASSERT_EQ(s.size(), 100u);
  ASSERT_EQ(d_s.size(), 100u);
  ASSERT_EQ(lines.size(), 101u);
  EXPECT_EQ(lines[0], "iteration,s,sigma,loss,d_s");
  for (std::size_t i = 0; i < 100; ++i) {
    const std::vector<double> row = numbers_of(lines[i + 1]);
    ASSERT_EQ(row.size(), 5u);
    EXPECT_EQ(row[0], static_cast<double>(i));
    EXPECT_NEAR(row[1], s[i], 1e-10);
    EXPECT_NEAR(row[2], sigma[i], 1e-10);
    EXPECT_NEAR(row[3] / loss[i], 1, 1e-8);
    EXPECT_NEAR(row[4], d_s[i], 1e-10);
  }
  // One more step of the descent leads to the notebook's final sigma.
  const std::vector<double> last = numbers_of(lines[100]);
  const double final_sigma = std::log(std::exp(0.3) + std::exp(last[1] - 0.1 * last[4] - 3));
  EXPECT_NEAR(final_sigma, 2.99989395728808, 1e-10);
}

TEST(RecoverSigma, PrintsWhatTheNotebookPrints) {
  const Scratch scratch;
  const Outcome run = scratch.run(program, {});
  ASSERT_EQ(run.exit_code, 0) << run.error;
  EXPECT_EQ(run.error, "");
  const std::vector<std::string> lines = lines_of(run.out);
  ASSERT_EQ(lines.size(), 22u) << run.out;
  const auto loss = reference("trace", "loss");
  for (std::size_t i = 0; i < 10; ++i) {
    ASSERT_EQ(lines[i].rfind("loss  ", 0), 0u) << lines[i];
    EXPECT_NEAR(std::stod(lines[i].substr(6)) / loss[10 * i], 1, 1e-8);
  }
  EXPECT_EQ(lines[10], "");
  EXPECT_EQ(lines[11], "true sigma 3.00 recovered sigma 3.00");
  const auto analytic = reference("gradient_checks", "analytic");
  const auto numeric = reference("gradient_checks", "numeric_forward_difference");
  const auto error = reference("gradient_checks", "error");
  ASSERT_EQ(analytic.size(), 10u);
  for (std::size_t i = 0; i < 10; ++i) {
    double printed[3] = {};
    ASSERT_EQ(std::sscanf(lines[12 + i].c_str(), "analytic %lf numerical %lf error %lf",
                          &printed[0], &printed[1], &printed[2]),
              3);
    EXPECT_NEAR(printed[0], analytic[i], 0.51e-5);
    EXPECT_NEAR(printed[1], numeric[i], 0.51e-5);
    EXPECT_NEAR(printed[2], error[i],
                3e-8);  // the difference of two losses near 40, divided by 1e-5, is known to 1e-9
    // {: 09.5f} of the notebook: the sign, zeros up to nine characters
    EXPECT_EQ(lines[12 + i].substr(0, 10), printed[0] < 0 ? "analytic -" : "analytic  ");
    EXPECT_EQ(lines[12 + i].substr(18, 11), " numerical ") << lines[12 + i];
  }
}

TEST(RecoverSigma, TellsWhereTooFewStepsEndAndDoesNotCallThemWrong) {
  const Outcome run = Scratch().run(program, {"--iterations", "3"});
  EXPECT_EQ(run.exit_code, 0) << run.error;
  EXPECT_NE(run.out.find("note: not there yet"), std::string::npos) << run.out;
}

TEST(RecoverSigma, RecoversOtherScalesOnOtherBorders) {
  for (const char* border : {"replicate", "symmetric", "mirror", "circular"}) {
    const Outcome run = Scratch().run(
        program, {"--sigma", "2", "--length", "200", "--seed", "7", "--border", border});
    EXPECT_EQ(run.exit_code, 0) << run.error;
    EXPECT_NE(run.out.find("true sigma 2.00 recovered sigma 2.00"), std::string::npos)
        << border << run.out;
  }
}

TEST(RecoverSigma, StopsWhereTheStepsLeadOutOfAllRange) {
  const Scratch scratch;
  const Outcome run = scratch.run(program, {"--step", "1e5", "--csv", "t.csv"});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_NE(run.error.find("choose a --step smaller than 1e+05"), std::string::npos) << run.error;
  EXPECT_TRUE(scratch.files().empty());
}

TEST(RecoverSigma, AdvisesAStepThatSuitsALongerSignal) {
  const Outcome run = Scratch().run(program, {"--length", "5000"});
  EXPECT_EQ(run.exit_code, 0) << run.error;
  const std::size_t at = run.out.find("try --step ");
  ASSERT_NE(at, std::string::npos) << run.out;
  const std::string step = run.out.substr(at + 11, run.out.find('\n', at) - at - 11);
  const Outcome second = Scratch().run(program, {"--length", "5000", "--step", step});
  EXPECT_NE(second.out.find("true sigma 3.00 recovered sigma 3.00"), std::string::npos)
      << step << second.out;
}

TEST(RecoverSigma, DrawsAFigureInEachFormat) {
  const Scratch scratch;
  for (const auto& [name, magic] :
       {std::pair{"a figure's name $(x).svg", "<?xml"}, {"f.PNG", "\x89PNG"}, {"f.pdf", "%PDF"}}) {
    const Outcome run = scratch.run(program, {"--figure", name});
    ASSERT_EQ(run.exit_code, 0) << run.error;
    const std::string drawn = scratch.read(name);
    EXPECT_EQ(drawn.substr(0, std::string(magic).size()), magic) << name;
    EXPECT_GT(drawn.size(), 10'000u) << name;
  }
  EXPECT_EQ(scratch.files().size(), 3u);
  const std::string svg = scratch.read("a figure's name $(x).svg");
  for (const char* text : {"filter w", "recovery, step 0", "recovery, step 16",
                           "recovery, at the end", "loss", "scale"}) {
    EXPECT_NE(svg.find(text), std::string::npos) << text;
  }
}

// ---- progress and Ctrl-C ----------------------------------------------------------------------

const std::vector<std::string> long_run = {"--iterations", "100000000", "--csv",
                                           "t.csv",        "--figure",  "f.svg"};

TEST(RecoverSigma, ShowsProgressInPlainLinesWhenPipedAndLeavesNothingWhenInterrupted) {
  const Scratch scratch;
  scratch.write("t.csv", "an older file");
  const Outcome run = scratch.run_until(program, long_run, "left", SIGINT, false);
  EXPECT_EQ(run.signal, SIGINT) << run.error;
  EXPECT_NE(run.error.find("loss "), std::string::npos) << run.error;
  EXPECT_NE(run.error.find("sigma "), std::string::npos) << run.error;
  EXPECT_EQ(run.error.find('\r'), std::string::npos) << run.error;
  EXPECT_EQ(scratch.files(), std::vector<std::string>{"t.csv"});
  EXPECT_EQ(scratch.read("t.csv"), "an older file");
}

TEST(RecoverSigma, ShowsOneProgressLineOnATerminal) {
  const Scratch scratch;
  const Outcome run = scratch.run_until(program, long_run, "left", SIGTERM, true);
  EXPECT_EQ(run.signal, SIGTERM) << run.error;
  EXPECT_EQ(run.error.substr(0, 1), "\r");
  EXPECT_EQ(run.error.find('\n'), std::string::npos) << run.error;
  EXPECT_TRUE(scratch.files().empty());
}

}  // namespace
