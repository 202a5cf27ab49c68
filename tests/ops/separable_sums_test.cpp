// The gradient in σ of large images keeps its digits: float images have it as if they were summed
// in double.

#include <nablur/ops/gaussian_blur.h>

#include <gtest/gtest.h>

#include "separable_helpers.h"

using namespace nablur;
using namespace nablur::separable_test;

namespace {

// A wave as long as 2π σ, of small whole numbers: ∂w/∂σ filters it by a share of Σ|∂w/∂σ| that is
// as large as can be, and by the same share everywhere. Products with a wave of the same phase add
// up, to a sum far above its terms.
Numbers wave(std::int64_t n, double sigma, std::uint32_t seed) {
  const auto jitter = blur_test::normal({n}, seed);
  const double step = sigma == 0 ? 1 : 1 / sigma;
  Numbers numbers;
  for (std::int64_t i = 0; i < n; ++i)
    numbers.push_back(std::round(20 * std::cos(static_cast<double>(i) * step) + jitter(i)));
  return numbers;
}

long double dot(const Numbers& a, const Numbers& b) {
  long double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

// column ⊗ row; products of two small whole numbers are exact in float.
template <class T>
Tensor<T> product(const Numbers& column, const Numbers& row) {
  const auto width = static_cast<std::int64_t>(row.size());
  auto image = Tensor<T>::empty({static_cast<std::int64_t>(column.size()), width});
  T* to = image.mutable_data();
  const std::vector<T> factors(row.begin(), row.end());
  for (const long double c : column) {
    for (std::size_t j = 0; j < row.size(); ++j) to[j] = static_cast<T>(c) * factors[j];
    to += width;
  }
  return image;
}

// What the blur along one axis makes of a wave x, and its adjoint of a wave g.
struct Line {
  Sums y;
  Sums dx;
  long double sum;  // of y g
  long double d_sigma;
  long double sum_scale;
  long double d_sigma_scale;
};
template <class T>
Line line_of(const Numbers& x, const Numbers& g, double sigma, std::int64_t radius, Border border) {
  const reference::Taps t = taps_of<T>(sigma, radius);
  const reference::Lines l{1, static_cast<std::int64_t>(x.size()), 1};
  Line line;
  line.y = {reference::filter(x, l, t.w, border), reference::filter(magnitude(x), l, t.w, border)};
  line.dx = {reference::filter_transposed(g, l, t.w, border),
             reference::filter_transposed(magnitude(g), l, t.w, border)};
  line.sum = dot(line.y.value, g);
  line.sum_scale = dot(line.y.scale, magnitude(g));
  line.d_sigma = dot(reference::filter(x, l, t.h, border), g);
  line.d_sigma_scale =
      dot(reference::filter(magnitude(x), l, magnitude(t.h), border), magnitude(g));
  return line;
}

template <class T>
void expect_product(const Tensor<T>& found, const Sums& column, const Sums& row, double limit,
                    const std::string& what) {
  const T* at = found.data();
  for (std::size_t i = 0; i < column.value.size(); ++i) {
    for (std::size_t j = 0; j < row.value.size(); ++j) {
      const long double wanted = column.value[i] * row.value[j];
      ASSERT_LE(std::fabs(*at++ - wanted), limit * column.scale[i] * row.scale[j])
          << what << ", " << i << ", " << j;
    }
  }
}

// Where image and gradient are outer products of waves, all that a blur gives is made of sums along
// one axis. One σ may be 0.
template <class T>
void expect_accurate(const Shape& shape, const std::vector<double>& sigmas, std::int64_t radius,
                     Border border, double limit) {
  const Case c{shape, {0, 1}, sigmas, radius, border};
  const std::string what = c.name() + ", " + simd_target();
  const Numbers x[] = {wave(shape[0], sigmas[0], 1), wave(shape[1], sigmas[1], 2)};
  const Numbers g[] = {wave(shape[0], sigmas[0], 3), wave(shape[1], sigmas[1], 4)};
  const Blurred<T> found = blur(product<T>(x[0], x[1]), product<T>(g[0], g[1]), c);
  const Line lines[] = {line_of<T>(x[0], g[0], sigmas[0], radius, border),
                        line_of<T>(x[1], g[1], sigmas[1], radius, border)};
  expect_product(found.y, lines[0].y, lines[1].y, limit_of<T>(c), "y of " + what);
  expect_product(found.dx, lines[0].dx, lines[1].dx, limit_of<T>(c), "dx of " + what);
  for (std::size_t k = 0; k < 2; ++k) {
    const long double wanted = lines[k].d_sigma * lines[1 - k].sum;
    const long double scale = lines[k].d_sigma_scale * lines[1 - k].sum_scale;
    EXPECT_TRUE(sigmas[k] == 0 || std::fabs(wanted) > 0.1L * scale)
        << "no cancellation may hide what is lost: " << what;
    EXPECT_LE(std::fabs(found.d_sigma.data()[k] - wanted), limit * scale)
        << "axis " << k << " of " << what;
  }
}

template <class T>
class SumsOfSigma : public testing::Test {
 protected:
  static constexpr double kLimit = sizeof(T) == sizeof(float) ? 1e-6 : 1e-13;
};
TYPED_TEST_SUITE(SumsOfSigma, Scalars, ScalarNames);

TYPED_TEST(SumsOfSigma, AreAccurateForAnImageOf4096By4096) {
  expect_accurate<TypeParam>({4096, 4096}, {3, 3.6}, 9, Border::mirror, this->kLimit);
}

TYPED_TEST(SumsOfSigma, AreAccurateOnEveryTargetAndForEveryBorder) {
  for (const std::string& target : simd_targets()) {
    const TargetGuard guard(target);
    for (const Border border : kBorders)
      expect_accurate<TypeParam>({413, 1021}, {3, 3.6}, 9, border, this->kLimit);
    expect_accurate<TypeParam>({1021, 413}, {20, 24}, 60, Border::symmetric, this->kLimit);
  }
}

// More than the caches hold is written past them, which asks for whole vectors; these rows begin
// anywhere, or nearly so.
TYPED_TEST(SumsOfSigma, AreAccurateForLargeImagesOffEveryMultipleOfAVector) {
  for (const std::string& target : simd_targets()) {
    const TargetGuard guard(target);
    for (const std::vector<double>& sigmas : {std::vector<double>{2, 1.6}, {2, 0}, {0, 2}}) {
      expect_accurate<TypeParam>({1501, 1499}, sigmas, 5, Border::replicate, this->kLimit);
    }
    expect_accurate<TypeParam>({401, 5241}, {2, 0}, 5, Border::mirror,
                               this->kLimit);  // rows in two parts
    expect_accurate<TypeParam>({1043, 2056}, {2, 1.6}, 5, Border::circular, this->kLimit);
    expect_accurate<TypeParam>({521, 1024}, {2, 1.6}, 5, Border::symmetric,
                               this->kLimit);  // rows 4 KiB or twice that apart
  }
}

// A line of a million samples, and a million short ones, in one sum.
TYPED_TEST(SumsOfSigma, AreAccurateForLongLinesAndForManyShortOnes) {
  using T = TypeParam;
  constexpr std::int64_t kMany = 1 << 20;
  const double sigma = 2;
  const Numbers x = wave(kMany, sigma, 1);
  const Numbers g = wave(kMany, sigma, 2);
  const reference::Taps t = taps_of<T>(sigma, 6);
  const std::vector<T> line_x(x.begin(), x.end());
  const std::vector<T> line_g(g.begin(), g.end());
  for (const std::int64_t n : {kMany, std::int64_t{16}}) {
    const Case c{{kMany / n, n}, {1}, {sigma}, 6, Border::replicate};
    const reference::Lines lines{kMany / n, n, 1};
    const long double wanted = dot(reference::filter(x, lines, t.h, c.border), g);
    const long double scale =
        dot(reference::filter(magnitude(x), lines, magnitude(t.h), c.border), magnitude(g));
    for (const std::string& target : simd_targets()) {
      const TargetGuard guard(target);
      const Blurred<T> found = blur(Tensor<T>(c.shape, std::span<const T>(line_x)),
                                    Tensor<T>(c.shape, std::span<const T>(line_g)), c);
      EXPECT_LE(std::fabs(found.d_sigma(0) - wanted), this->kLimit * scale)
          << c.name() << ", " << target;
    }
  }
}

// The sums of a hundred thousand images in one. White noise is made smaller by every blur: no term
// cancels another.
TYPED_TEST(SumsOfSigma, AreAccurateForABatchOfManySmallImages) {
  using T = TypeParam;
  const Case c{{1 << 17, 2, 4}, {1, 2}, {0.7, 0.8}, 2, Border::zero};
  const auto x = noise<T>(c.shape, 1);
  const Sums want = expected(x, x, c).d_sigma;
  for (const std::string& target : simd_targets()) {
    const TargetGuard guard(target);
    const auto d_sigma = blur(x, x, c).d_sigma;
    for (std::size_t k = 0; k < 2; ++k) {
      EXPECT_LE(std::fabs(d_sigma.data()[k] - want.value[k]), this->kLimit * want.scale[k])
          << c.name() << ", " << target;
    }
  }
}

}  // namespace
