#include <nablur/ops/gaussian_blur.h>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <limits>

#include <nablur/nablur.h>

#include "../reference_blur.h"

using namespace nablur;

namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr Border kBorders[] = {Border::zero, Border::replicate, Border::symmetric, Border::mirror, Border::circular};
constexpr double kUlps = 1e-13;  // of Σ|w||x|: what the contract allows in double

Tensor<double> normal(const Shape& shape, std::uint32_t seed = 1) {
  Random random(seed);
  return Tensor<double>::normal(shape, random);
}

reference::Numbers widen(const Tensor<double>& x) { return {x.begin(), x.end()}; }

reference::Numbers magnitude(reference::Numbers x) {
  for (auto& v : x) v = std::fabs(v);
  return x;
}

reference::Lines lines_of(const Shape& shape, std::int64_t axis) {
  reference::Lines l{1, shape[axis], 1};
  for (std::int64_t i = 0; i < shape.rank(); ++i) (i < axis ? l.outer : l.inner) *= i == axis ? 1 : shape[i];
  return l;
}

double dot(const Tensor<double>& a, const Tensor<double>& b) {
  long double s = 0;
  for (std::int64_t i = 0; i < a.size(); ++i) s += static_cast<long double>(a.data()[i]) * b.data()[i];
  return static_cast<double>(s);
}

struct Blurred {
  Tensor<double> y;
  Tensor<double> dx;
  Tensor<double> d_sigma;
};

Blurred blur(const Tensor<double>& x, const Tensor<double>& sigma, const Tensor<double>& g, const GaussianBlurOptions& options) {
  Tape<double> tape;
  const auto vx = tape.variable(x);
  const auto vs = tape.variable(sigma);
  const auto y = gaussian_blur(vx, vs, options);
  const auto d = gradients(y, g);
  return {y.value(), d[vx], d[vs]};
}

void expect_near(const Tensor<double>& a, const reference::Numbers& b, const reference::Numbers& scale, const std::string& what) {
  ASSERT_EQ(a.size(), static_cast<std::int64_t>(b.size()));
  for (std::size_t i = 0; i < b.size(); ++i) {
    EXPECT_LE(std::fabs(static_cast<long double>(a.data()[i]) - b[i]), kUlps * scale[i]) << what << ", element " << i;
  }
}

// Value, dx and each dσ of a blur along `axes` against the definition.
void expect_definition(const Shape& shape, const std::vector<std::int64_t>& axes, const std::vector<double>& sigmas,
                       std::int64_t radius, Border border) {
  const std::string what = to_string(shape) + " R " + std::to_string(radius) + " " + to_string(border);
  const auto x = normal(shape, 1);
  const auto g = normal(shape, 2);
  const Tensor<double> sigma(Shape{static_cast<std::int64_t>(sigmas.size())}, std::span<const double>(sigmas));
  const Axes chosen{std::span<const std::int64_t>(axes)};
  const Blurred found = blur(x, sigma, g, {.axes = chosen, .radius = radius, .border = border});

  auto y = widen(x);
  auto y_scale = magnitude(y);
  auto dx = widen(g);
  auto dx_scale = magnitude(dx);
  std::vector<reference::Taps> taps;
  for (std::size_t k = 0; k < axes.size(); ++k) {
    taps.push_back(reference::taps(sigmas[k], radius));
    const auto l = lines_of(shape, axes[k]);
    y = reference::filter(y, l, taps[k].w, border);
    y_scale = reference::filter(y_scale, l, taps[k].w, border);
    dx = reference::filter_transposed(dx, l, taps[k].w, border);
    dx_scale = reference::filter_transposed(dx_scale, l, taps[k].w, border);
  }
  expect_near(found.y, y, y_scale, "y of " + what);
  expect_near(found.dx, dx, dx_scale, "dx of " + what);
  for (std::size_t k = 0; k < axes.size(); ++k) {  // ∂y/∂σ_k forward, then its product with g
    auto dy = widen(x);
    auto scale = magnitude(dy);
    for (std::size_t j = 0; j < axes.size(); ++j) {
      const auto& t = j == k ? taps[j].h : taps[j].w;
      dy = reference::filter(dy, lines_of(shape, axes[j]), t, border);
      scale = reference::filter(scale, lines_of(shape, axes[j]), magnitude(t), border);
    }
    long double sum = 0;
    long double sum_scale = 0;
    for (std::size_t i = 0; i < dy.size(); ++i) {
      sum += dy[i] * g.data()[i];
      sum_scale += scale[i] * std::fabs(g.data()[i]);
    }
    EXPECT_LE(std::fabs(found.d_sigma.data()[k] - sum), kUlps * sum_scale) << "dsigma " << k << " of " << what;
  }
}

