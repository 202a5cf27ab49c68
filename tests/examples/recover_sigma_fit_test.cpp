// recover_sigma on data of one's own: the scale is found for every border, unit and length, and
// doubt is spoken.

#include <gtest/gtest.h>

#include <cmath>

#include "pairs.h"

namespace {

TEST(RecoverSigmaFromFiles, FindsTheScaleUnderEveryBorder) {
  for (const char* border : {"zero", "replicate", "symmetric", "mirror", "circular"}) {
    for (const double sigma : {0.3, 0.8, 3.0, 7.3, 30.0}) {
      const auto x = noise(120, 5);
      const Outcome run = fit(Scratch(), x, blurred(x, sigma, border), {"--border", border});
      EXPECT_EQ(run.exit_code, 0) << run.error;
      EXPECT_NEAR(recovered(run) / sigma, 1, 1e-8) << border << " " << sigma;
      EXPECT_EQ(run.out.find("note"), std::string::npos) << run.out;
    }
  }
}

TEST(RecoverSigmaFromFiles, FindsAScaleAsLongAsTheSignal) {
  const auto x = noise(100, 8);
  EXPECT_NEAR(recovered(fit(Scratch(), x, blurred(x, 100, "zero"))), 100, 1e-5);
}

TEST(RecoverSigmaFromFiles, IsIndifferentToTheUnit) {
  const auto x = noise(100, 3);
  const auto y = blurred(x, 2.5, "zero");
  for (const double unit : {1e-300, 1e-12, 1e12, 1e300}) {
    EXPECT_NEAR(recovered(fit(Scratch(), scaled(x, unit), scaled(y, unit))), 2.5, 1e-8) << unit;
  }
}

TEST(RecoverSigmaFromFiles, IsIndifferentToAnOffsetThatTheBorderKeeps) {
  const auto x = noise(100, 3);
  const auto y = blurred(x, 2.5, "symmetric");
  const Outcome run =
      fit(Scratch(), scaled(x, 1, 1e6), scaled(y, 1, 1e6), {"--border", "symmetric"});
  EXPECT_NEAR(recovered(run), 2.5, 1e-6);  // 1e6 leaves ten digits
}

TEST(RecoverSigmaFromFiles, WorksOnLongSignalsToo) {
  const auto x = noise(20'000, 6);
  for (const double sigma : {0.5, 25.0})
    EXPECT_NEAR(
        recovered(fit(Scratch(), x, blurred(x, sigma, "mirror"), {"--border", "mirror"})) / sigma,
        1, 1e-8);
}

TEST(RecoverSigmaFromFiles, KeepsTheEndSamplesThatTheBorderGoesOnWith) {
  const auto x = noise(8200, 12);
  EXPECT_NEAR(
      recovered(fit(Scratch(), x, blurred(x, 1500, "replicate"), {"--border", "replicate"})) / 1500,
      1, 1e-6);
}

TEST(RecoverSigmaFromFiles, FindsAScaleThatTheAveragesHide) {
  std::vector<double> x;
  for (int i = 0; i < 6000; ++i) x.push_back(i % 2 == 0 ? 1 : -1);
  EXPECT_NEAR(recovered(fit(Scratch(), x, blurred(x, 0.7, "circular"), {"--border", "circular"})),
              0.7, 1e-8);
}

TEST(RecoverSigmaFromFiles, IsNotMisledByAFastSignalThatLooksSlowOnTheAverages) {
  std::vector<double> x;
  for (int i = 0; i < 6000; ++i)
    x.push_back(std::cos(2 * std::acos(-1) * 0.49 * i));  // in pairs: 0.02 a sample
  EXPECT_NEAR(recovered(fit(Scratch(), x, blurred(x, 0.7, "circular"), {"--border", "circular"})),
              0.7, 1e-8);
}

TEST(RecoverSigmaFromFiles, StaysNearTheScaleUnderNoise) {
  const auto x = noise(2000, 9);
  auto y = blurred(x, 4, "zero");
  const auto more = noise(2000, 10);
  for (std::size_t i = 0; i < y.size(); ++i) y[i] += 0.02 * more[i];
  // ‖∂y/∂σ‖² of white noise is about n/(6.1 σ³), so that the standard error is about 0.02
  // √(6.1·64/2000) = 0.009.
  const Outcome run = fit(Scratch(), x, y);
  EXPECT_NEAR(recovered(run), 4, 0.05);
  double error = 0;
  std::sscanf(run.out.c_str(), "recovered sigma %*f +- %lf", &error);
  EXPECT_GT(error, 0.003);
  EXPECT_LT(error, 0.03);
}

TEST(RecoverSigmaFromFiles, TakesOtherTruncations) {
  const auto x = noise(100, 4);
  EXPECT_NEAR(recovered(fit(Scratch(), x, blurred(x, 3, "symmetric", 4),
                            {"--border", "symmetric", "--truncate", "4"})),
              3, 1e-8);
}

TEST(RecoverSigmaFromFiles, WritesTheStepsAndTheFigure) {
  const Scratch scratch;
  const auto x = noise(100, 4);
  const Outcome run =
      fit(scratch, x, blurred(x, 3, "zero"), {"--csv", "t.csv", "--figure", "f.svg"});
  ASSERT_EQ(run.exit_code, 0) << run.error;
  const auto lines = lines_of(scratch.read("t.csv"));
  ASSERT_GE(lines.size(), 3u);
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const auto row = numbers_of(lines[i]);
    ASSERT_EQ(row.size(), 5u);
    EXPECT_NEAR(std::log(std::exp(0.3) + std::exp(row[1] - 3)), row[2], 1e-12);
  }
  EXPECT_EQ(scratch.read("f.svg").substr(0, 5), "<?xml");
}

}  // namespace
