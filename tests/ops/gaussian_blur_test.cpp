// The blur inside its range: the definition, the properties of a blur, the other derivations of its
// gradient.

#include <nablur/ops/gaussian_blur.h>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "blur_helpers.h"

using namespace nablur;
using namespace nablur::blur_test;

namespace {

// Value, dx and each dσ of a blur along `axes` against the definition.
void expect_definition(const Shape& shape, const std::vector<std::int64_t>& axes,
                       const std::vector<double>& sigmas, std::int64_t radius, Border border) {
  const std::string what =
      to_string(shape) + " R " + std::to_string(radius) + " " + to_string(border);
  const auto x = normal(shape, 1);
  const auto g = normal(shape, 2);
  const Tensor<double> sigma(Shape{static_cast<std::int64_t>(sigmas.size())},
                             std::span<const double>(sigmas));
  const Axes chosen{std::span<const std::int64_t>(axes)};
  const Blurred<double> found =
      blur(x, sigma, g, {.axes = chosen, .radius = radius, .border = border});

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
    EXPECT_LE(std::fabs(found.d_sigma.data()[k] - sum), kUlps * sum_scale)
        << "dsigma " << k << " of " << what;
  }
}

TEST(GaussianBlur, AgreesWithItsDefinitionForEveryBorderLengthAndRadius) {
  for (const Border border : kBorders) {
    for (const std::int64_t n : {1, 2, 3, 7, 40}) {
      for (const std::int64_t radius : {0, 1, 2, 9, 50, 100})
        expect_definition({n}, {0}, {2.5}, radius, border);
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
  const auto sizes =
      *rc::gen::container<std::vector<std::int64_t>>(rank, rc::gen::inRange<std::int64_t>(1, 9));
  const auto axis = *rc::gen::inRange<std::int64_t>(0, static_cast<std::int64_t>(rank));
  const auto radius = *rc::gen::inRange<std::int64_t>(0, 20);
  const double sigma = *rc::gen::inRange(30, 900) / 100.0;
  const Border border =
      *rc::gen::elementOf(std::vector<Border>(std::begin(kBorders), std::end(kBorders)));
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
    const auto found = blur<double>(x, sigma, g, {.radius = radius, .border = border});
    RC_ASSERT(std::abs(dot(found.y, g) - dot(found.dx, x)) <=
              1e-13 * (1 + static_cast<double>(m * n)));
  }
}

TEST(GaussianBlur, IsLinearInTheImage) {
  const auto a = normal({7, 8}, 1);
  const auto b = normal({7, 8}, 2);
  for (const Border border : kBorders) {
    const auto f = [border](const Tensor<double>& x) {
      return gaussian_blur(x, 1.7, {.border = border}).value();
    };
    const auto together = f(2.0 * a + b * 3.0);
    const auto apart = 2.0 * f(a) + 3.0 * f(b);
    for (std::int64_t i = 0; i < a.size(); ++i)
      EXPECT_NEAR(together.data()[i], apart.data()[i], 1e-14);
  }
}

TEST(GaussianBlur, LeavesAConstantUnchangedWhereTheBorderDoes) {
  const auto ones = Tensor<double>::ones({5, 9});
  for (const Border border :
       {Border::replicate, Border::symmetric, Border::mirror, Border::circular}) {
    for (const double y : gaussian_blur(ones, 2.0, {.border = border}).value())
      EXPECT_NEAR(y, 1, 4e-15) << to_string(border);
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
                 x(reference::sample_at(r + i, 8, Border::mirror),
                   reference::sample_at(c + j, 7, Border::mirror));
        }
      }
      EXPECT_NEAR(y(r, c), static_cast<double>(sum), 1e-15);
    }
  }
}

TEST(GaussianBlur, DoesNotDependOnTheOrderOfTheAxes) {
  const auto x = normal({6, 9});
  const auto g = normal({6, 9}, 2);
  const auto a = blur<double>(x, {1.2, 2.1}, g, {.axes = {0, 1}});
  const auto b = blur<double>(x, {2.1, 1.2}, g, {.axes = {-1, 0}});
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
  const auto shared = blur<double>(x, 1.1, g, options);
  const auto apart = blur<double>(x, {1.1, 1.1, 1.1}, g, options);
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
      EXPECT_LE(std::fabs(taps.dw_dsigma.data()[i] - exact.h[i]), 1e-15L * greatest)
          << "sigma " << sigma << ", tap " << i;
      EXPECT_LE(std::fabs(taps.w.data()[i] - exact.w[i]),
                1e-15L * exact.w[static_cast<std::size_t>(radius)]);
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

TEST(GaussianTaps, TakeAWholeSigmaAsADouble) {
  const GaussianTaps<double> whole = gaussian_taps(3, 9);
  const GaussianTaps<double> real = gaussian_taps(3.0, 9);
  for (std::int64_t i = 0; i < 19; ++i) {
    EXPECT_EQ(whole.w(i), real.w(i));
    EXPECT_EQ(whole.dw_dsigma(i), real.dw_dsigma(i));
  }
  EXPECT_THROW(static_cast<void>(gaussian_taps(-3, 9)), Error);
}

TEST(GaussianRadius, IsTheNotebooksRule) {
  EXPECT_EQ(gaussian_radius(0.0), 1);
  EXPECT_EQ(gaussian_radius(0.2), 1);
  EXPECT_EQ(gaussian_radius(0.34), 2);
  EXPECT_EQ(gaussian_radius(3.0), 9);
  EXPECT_EQ(gaussian_radius(std::nextafter(3.0, 4.0)), 10);
  EXPECT_EQ(gaussian_radius(3.0, 2), 6);
}

}  // namespace
