// The normalised Gaussian filter composed on the tape: the notebook's formula and numbers, its
// derivative, extremes, messages.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <nablur/autodiff/derivatives.h>
#include <nablur/ops/gaussian_kernel.h>

#include "../messages.h"

namespace {

using namespace nablur;
using D = Tensor<double>;
using Wide = long double;

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// The notebook's filter and its quotient rule, in long double.
struct Notebook {
  std::vector<Wide> filter, d_filter;

  Notebook(Wide sigma, std::int64_t radius) {
    Wide total = 0, d_total = 0;
    for (std::int64_t i = -radius; i <= radius; ++i) {
      const Wide x = static_cast<Wide>(i);
      filter.push_back(std::exp(-x * x / (2 * sigma * sigma)));
      d_filter.push_back(filter.back() * x * x / (sigma * sigma * sigma));
      total += filter.back(), d_total += d_filter.back();
    }
    for (std::size_t i = 0; i < filter.size(); ++i) {
      d_filter[i] = (total * d_filter[i] - filter[i] * d_total) / (total * total);
      filter[i] /= total;
    }
  }
};

template <class T>
void expect_near(const Tensor<T>& got, const std::vector<Wide>& want, Wide tolerance) {
  ASSERT_EQ(static_cast<std::size_t>(got.size()), want.size());
  for (std::size_t i = 0; i < want.size(); ++i)
    EXPECT_LE(std::abs(got.data()[i] - want[i]), tolerance) << "tap " << i;
}

TEST(GaussianKernel, EqualsTheNotebooksFormulaAndItsQuotientRule) {
  const auto f = [](const auto& sigma) { return gaussian_kernel(sigma, 12); };
  for (const double sigma : {0.3, 0.5, 1.0, 2.0, 2.99989395728808, 3.0, 3.5, 10.0, 1e3}) {
    const Notebook fixed(sigma, 12),
        tied(sigma, std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(sigma * 3))));
    expect_near(gaussian_kernel(D(sigma), 12).value(), fixed.filter, 4e-16L);
    expect_near(gaussian_kernel(D(sigma)).value(), tied.filter, 4e-16L);
    const Wide scale = std::max(Wide{1}, 1 / static_cast<Wide>(sigma));
    expect_near(jvp(f, D(sigma), D(1.0)), fixed.d_filter, 4e-15L * scale);
    for (std::int64_t i = 0; i < 25; ++i) {
      const Wide d = vjp(f, D(sigma), detail::unit<double>({25}, i)).item();
      EXPECT_LE(std::abs(d - fixed.d_filter[static_cast<std::size_t>(i)]), 4e-15L * scale)
          << sigma << ", tap " << i;
    }
    const Tensor<float> single =
        gaussian_kernel(Tensor<float>(static_cast<float>(sigma)), 12).value();
    expect_near(single, Notebook(static_cast<float>(sigma), 12).filter, 4e-7L);
  }
}

TEST(GaussianKernel, IsSymmetricPositiveAndOfSumOne) {
  for (const double sigma : {1e-3, 0.4, 3.0, 50.0}) {
    const D w = gaussian_kernel(D(sigma)).value();
    Wide total = 0;
    for (std::int64_t i = 0; i < w.size(); ++i) {
      total += w(i);
      EXPECT_EQ(w(i), w(-1 - i));
      EXPECT_GE(w(i), 0);
    }
    EXPECT_LE(std::abs(total - 1), 1e-15L);
  }
}

TEST(GaussianKernel, IsTheDeltaWithDerivativeZeroForTinyScales) {
  for (const double sigma : {5e-324, 1e-200, 1e-110, 1e-20, 0.01}) {
    const auto f = [](const auto& s) { return gaussian_kernel(s, 2); };
    expect_near(f(Variable<double>(sigma)).value(), {0, 0, 1, 0, 0}, 0);
    expect_near(jvp(f, D(sigma), D(1.0)), {0, 0, 0, 0, 0}, 0);
    EXPECT_EQ(vjp(f, D(sigma), D{1, 2, 3, 4, 5}).item(), 0);
  }
}

TEST(GaussianKernel, IsFlatForHugeScales) {
  expect_near(gaussian_kernel(D(1e300), 2).value(), {0.2L, 0.2L, 0.2L, 0.2L, 0.2L}, 1e-16L);
  EXPECT_EQ(
      vjp([](const auto& s) { return gaussian_kernel(s, 2); }, D(1e300), D{1, 2, 3, 4, 5}).item(),
      0);
}

TEST(GaussianKernel, RadiusIsTheNotebooks) {
  EXPECT_EQ(gaussian_radius(3), 9);
  EXPECT_EQ(gaussian_radius(std::nextafter(3, 4)), 10);
  EXPECT_EQ(gaussian_radius(0), 1);
  EXPECT_EQ(gaussian_radius(1e-300), 1);
  EXPECT_EQ(gaussian_radius(3, 4), 12);
  EXPECT_EQ(gaussian_radius(0x1p26, 1), std::int64_t{1} << 26);
  EXPECT_EQ(gaussian_kernel(D(2.2)).size(), 15);
  EXPECT_EQ(gaussian_kernel(D(2.2), 0).size(), 1);
  EXPECT_EQ(gaussian_kernel(D({1, 1}, {2.2})).shape(),
            (Shape{15}));  // σ of one element, of any rank
}

TEST(GaussianKernel, RefusesABadSigmaOrRadiusByName) {
  for (const auto& [sigma, shown] :
       {std::pair{0.0, "0"}, {-1.5, "-1.5"}, {kNan, "nan"}, {kInf, "inf"}, {-kInf, "-inf"}}) {
    expect_message("gaussian_kernel", {"sigma", shown},
                   [&, s = sigma] { gaussian_kernel(D(s), 3); });
    expect_message("gaussian_kernel", {"sigma", shown}, [&, s = sigma] { gaussian_kernel(D(s)); });
  }
  expect_message("gaussian_kernel", {"radius", "-1"}, [] { gaussian_kernel(D(1.0), -1); });
  expect_message("gaussian_kernel", {"radius", "67108865"},
                 [] { gaussian_kernel(D(1.0), (1 << 26) + 1); });
  expect_message("gaussian_kernel", {"(2,)"}, [] { gaussian_kernel(D{1, 2}); });
  expect_message("gaussian_kernel", {"1e+300"}, [] { gaussian_kernel(D(1e300)); });
}

TEST(GaussianKernel, TheRadiusRefusesWhatItCannotMeasure) {
  expect_message("gaussian_radius", {"sigma", "-1"}, [] { gaussian_radius(-1); });
  expect_message("gaussian_radius", {"sigma", "nan"}, [] { gaussian_radius(kNan); });
  expect_message("gaussian_radius", {"sigma", "inf"}, [] { gaussian_radius(kInf); });
  expect_message("gaussian_radius", {"truncate", "0"}, [] { gaussian_radius(1, 0); });
  expect_message("gaussian_radius", {"truncate", "nan"}, [] { gaussian_radius(1, kNan); });
  expect_message("gaussian_radius", {"1e+300", "2^26"}, [] { gaussian_radius(1e300); });
}

TEST(GaussianKernel, AConstantRecordsNothing) {
  Tape<double> tape;
  const auto sigma = tape.variable(1.0);
  static_assert(std::is_same_v<decltype(gaussian_kernel(sigma.value(), 3)), Tensor<double>>);
  static_assert(
      std::is_same_v<decltype(gaussian_kernel(Dual<double>(1, 1), 3)), Tensor<Dual<double>>>);
  EXPECT_EQ(tape.size(), 1);
}

}  // namespace