TEST(GaussianBlur, AgreesWithItsDefinitionForEveryBorderLengthAndRadius) {
  for (const Border border : kBorders) {
    for (const std::int64_t n : {1, 2, 3, 7, 40}) {
      for (const std::int64_t radius : {0, 1, 2, 9, 50, 100}) expect_definition({n}, {0}, {2.5}, radius, border);
    }
  }
}

TEST(GaussianBlur, AgreesWithItsDefinitionInAnyRankAlongAnyAxes) {
  for (const Border border : kBorders) {
    expect_definition({9, 6}, {0, 1}, {1.2, 0.6}, 4, border);
    expect_definition({9, 6}, {1, 0}, {1.2, 0.6}, 4, border);
    expect_definition({4, 5, 6}, {0, 1, 2}, {1.2, 0.6, 2.0}, 7, border);
    expect_definition({3, 4, 1, 5}, {1}, {3.0}, 9, border);
    expect_definition({2, 3, 4, 2, 3}, {4, 1}, {0.8, 1.1}, 3, border);
  }
}

RC_GTEST_PROP(GaussianBlurProperty, AgreesWithItsDefinition, ()) {
  const auto rank = *rc::gen::inRange<std::size_t>(1, 4);
  const auto sizes = *rc::gen::container<std::vector<std::int64_t>>(rank, rc::gen::inRange<std::int64_t>(1, 9));
  const auto axis = *rc::gen::inRange<std::int64_t>(0, static_cast<std::int64_t>(rank));
  const auto radius = *rc::gen::inRange<std::int64_t>(0, 20);
  const double sigma = *rc::gen::inRange(30, 900) / 100.0;
  const Border border = *rc::gen::elementOf(std::vector<Border>(std::begin(kBorders), std::end(kBorders)));
  expect_definition(Shape(std::span<const std::int64_t>(sizes)), {axis}, {sigma}, radius, border);
  RC_ASSERT(!testing::Test::HasFailure());
}

RC_GTEST_PROP(GaussianBlurProperty, PullbackIsTheAdjointOfTheBlur, ()) {
  const auto m = *rc::gen::inRange<std::int64_t>(1, 12);
  const auto n = *rc::gen::inRange<std::int64_t>(1, 12);
  const auto radius = *rc::gen::inRange<std::int64_t>(0, 30);
  const double sigma = *rc::gen::inRange(30, 900) / 100.0;
  for (const Border border : kBorders) {
    const auto x = normal({m, n}, 1);
    const auto g = normal({m, n}, 2);
    const auto found = blur(x, sigma, g, {.radius = radius, .border = border});
    RC_ASSERT(std::abs(dot(found.y, g) - dot(found.dx, x)) <= 1e-13 * (1 + static_cast<double>(m * n)));
  }
}

TEST(GaussianBlur, IsLinearInTheImage) {
  const auto a = normal({7, 8}, 1);
  const auto b = normal({7, 8}, 2);
  for (const Border border : kBorders) {
    const auto f = [border](const Tensor<double>& x) { return gaussian_blur(x, 1.7, {.border = border}).value(); };
    const auto together = f(2.0 * a + b * 3.0);
    const auto apart = 2.0 * f(a) + 3.0 * f(b);
    for (std::int64_t i = 0; i < a.size(); ++i) EXPECT_NEAR(together.data()[i], apart.data()[i], 1e-14);
  }
}

