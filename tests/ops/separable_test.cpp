// Properties of the blur that hold whatever way its work is cut into strips, tiles and lines, on
// every instruction set.

#include <nablur/ops/gaussian_blur.h>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "separable_helpers.h"

using namespace nablur;
using namespace nablur::separable_test;

namespace {

Case any_case() {
  constexpr std::int64_t kMost[] = {0, 600, 90, 22, 9};  // of an axis, by rank
  const auto rank = *rc::gen::inRange<std::size_t>(1, 5);
  const auto sizes = *rc::gen::container<std::vector<std::int64_t>>(
      rank, rc::gen::inRange<std::int64_t>(1, kMost[rank] + 1));
  Case c{Shape(std::span<const std::int64_t>(sizes)),
         {},
         {},
         *rc::gen::inRange<std::int64_t>(0, 40),
         {}};
  const auto subset = *rc::gen::inRange<std::uint32_t>(1, 1U << rank);
  for (std::size_t axis = 0; axis < rank; ++axis) {
    if ((subset >> axis & 1U) != 0) c.axes.push_back(static_cast<std::int64_t>(axis));
  }
  c.sigmas = *rc::gen::container<std::vector<double>>(
      c.axes.size(),
      rc::gen::map(rc::gen::inRange(30, 900), [](int percent) { return percent / 100.0; }));
  c.border = *rc::gen::elementOf(std::vector<Border>(std::begin(kBorders), std::end(kBorders)));
  return c;
}

RC_GTEST_PROP(SeparableProperty, KeepsTheDefinition, ()) {
  const Case c = any_case();
  expect_definition<float>(c);
  expect_definition<double>(c);
  RC_ASSERT(!testing::Test::HasFailure());
}

// ⟨blur x, g⟩ = ⟨x, dx(g)⟩
template <class T>
void expect_adjoint(const Case& c) {
  const auto x = noise<T>(c.shape, 1);
  const auto g = noise<T>(c.shape, 2);
  for (const std::string& target : simd_targets()) {
    const TargetGuard guard(target);
    const Blurred<T> found = blur(x, g, c);
    const double scale = dot(blur(absolute(x), g, c).y, absolute(g));
    EXPECT_LE(std::abs(dot(found.y, g) - dot(found.dx, x)), 2 * limit_of<T>(c) * scale)
        << c.name() << ", " << target;
  }
}

RC_GTEST_PROP(SeparableProperty, HasTheAdjointForItsPullback, ()) {
  const Case c = any_case();
  expect_adjoint<float>(c);
  expect_adjoint<double>(c);
  RC_ASSERT(!testing::Test::HasFailure());
}

template <class T>
void expect_linear(const Case& c) {
  const auto a = noise<T>(c.shape, 1);
  const auto b = noise<T>(c.shape, 2);
  for (const std::string& target : simd_targets()) {
    const TargetGuard guard(target);
    const auto of = [&c](const Tensor<T>& x) {
      return gaussian_blur(x, c.template sigma<T>(), c.options()).value();
    };
    EXPECT_TRUE(same_bits(of(T(-4) * a), T(-4) * of(a))) << c.name() << ", " << target;
    const Tensor<T> together = of(a + b);
    const Tensor<T> apart = of(a) + of(b);
    const Tensor<T> scale = of(absolute(a)) + of(absolute(b));
    for (std::int64_t i = 0; i < a.size(); ++i) {
      ASSERT_LE(std::abs(double{together.data()[i]} - double{apart.data()[i]}),
                3 * limit_of<T>(c) * double{scale.data()[i]})
          << c.name() << ", " << target << ", element " << i;
    }
  }
}

RC_GTEST_PROP(SeparableProperty, IsLinear, ()) {
  const Case c = any_case();
  expect_linear<float>(c);
  expect_linear<double>(c);
  RC_ASSERT(!testing::Test::HasFailure());
}

// t with every element taken from the place that from(its own place) names.
template <class T, class From>
Tensor<T> gathered(const Tensor<T>& t, const From& from) {
  auto out = Tensor<T>::empty(t.shape());
  for (std::int64_t i = 0; i < t.size(); ++i) out.mutable_data()[i] = t.data()[from(i)];
  return out;
}

template <class T>
Tensor<T> flipped(const Tensor<T>& t, std::int64_t axis) {
  const reference::Lines l = lines_of(t.shape(), axis);
  return gathered(t, [&l](std::int64_t i) {
    const std::int64_t k = i / l.inner % l.n;
    return i + (l.n - 1 - 2 * k) * l.inner;
  });
}

// Both sides of a pair are added first, so that nothing is rounded otherwise: not even the last bit
// changes.
template <class T>
void expect_flips(const Case& c) {
  const auto x = noise<T>(c.shape, 1);
  const auto g = noise<T>(c.shape, 2);
  for (const std::string& target : simd_targets()) {
    const TargetGuard guard(target);
    const Blurred<T> found = blur(x, g, c);
    for (std::int64_t axis = 0; axis < c.shape.rank(); ++axis) {
      const Blurred<T> flip = blur(flipped(x, axis), flipped(g, axis), c);
      EXPECT_TRUE(same_bits(flip.y, flipped(found.y, axis)))
          << c.name() << ", axis " << axis << ", " << target;
      EXPECT_TRUE(same_bits(flip.dx, flipped(found.dx, axis)))
          << c.name() << ", axis " << axis << ", " << target;
    }
  }
}

RC_GTEST_PROP(SeparableProperty, FlipsWithTheImageToTheLastBit, ()) {
  const Case c = any_case();
  expect_flips<float>(c);
  expect_flips<double>(c);
  RC_ASSERT(!testing::Test::HasFailure());
}

template <class T>
class Separable : public testing::Test {};
TYPED_TEST_SUITE(Separable, Scalars, ScalarNames);

TYPED_TEST(Separable, KeepsAConstantWhereTheBorderDoes) {
  using T = TypeParam;
  const Case cases[] = {{{170, 37}, {0, 1}, {3}, 9, {}, true},
                        {{37, 250}, {0, 1}, {3}, 9, {}, true},
                        {{3, 4200}, {1}, {3}, 9, {}, true},
                        {{45, 19, 3}, {0}, {3}, 9, {}, true},
                        {{33, 40, 29}, {0, 1, 2}, {3}, 9, {}, true}};
  constexpr T kConstant = T(1.7);
  for (Case c : cases) {
    const auto x = Tensor<T>::full(c.shape, kConstant);
    // The taps' own sum is off by a few roundings too.
    const double limit =
        (limit_of<T>(c) + 2 * kEpsilon<T> * static_cast<double>(c.axes.size())) * double{kConstant};
    for (const Border border : kBorders) {
      c.border = border;
      for (const std::string& target : simd_targets()) {
        const TargetGuard guard(target);
        const auto y = gaussian_blur(x, c.template sigma<T>(), c.options()).value();
        std::int64_t kept = 0;
        for (std::int64_t i = 0; i < y.size(); ++i) {
          const bool inside = std::all_of(c.axes.begin(), c.axes.end(), [&](std::int64_t axis) {
            const reference::Lines l = lines_of(c.shape, axis);
            const std::int64_t k = i / l.inner % l.n;
            return k >= *c.radius && k < l.n - *c.radius;
          });
          if (border == Border::zero && !inside) {
            ASSERT_LT(y.data()[i], kConstant * T(0.999))
                << c.name() << ", " << target << ", element " << i;
          } else {
            ASSERT_LE(std::abs(double{y.data()[i]} - double{kConstant}), limit)
                << c.name() << ", " << target << ", element " << i;
            ++kept;
          }
        }
        EXPECT_GT(kept, 0) << c.name();
      }
    }
  }
}

// A patch in a field of zeros, moved over the borders of strips, tiles and vectors.
TYPED_TEST(Separable, MovesWithTheImageToTheLastBit) {
  using T = TypeParam;
  constexpr std::int64_t kHeight = 190, kWidth = 330, kRadius = 6;
  constexpr std::int64_t kRows = 13, kColumns = 11;
  const auto patch = noise<T>({kRows, kColumns}, 1);
  const auto place = [&](std::int64_t row, std::int64_t column, std::int64_t i, std::int64_t j) {
    return (row + i) * kWidth + column + j;
  };
  const auto field = [&](std::int64_t row, std::int64_t column) {
    auto x = Tensor<T>::zeros({kHeight, kWidth});
    for (std::int64_t i = 0; i < kRows; ++i) {
      for (std::int64_t j = 0; j < kColumns; ++j)
        x.mutable_data()[place(row, column, i, j)] = patch(i, j);
    }
    return x;
  };
  const std::pair<std::int64_t, std::int64_t> moves[] = {
      {1, 0},    {0, 1},    {1, 1},    {7, 15},    {16, 16},   {17, 31},  {30, 63},
      {47, 64},  {48, 65},  {58, 79},  {63, 80},   {64, 81},   {65, 159}, {79, 160},
      {80, 161}, {95, 223}, {96, 239}, {127, 240}, {128, 241}, {150, 290}};
  for (const std::vector<std::int64_t>& axes : {std::vector<std::int64_t>{0, 1}, {0}, {1}}) {
    for (const Border border : {Border::zero, Border::circular}) {
      const Case c{{kHeight, kWidth}, axes, {2.3}, kRadius, border, true};
      for (const std::string& target : simd_targets()) {
        const TargetGuard guard(target);
        const auto first = field(10, 10);
        const Blurred<T> still = blur(first, first, c);
        for (const auto& [down, right] : moves) {
          const auto x = field(10 + down, 10 + right);
          const Blurred<T> moved = blur(x, x, c);
          auto y = Tensor<T>::zeros(c.shape);
          auto dx = Tensor<T>::zeros(c.shape);
          for (std::int64_t i = -kRadius; i < kRows + kRadius; ++i) {
            for (std::int64_t j = -kRadius; j < kColumns + kRadius; ++j) {
              const std::int64_t to = place(10 + down, 10 + right, i, j);
              y.mutable_data()[to] = still.y.data()[place(10, 10, i, j)];
              dx.mutable_data()[to] = still.dx.data()[place(10, 10, i, j)];
            }
          }
          EXPECT_TRUE(same_bits(moved.y, y))
              << c.name() << ", by " << down << " and " << right << ", " << target;
          EXPECT_TRUE(same_bits(moved.dx, dx))
              << c.name() << ", by " << down << " and " << right << ", " << target;
        }
      }
    }
  }
}

// The part of t at place k of one axis.
template <class T>
Tensor<T> part(const Tensor<T>& t, std::int64_t axis, std::int64_t k) {
  const reference::Lines l = lines_of(t.shape(), axis);
  std::vector<std::int64_t> sizes(t.shape().begin(), t.shape().end());
  sizes.erase(sizes.begin() + axis);
  auto out = Tensor<T>::empty(Shape(std::span<const std::int64_t>(sizes)));
  for (std::int64_t o = 0; o < l.outer; ++o) {
    const T* const from = t.data() + (o * l.n + k) * l.inner;
    std::copy(from, from + l.inner, out.mutable_data() + o * l.inner);
  }
  return out;
}

// Whether images lie one after another, as channels side by side, or as lines and columns of a
// larger one, each is blurred as if it were alone.
TYPED_TEST(Separable, BlursEachOfABatchAsItBlursItAlone) {
  using T = TypeParam;
  struct Batch {
    Case all;
    std::int64_t axis;                   // of the batch
    std::vector<std::int64_t> own_axes;  // of an image by itself
  };
  const Batch batches[] = {
      {{{5, 33, 21}, {1, 2}, {1.2, 2.1}, 6}, 0, {0, 1}},
      {{{33, 21, 3}, {0, 1}, {1.2, 2.1}, 6}, 2, {0, 1}},
      {{{33, 7, 21}, {0, 2}, {1.2, 2.1}, 6}, 1, {0, 1}},
      {{{41, 90}, {1}, {2.1}, 6}, 0, {0}},
      {{{90, 41}, {0}, {2.1}, 6}, 1, {0}},
      {{{3, 4400}, {1}, {2.1}, 6}, 0, {0}},
      {{{2, 9, 12, 17}, {1, 2, 3}, {1.2, 2.1, 0.9}, 6}, 0, {0, 1, 2}},
  };
  for (const Batch& batch : batches) {
    for (const Border border : kBorders) {
      Case all = batch.all;
      all.border = border;
      const auto x = noise<T>(all.shape, 1);
      const auto g = noise<T>(all.shape, 2);
      const Sums d_sigma = expected(x, g, all).d_sigma;
      for (const std::string& target : simd_targets()) {
        const TargetGuard guard(target);
        const Blurred<T> found = blur(x, g, all);
        std::vector<double> sums(all.axes.size());
        int other_y = 0;
        int other_dx = 0;
        for (std::int64_t k = 0; k < all.shape[batch.axis]; ++k) {
          const Tensor<T> own = part(x, batch.axis, k);
          const Blurred<T> alone =
              blur(own, part(g, batch.axis, k),
                   {own.shape(), batch.own_axes, all.sigmas, all.radius, border});
          other_y += same_bits(part(found.y, batch.axis, k), alone.y) ? 0 : 1;
          other_dx += same_bits(part(found.dx, batch.axis, k), alone.dx) ? 0 : 1;
          for (std::size_t j = 0; j < sums.size(); ++j) sums[j] += double{alone.d_sigma.data()[j]};
        }
        EXPECT_EQ(other_y, 0) << all.name() << ", " << target;
        EXPECT_EQ(other_dx, 0) << all.name() << ", " << target;
        for (std::size_t j = 0; j < sums.size(); ++j) {
          EXPECT_LE(std::abs(double{found.d_sigma.data()[j]} - sums[j]),
                    limit_of<T>(all) * static_cast<double>(d_sigma.scale[j]))
              << all.name() << ", axis " << j << ", " << target;
        }
      }
    }
  }
}

TYPED_TEST(Separable, BlursTheTransposeToTheTransposeWithinRounding) {
  using T = TypeParam;
  for (const Shape& shape : {Shape{37, 85}, Shape{161, 19}, Shape{16, 300}, Shape{7, 5}}) {
    const auto x = noise<T>(shape, 1);
    const auto g = noise<T>(shape, 2);
    for (const Border border : kBorders) {
      const Case c{shape, {0, 1}, {1.3, 2.4}, 8, border};
      const Case turned{{shape[1], shape[0]}, {0, 1}, {2.4, 1.3}, 8, border};
      const Expected<T> want = expected(x, g, c);
      for (const std::string& target : simd_targets()) {
        const TargetGuard guard(target);
        const Blurred<T> a = blur(x, g, c);
        const Blurred<T> b = blur(transpose(x).value(), transpose(g).value(), turned);
        const auto values = [](const Tensor<T>& t) { return Numbers(t.begin(), t.end()); };
        const double limit = 2 * ulps_of(c);
        expect_within(transpose(b.y).value(), {values(a.y), want.y.scale}, limit,
                      "y of " + c.name() + ", " + target);
        expect_within(transpose(b.dx).value(), {values(a.dx), want.dx.scale}, limit,
                      "dx of " + c.name() + ", " + target);
        for (std::size_t k = 0; k < 2; ++k) {
          EXPECT_LE(std::abs(a.d_sigma(k) - b.d_sigma(1 - k)),
                    limit * ulp<T>(want.d_sigma.scale[k]))
              << c.name();
        }
      }
    }
  }
}

}  // namespace
