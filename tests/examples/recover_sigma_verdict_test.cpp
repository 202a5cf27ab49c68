// recover_sigma on pairs that hold no answer: exit code 3, one sentence, no number and no file.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "pairs.h"

namespace {

using Signal = std::vector<double>;

void expect_objection(const Signal& x, const Signal& y, const std::string& sentence,
                      const std::string& border = "zero") {
  const Scratch scratch;
  const Outcome run =
      fit(scratch, x, y, {"--border", border, "--csv", "t.csv", "--figure", "f.svg"});
  EXPECT_EQ(run.exit_code, 3) << run.out << run.error;
  EXPECT_EQ(run.out, "");
  const std::string error = without_progress(run.error);
  EXPECT_EQ(error.rfind("recover_sigma: ", 0), 0u) << error;
  EXPECT_NE(error.find(sentence), std::string::npos) << error;
  EXPECT_EQ(std::count(error.begin(), error.end(), '\n'), 1) << error;
  EXPECT_EQ(scratch.files(), (std::vector<std::string>{"x.txt", "y.txt"}));
}

Signal moved(const Signal& x, std::size_t by) {
  Signal y = x;
  std::rotate(y.begin(), y.end() - static_cast<std::ptrdiff_t>(by), y.end());
  return y;
}

const char* const no_blur = "the smoothed signal is not a Gaussian blur of the signal";

TEST(RecoverSigmaVerdict, SaysThatTheOrderIsWrong) {
  const auto x = noise(300, 1);
  const std::string sentence =
      std::string(no_blur) +
      " but sharper: swapped, they fit with sigma 3; are --signal and --smoothed";
  expect_objection(blurred(x, 3, "zero"), x, sentence);
  expect_objection(blurred(x, 3, "mirror"), x, sentence, "mirror");
  expect_objection(with_noise(blurred(x, 3, "zero"), 0.002, 2), x, sentence);
}

TEST(RecoverSigmaVerdict, SaysThatTheOrderIsWrongOnLongSignalsToo) {
  const auto x = noise(40'000, 1);
  expect_objection(blurred(x, 20, "mirror"), x, "swapped, they fit with sigma 20", "mirror");
}

TEST(RecoverSigmaVerdict, SaysThatNoBlurBringsTheSignalsCloser) {
  const auto x = noise(300, 1);
  expect_objection(x, with_noise(x, 0.3, 2),
                   std::string(no_blur) + ": they differ by 2");  // 0.3/√1.09 = 29 %
}

TEST(RecoverSigmaVerdict, SaysThatTheSignalsHaveNothingInCommon) {
  for (const char* border : {"zero", "mirror"})
    expect_objection(noise(200, 1), noise(200, 2), no_blur, border);
  expect_objection(scaled(noise(200, 1), 1, 1e4), scaled(noise(200, 2), 1, 1e4), no_blur, "mirror");
}

TEST(RecoverSigmaVerdict, AsksMoreThanALevelOfAFewSamples) {
  expect_objection({3, 9, 8, 2, 5, 9}, {4, 5, 1, 5, 1, 4},
                   std::string(no_blur) + ": the best fit, sigma");
}

TEST(RecoverSigmaVerdict, SaysThatTheBlurWasScaledOrRaised) {
  const auto x = noise(300, 4);
  const auto y = blurred(x, 3, "circular");
  expect_objection(x, scaled(y, 2), "it looks like 2 times the blur with sigma 3\n", "circular");
  expect_objection(x, scaled(y, -0.5), "it looks like -0.5 times the blur with sigma 3\n",
                   "circular");
  expect_objection(x, scaled(y, 1, 7), "it looks like the blur with sigma 3, plus 7\n", "circular");
  expect_objection(scaled(x, 1e200), scaled(y, -5e200, 1e201),
                   "-5 times the blur with sigma 3, plus 1e+201\n", "circular");
}

TEST(RecoverSigmaVerdict, SaysThatTheBlurWasShifted) {
  const auto x = noise(400, 4);
  const auto y = blurred(x, 3, "circular");
  expect_objection(x, moved(y, 5), ", shifted by 5 samples", "zero");
  expect_objection(moved(x, 5), y, ", shifted by -5 samples", "mirror");
}

TEST(RecoverSigmaVerdict, SaysThatTheScaleLiesBeyondTheSearch) {
  Signal y(50, 1e-9);
  y[7] = 2e-9;
  expect_objection(noise(50, 1), y, std::string(no_blur) + " with any sigma in range");
}

TEST(RecoverSigmaVerdict, SaysOfTheSameSignalTwiceThatNothingWasBlurred) {
  for (const int n : {2, 200, 9000}) {
    const Scratch scratch;
    const Outcome run = fit(scratch, noise(n, 1), noise(n, 1), {"--figure", "f.svg"});
    EXPECT_EQ(run.exit_code, 0) << run.error;
    EXPECT_EQ(recovered(run), 0) << n;
    EXPECT_GT(scratch.read("f.svg").size(), 10'000u);
    EXPECT_NE(run.out.find("note: the two signals are the same: nothing was blurred"),
              std::string::npos)
        << run.out;
  }
}

TEST(RecoverSigmaVerdict, SaysOfNoiseAloneThatNoBlurCanBeTold) {
  const auto x = noise(2000, 1);
  const Outcome run = fit(Scratch(), x, with_noise(x, 0.01, 2));
  EXPECT_EQ(run.exit_code, 0) << run.error;
  EXPECT_EQ(recovered(run), 0);
  EXPECT_NE(run.out.find("note: no blur can be told from none"), std::string::npos) << run.out;
  // At a small sigma each neighbour has the weight w = e^(−1/2σ²), so ½ Σ(A x − x)² is about 3 n w²
  // for white noise. That is 2·0.01² at w = 1.8e-4, sigma = 0.24; the search goes up in steps of a
  // fifth.
  double least = 0;
  std::sscanf(run.out.c_str(), "recovered sigma 0 +- %lf", &least);
  EXPECT_GT(least, 0.24);
  EXPECT_LT(least, 0.31);
}

TEST(RecoverSigmaVerdict, KeepsAnAnswerThatIsNoisyButDetermined) {
  const auto x = noise(5000, 1);
  const Outcome run = fit(Scratch(), x, with_noise(blurred(x, 3, "zero"), 0.15, 2));
  EXPECT_EQ(run.exit_code, 0) << run.error;
  // The standard error is 0.15 √(6.1·27/5000) = 0.03.
  EXPECT_NEAR(recovered(run), 3, 0.12);
  EXPECT_NE(run.out.find("note: the fit is poor"), std::string::npos) << run.out;
}

}  // namespace