TEST(GaussianBlur, LeavesAConstantUnchangedWhereTheBorderDoes) {
  const auto ones = Tensor<double>::ones({5, 9});
  for (const Border border : {Border::replicate, Border::symmetric, Border::mirror, Border::circular}) {
    for (const double y : gaussian_blur(ones, 2.0, {.border = border}).value()) EXPECT_NEAR(y, 1, 4e-15) << to_string(border);
  }
  const auto y = gaussian_blur(Tensor<double>::ones({41}), 2.0).value();
  EXPECT_NEAR(y(20), 1, 1e-15);
  EXPECT_LT(y(0), 0.7);  // half of the kernel lies over zeros
}

TEST(GaussianBlur, KeepsTheSymmetryOfItsInput) {
  const auto half = normal({6});
  auto x = Tensor<double>::empty({12});
  for (int i = 0; i < 6; ++i) x.mutable_data()[i] = x.mutable_data()[11 - i] = half(i);
  for (const Border border : kBorders) {
    const auto y = gaussian_blur(x, 1.4, {.border = border}).value();
    for (int i = 0; i < 6; ++i) EXPECT_NEAR(y(i), y(11 - i), 1e-15) << to_string(border);
  }
}

TEST(GaussianBlur, SmoothsTwiceAsOnceWithTheRootOfTheSumOfSquares) {
  // The sampled Gaussian has this property of the true one up to e^(−2π²σ²), and truncation at 8 σ.
  const auto x = normal({200});
  const GaussianBlurOptions options{.truncate = 8, .border = Border::circular};
  const auto twice = gaussian_blur(gaussian_blur(x, 3.0, options), 4.0, options).value();
  const auto once = gaussian_blur(x, 5.0, options).value();
  for (int i = 0; i < 200; ++i) EXPECT_NEAR(twice(i), once(i), 1e-13);
}

TEST(GaussianBlur, SeparableEqualsDense) {
  const auto x = normal({8, 7});
  const auto w = reference::taps(1.3, 4).w;
  const auto y = gaussian_blur(x, 1.3, {.radius = 4, .border = Border::mirror}).value();
  for (int r = 0; r < 8; ++r) {
    for (int c = 0; c < 7; ++c) {
      long double sum = 0;
      for (int i = -4; i <= 4; ++i) {
        for (int j = -4; j <= 4; ++j) {
          sum += w[static_cast<std::size_t>(i + 4)] * w[static_cast<std::size_t>(j + 4)] *
                 x(reference::sample_at(r + i, 8, Border::mirror), reference::sample_at(c + j, 7, Border::mirror));
        }
      }
      EXPECT_NEAR(y(r, c), static_cast<double>(sum), 1e-15);
    }
  }
}

TEST(GaussianBlur, DoesNotDependOnTheOrderOfTheAxes) {
  const auto x = normal({6, 9});
  const auto g = normal({6, 9}, 2);
  const auto a = blur(x, {1.2, 2.1}, g, {.axes = {0, 1}});
  const auto b = blur(x, {2.1, 1.2}, g, {.axes = {-1, 0}});
  for (std::int64_t i = 0; i < x.size(); ++i) {
    EXPECT_NEAR(a.y.data()[i], b.y.data()[i], 1e-15);
    EXPECT_NEAR(a.dx.data()[i], b.dx.data()[i], 1e-15);
  }
  EXPECT_NEAR(a.d_sigma(0), b.d_sigma(1), 1e-13);
  EXPECT_NEAR(a.d_sigma(1), b.d_sigma(0), 1e-13);
}

TEST(GaussianBlur, GivesOneSigmaTheSumOfTheAxesGradients) {
  const auto x = normal({5, 4, 3});
  const auto g = normal({5, 4, 3}, 2);
  const GaussianBlurOptions options{.radius = 4, .border = Border::replicate};
  const auto shared = blur(x, 1.1, g, options);
  const auto apart = blur(x, {1.1, 1.1, 1.1}, g, options);
  EXPECT_EQ(shared.d_sigma.rank(), 0);
  EXPECT_NEAR(shared.d_sigma.item(), apart.d_sigma(0) + apart.d_sigma(1) + apart.d_sigma(2), 1e-13);
}

