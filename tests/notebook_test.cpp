// The notebook, number for number: tests/data/notebook_reference.json holds what NumPy made of it.

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include <nablur/nablur.h>

using namespace nablur;

namespace {

const nlohmann::json& notebook() {
  static const nlohmann::json json =
      nlohmann::json::parse(std::ifstream(NABLUR_SOURCE_DIR "/tests/data/notebook_reference.json"));
  return json;
}

Tensor<double> tensor(const nlohmann::json& list) {
  const auto numbers = list.get<std::vector<double>>();
  return Tensor<double>(Shape{static_cast<std::int64_t>(numbers.size())},
                        std::span<const double>(numbers));
}

Tensor<double> signal() {
  Random random(notebook()["seed"].get<std::uint32_t>());
  return Tensor<double>::normal({100}, random);
}

Tensor<double> smoothed() {
  return gaussian_blur(signal(), notebook()["true_sigma"].get<double>()).value();
}

void expect_near(const Tensor<double>& a, const Tensor<double>& b, double tolerance) {
  ASSERT_EQ(a.size(), b.size());
  for (std::int64_t i = 0; i < a.size(); ++i)
    EXPECT_NEAR(a.data()[i], b.data()[i], tolerance) << "element " << i;
}

double greatest(const Tensor<double>& x) { return max(abs(x)).item(); }

struct Step {
  double loss;
  double d_s;
};

Step step_at(double s) {
  Tape<double> tape;
  const auto param = tape.variable(s);
  const auto loss =
      0.5 * sum(square(gaussian_blur(signal(), sigma_from_param(param)) - smoothed()));
  return {loss.item(), gradients(loss)[param].item()};
}

TEST(Notebook, SignalIsNumpysRandn) { expect_near(signal(), tensor(notebook()["signal"]), 1e-15); }

TEST(Notebook, SmoothedSignal) {
  const auto expected = tensor(notebook()["smoothed"]);
  expect_near(smoothed(), expected, 1e-12 * greatest(expected));
}

TEST(Notebook, FiltersAndTheirDerivativesForEightSigmas) {
  ASSERT_EQ(notebook()["kernels"].size(), 8u);
  for (const auto& kernel : notebook()["kernels"]) {
    const double sigma = kernel["sigma"];
    ASSERT_EQ(gaussian_radius(sigma), kernel["radius"].get<std::int64_t>());
    const auto taps = gaussian_taps(sigma, gaussian_radius(sigma));
    const auto w = tensor(kernel["filter"]);
    const auto h = tensor(kernel["d_filter_d_sigma"]);
    expect_near(taps.w, w, 1e-12 * greatest(w));
    expect_near(taps.dw_dsigma, h, 1e-15 * greatest(h));
    expect_near(gaussian_kernel(sigma * Tensor<double>(1.0)).value(), w, 1e-12 * greatest(w));
  }
}

// Towards the end d_s is a small difference of large numbers: NumPy's own is off the exact one (in
// long double) by 5e-16, which is 3.9e-12 of it at step 98. So beside 1e-12 of d_s a few roundings
// are allowed.
constexpr double kRounding = 1e-15;

TEST(Notebook, GradientAtEachOfTheHundredSteps) {
  for (const auto& row : notebook()["trace"]) {
    const auto found = step_at(row["s"]);
    const double d_s = row["d_s"];
    const double loss = row["loss"];
    EXPECT_NEAR(found.d_s, d_s, 1e-12 * std::abs(d_s) + kRounding) << "step " << row["iteration"];
    EXPECT_NEAR(found.loss, loss, 1e-8 * loss) << "step " << row["iteration"];
  }
}

TEST(Notebook, RecoversSigmaStepByStep) {
  Tensor<double> s = 0.0;
  Tape<double> tape;
  const auto x = signal();
  const auto target = smoothed();
  for (const auto& row : notebook()["trace"]) {
    tape.clear();
    const auto param = tape.variable(s);
    const auto sigma = sigma_from_param(param);
    const auto loss = 0.5 * sum(square(gaussian_blur(x, sigma) - target));
    EXPECT_NEAR(s.item(), row["s"].get<double>(), 1e-10);
    EXPECT_NEAR(sigma.item(), row["sigma"].get<double>(), 1e-10);
    EXPECT_NEAR(loss.item(), row["loss"].get<double>(), 1e-8 * row["loss"].get<double>());
    s -= 0.1 * gradients(loss)[param];
  }
  EXPECT_NEAR(sigma_from_param(s).item(), 2.99989395728808, 1e-10);
}

TEST(Notebook, TheTenGradientChecks) {
  Random random(notebook()["seed"].get<std::uint32_t>());
  Tensor<double>::normal({100}, random);  // the signal
  for (const auto& row : notebook()["gradient_checks"]) {
    const double s = random.normal() * 3;
    EXPECT_NEAR(s, row["s"].get<double>(), 1e-15 * std::abs(s));
    EXPECT_NEAR(step_at(s).d_s, row["analytic"].get<double>(),
                1e-12 * std::abs(row["analytic"].get<double>()));
    const double numeric = (step_at(s + 1e-5).loss - step_at(s).loss) / 1e-5;
    EXPECT_LT(std::abs(numeric - step_at(s).d_s), 10 * 1e-5);
  }
}

}  // namespace
