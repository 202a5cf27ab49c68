// The blur at the ends of its range, and beyond them.

#include <nablur/ops/gaussian_blur.h>

#include <gtest/gtest.h>

#include "blur_helpers.h"

using namespace nablur;
using namespace nablur::blur_test;

namespace {

TEST(GaussianBlur, IsTheIdentityWithZeroDerivativesAtSigmaZero) {
  const auto x = normal({4, 5});
  for (const Border border : kBorders) {
    const auto found = blur<double>(x, 0.0, normal({4, 5}, 2), {.border = border});
    EXPECT_TRUE(std::equal(x.begin(), x.end(), found.y.begin()));
    EXPECT_EQ(found.d_sigma.item(), 0);
  }
  const auto one_axis = blur<double>(x, {0.0, 1.0}, normal({4, 5}, 2), {});
  EXPECT_EQ(one_axis.d_sigma(0), 0);
  EXPECT_NE(one_axis.d_sigma(1), 0);
}

TEST(GaussianBlur, HasFiniteValueGradientAndHessianProductForEveryFiniteSigma) {
  const auto x = normal({6, 5});
  const auto f = [](const auto& image, const auto& s) {
    return sum(square(gaussian_blur(image, s, {.radius = 3, .border = Border::symmetric})));
  };
  for (const double sigma : {0.0, 5e-324, 1e-310, 1e-200, 1e-110, 1e-10, 0.0259, 0.026, 0.03, 0.1,
                             1.0, 1e5, 1e110, 1e160, 1.7e308}) {
    const auto d = vjp(f, {x, Tensor<double>(sigma)}, 1.0);
    const auto h = hvp(f, {x, Tensor<double>(sigma)}, {normal({6, 5}, 2), Tensor<double>(1.0)});
    for (const auto& t : {d[0], d[1], h[0], h[1]}) {
      for (const double v : t) EXPECT_TRUE(std::isfinite(v)) << "sigma " << sigma;
    }
    const auto narrow =
        hvp(f, {x.cast<float>(), Tensor<float>(static_cast<float>(std::min(sigma, 1e38)))},
            {normal({6, 5}, 2).cast<float>(), Tensor<float>(1.0f)});
    for (const float v : narrow[1]) EXPECT_TRUE(std::isfinite(v)) << "sigma " << sigma;
  }
}

TEST(GaussianBlur, IsTheMeanOverTheWindowForAHugeSigma) {
  const auto y = gaussian_blur(Tensor<double>{1, 2, 3, 4, 5, 6, 7}, 1e160,
                               {.radius = 1, .border = Border::circular})
                     .value();
  EXPECT_NEAR(y(1), 2, 1e-15);
  EXPECT_NEAR(y(0), (7 + 1 + 2) / 3.0, 1e-15);
}

TEST(GaussianBlur, KeepsNanAndInfinityWithinTheRadius) {
  Tensor<double> x = Tensor<double>::zeros({31});
  x.mutable_data()[10] = kNan;
  x.mutable_data()[24] = kInf;
  const auto y = gaussian_blur(x, 1.0).value();
  for (int i = 0; i < 31; ++i) {
    EXPECT_EQ(std::isnan(y(i)), std::abs(i - 10) <= 3) << i;
    EXPECT_EQ(std::isinf(y(i)), std::abs(i - 24) <= 3) << i;
  }
  // Taps that have underflowed to 0 do not make a NaN of an infinity far away.
  const auto far = gaussian_blur(Tensor<double>{0, 0, 0, 0, kInf}, 0.05, {.radius = 4}).value();
  EXPECT_EQ(far(0), 0);
}

TEST(GaussianBlur, HoldsForNoElementsAndForRankZero) {
  const auto none = blur<double>(Tensor<double>::zeros({0, 3}), {1.0, 2.0},
                                 Tensor<double>::zeros({0, 3}), {.border = Border::replicate});
  EXPECT_EQ(to_string(none.y.shape()), "(0, 3)");
  EXPECT_EQ(none.d_sigma(0), 0);
  const auto point = blur<double>(7.0, 1.5, 2.0, {});
  EXPECT_EQ(point.y.item(), 7);
  EXPECT_EQ(point.dx.item(), 2);
  EXPECT_EQ(point.d_sigma.item(), 0);
}

TEST(GaussianBlur, DifferentiatesOnlyWhatIsOnTheTape) {
  Tape<double> tape;
  const auto x = normal({9});
  const auto sigma = tape.variable(1.2);
  const auto g = normal({9}, 2);
  const auto both = blur<double>(x, 1.2, g, {});
  EXPECT_EQ(gradients(gaussian_blur(x, sigma), g)[sigma].item(), both.d_sigma.item());
  const auto vx = tape.variable(x);
  const auto dx = gradients(gaussian_blur(vx, 1.2), g)[vx];
  EXPECT_TRUE(std::equal(dx.begin(), dx.end(), both.dx.begin()));
}

template <class F>
void expect_error(const F& f, const std::string& message) {
  try {
    f();
    FAIL() << "nothing was thrown instead of: " << message;
  } catch (const Error& error) {
    EXPECT_EQ(error.what(), message);
  }
}

TEST(GaussianBlur, RefusesABadSigmaByName) {
  const auto x = normal({4, 5});
  expect_error([&] { gaussian_blur(x, -1.0); },
               "gaussian_blur: sigma must be finite and at least 0, got -1");
  expect_error([&] { gaussian_blur(x, kNan); },
               "gaussian_blur: sigma must be finite and at least 0, got nan");
  expect_error([&] { gaussian_blur(x, kInf); },
               "gaussian_blur: sigma must be finite and at least 0, got inf");
  expect_error(
      [&] { gaussian_blur(x, Tensor<double>{1, 2, 3}); },
      "gaussian_blur: sigma must have rank 0 or an entry for each of the 2 axes, got shape (3,)");
}

TEST(GaussianBlur, RefusesARadiusThatCouldNotBeHeldBeforeAllocatingAnything) {
  const auto x = normal({4});
  const auto before = pool::usage().system_calls;
  expect_error([&] { gaussian_blur(x, 1e18); },
               "gaussian_blur: sigma 1e+18 asks for a radius of 3e+18, past the limit of 2^26");
  EXPECT_THROW(gaussian_blur(x, 1e308), Error);
  expect_error([&] { gaussian_blur(x, 1.0, {.radius = -1}); },
               "gaussian_blur: the radius must be 0 to 2^26, got -1");
  EXPECT_THROW(gaussian_blur(x, 1.0, {.radius = std::numeric_limits<std::int64_t>::max()}), Error);
  EXPECT_EQ(pool::usage().system_calls, before);
}

TEST(GaussianBlur, RefusesBadAxesAndTruncation) {
  const auto x = normal({4, 5});
  expect_error([&] { gaussian_blur(x, 1.0, {.axes = 2}); },
               "gaussian_blur: axis 2 is out of range for rank 2");
  expect_error([&] { gaussian_blur(x, 1.0, {.axes = {0, -2}}); },
               "gaussian_blur: axis -2 is named twice");
  expect_error([&] { gaussian_blur(x, 1.0, {.truncate = 0}); },
               "gaussian_blur: truncate must be finite and above 0, got 0");
  EXPECT_THROW(gaussian_blur(x, 1.0, {.truncate = kNan}), Error);
}

TEST(SigmaFromParam, IsTheSoftMaximumWithoutOverflow) {
  EXPECT_NEAR(sigma_from_param(Tensor<double>(0.0)).item(), 0.33621925887065923,
              1e-16);  // the notebook's first step
  EXPECT_EQ(sigma_from_param(Tensor<double>(1e6)).item(), 1e6 - 3);
  EXPECT_EQ(sigma_from_param(Tensor<double>(-1e6)).item(), 0.3);
  Tape<double> tape;
  const auto s = tape.variable({-1e6, 0.0, 713.0, 1e6});
  const auto d = gradients(sum(sigma_from_param(s)))[s];
  EXPECT_EQ(d(0), 0);
  EXPECT_NEAR(d(1), std::exp(-3.0) / (std::exp(0.3) + std::exp(-3.0)), 1e-16);
  EXPECT_EQ(d(2), 1);
  EXPECT_EQ(d(3), 1);
  EXPECT_EQ(sigma_from_param(Tensor<double>(2.0), 2.0, 0.0).item(), 2 + std::log(2.0));
}

}  // namespace