TEST(GaussianBlur, EqualsTheConvolutionComposedOnTheTapeInValueAndGradients) {
  for (const Border border : kBorders) {
    Tape<double> tape;
    const auto x = tape.variable(normal({5, 12}));
    const auto sigma = tape.variable(1.8);
    const auto seed = normal({5, 12}, 3);
    const auto by_hand = gaussian_blur(x, sigma, {.axes = -1, .border = border});
    const auto composed = convolve(x, gaussian_kernel(sigma), -1, border);
    const auto a = gradients(by_hand, seed);
    const auto b = gradients(composed, seed);
    for (std::int64_t i = 0; i < x.size(); ++i) {
      EXPECT_NEAR(by_hand.value().data()[i], composed.value().data()[i], 1e-14);
      EXPECT_NEAR(a[x].data()[i], b[x].data()[i], 1e-14);
    }
    EXPECT_NEAR(a[sigma].item(), b[sigma].item(), 1e-12);
  }
}

TEST(GaussianTaps, DerivativeEqualsTheNotebooksQuotientRule) {
  for (const double sigma : {0.31, 0.5, 2.0 / 3, 1.0, 1.7, 3.0, 7.25, 20.0, 100.0}) {
    const std::int64_t radius = gaussian_radius(sigma);
    const auto taps = gaussian_taps(sigma, radius);
    const auto exact = reference::taps(sigma, radius);
    long double greatest = 0;
    for (const auto h : exact.h) greatest = std::max(greatest, std::fabs(h));
    for (std::size_t i = 0; i < exact.h.size(); ++i) {
      EXPECT_LE(std::fabs(taps.dw_dsigma.data()[i] - exact.h[i]), 1e-15L * greatest) << "sigma " << sigma << ", tap " << i;
      EXPECT_LE(std::fabs(taps.w.data()[i] - exact.w[i]), 1e-15L * exact.w[static_cast<std::size_t>(radius)]);
    }
  }
}

TEST(GaussianTaps, SumToOneAndTheirDerivativesToZero) {
  for (const double sigma : {0.3, 1.0, 5.0, 1e160}) {
    const auto taps = gaussian_taps(sigma, 12);
    EXPECT_NEAR(sum(taps.w).item(), 1, 1e-15);
    EXPECT_NEAR(sum(taps.dw_dsigma).item(), 0, 1e-15);
  }
}

TEST(GaussianRadius, IsTheNotebooksRule) {
  EXPECT_EQ(gaussian_radius(0.0), 1);
  EXPECT_EQ(gaussian_radius(0.2), 1);
  EXPECT_EQ(gaussian_radius(0.34), 2);
  EXPECT_EQ(gaussian_radius(3.0), 9);
  EXPECT_EQ(gaussian_radius(std::nextafter(3.0, 4.0)), 10);
  EXPECT_EQ(gaussian_radius(3.0, 2), 6);
}

// ---- the ends of the range ------------------------------------------------------------------------------------------

TEST(GaussianBlur, IsTheIdentityWithZeroDerivativesAtSigmaZero) {
  const auto x = normal({4, 5});
  for (const Border border : kBorders) {
    const auto found = blur(x, 0.0, normal({4, 5}, 2), {.border = border});
    EXPECT_TRUE(std::equal(x.begin(), x.end(), found.y.begin()));
    EXPECT_EQ(found.d_sigma.item(), 0);
  }
  const auto one_axis = blur(x, {0.0, 1.0}, normal({4, 5}, 2), {});
  EXPECT_EQ(one_axis.d_sigma(0), 0);
  EXPECT_NE(one_axis.d_sigma(1), 0);
}

TEST(GaussianBlur, HasFiniteValueGradientAndHessianProductForEveryFiniteSigma) {
  const auto x = normal({6, 5});
  const auto f = [](const auto& image, const auto& s) {
    return sum(square(gaussian_blur(image, s, {.radius = 3, .border = Border::symmetric})));
  };
  for (const double sigma :
       {0.0, 5e-324, 1e-310, 1e-200, 1e-110, 1e-10, 0.0259, 0.026, 0.03, 0.1, 1.0, 1e5, 1e110, 1e160, 1.7e308}) {
    const auto d = vjp(f, {x, Tensor<double>(sigma)}, 1.0);
    const auto h = hvp(f, {x, Tensor<double>(sigma)}, {normal({6, 5}, 2), Tensor<double>(1.0)});
    for (const auto& t : {d[0], d[1], h[0], h[1]}) {
      for (const double v : t) EXPECT_TRUE(std::isfinite(v)) << "sigma " << sigma;
    }
    const auto narrow = hvp(f, {x.cast<float>(), Tensor<float>(static_cast<float>(std::min(sigma, 1e38)))},
                            {normal({6, 5}, 2).cast<float>(), Tensor<float>(1.0f)});
    for (const float v : narrow[1]) EXPECT_TRUE(std::isfinite(v)) << "sigma " << sigma;
  }
}

TEST(GaussianBlur, IsTheMeanOverTheWindowForAHugeSigma) {
  const auto y = gaussian_blur(Tensor<double>{1, 2, 3, 4, 5, 6, 7}, 1e160, {.radius = 1, .border = Border::circular}).value();
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
  const auto none = blur(Tensor<double>::zeros({0, 3}), {1.0, 2.0}, Tensor<double>::zeros({0, 3}), {.border = Border::replicate});
  EXPECT_EQ(to_string(none.y.shape()), "(0, 3)");
  EXPECT_EQ(none.d_sigma(0), 0);
  const auto point = blur(7.0, 1.5, 2.0, {});
  EXPECT_EQ(point.y.item(), 7);
  EXPECT_EQ(point.dx.item(), 2);
  EXPECT_EQ(point.d_sigma.item(), 0);
}

TEST(GaussianBlur, DifferentiatesOnlyWhatIsOnTheTape) {
  Tape<double> tape;
  const auto x = normal({9});
  const auto sigma = tape.variable(1.2);
  const auto g = normal({9}, 2);
  const auto both = blur(x, 1.2, g, {});
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
  expect_error([&] { gaussian_blur(x, -1.0); }, "gaussian_blur: sigma must be finite and at least 0, got -1");
  expect_error([&] { gaussian_blur(x, kNan); }, "gaussian_blur: sigma must be finite and at least 0, got nan");
  expect_error([&] { gaussian_blur(x, kInf); }, "gaussian_blur: sigma must be finite and at least 0, got inf");
  expect_error(
      [&] {
        gaussian_blur(x, Tensor<double>{1, 2, 3});
      },
      "gaussian_blur: sigma must have rank 0 or an entry for each of the 2 axes, got shape (3,)");
}

TEST(GaussianBlur, RefusesARadiusThatCouldNotBeHeldBeforeAllocatingAnything) {
  const auto x = normal({4});
  const auto before = pool::usage().system_calls;
  expect_error([&] { gaussian_blur(x, 1e18); },
               "gaussian_radius: sigma 1e+18 asks for a radius of 3e+18, past the limit of 2^26");
  EXPECT_THROW(gaussian_blur(x, 1e308), Error);
  expect_error([&] { gaussian_blur(x, 1.0, {.radius = -1}); }, "gaussian_blur: the radius must be 0 to 2^26, got -1");
  EXPECT_THROW(gaussian_blur(x, 1.0, {.radius = std::numeric_limits<std::int64_t>::max()}), Error);
  EXPECT_EQ(pool::usage().system_calls, before);
}

TEST(GaussianBlur, RefusesBadAxesAndTruncation) {
  const auto x = normal({4, 5});
  expect_error([&] { gaussian_blur(x, 1.0, {.axes = 2}); }, "gaussian_blur: axis 2 is out of range for rank 2");
  expect_error([&] { gaussian_blur(x, 1.0, {.axes = {0, -2}}); }, "gaussian_blur: axis -2 is named twice");
  expect_error([&] { gaussian_blur(x, 1.0, {.truncate = 0}); }, "gaussian_radius: truncate must be finite and above 0, got 0");
  EXPECT_THROW(gaussian_blur(x, 1.0, {.truncate = kNan}), Error);
}

TEST(SigmaFromParam, IsTheSoftMaximumWithoutOverflow) {
  EXPECT_NEAR(sigma_from_param(Tensor<double>(0.0)).item(), 0.33621925887065923, 1e-16);  // the notebook's first step
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
