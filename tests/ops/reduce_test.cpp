// What a gradient check cannot see of the reductions: axes against a plain loop, the digits of
// sums, extreme values, NaN and infinities, ties, nothing at all, messages.

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <nablur/autodiff/derivatives.h>
#include <nablur/ops/arithmetic.h>
#include <nablur/ops/elementwise.h>
#include <nablur/ops/reduce.h>

#include "../messages.h"

namespace {

using namespace nablur;
using D = Tensor<double>;
using Wide = long double;

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

constexpr auto total = [](const auto& x) { return sum(x); };
constexpr auto average = [](const auto& x) { return mean(x); };
constexpr auto greatest = [](const auto& x) { return max(x); };
constexpr auto least = [](const auto& x) { return min(x); };
constexpr auto soft = [](const auto& x) { return logsumexp(x); };

void expect_elements(const D& got, const std::vector<double>& want) {
  ASSERT_EQ(static_cast<std::size_t>(got.size()), want.size());
  for (std::size_t i = 0; i < want.size(); ++i)
    EXPECT_EQ(got.data()[i], want[i]) << "element " << i;
}

void expect_near(const D& got, const std::vector<Wide>& want, Wide relative) {
  ASSERT_EQ(static_cast<std::size_t>(got.size()), want.size());
  for (std::size_t i = 0; i < want.size(); ++i)
    EXPECT_LE(std::abs(got.data()[i] - want[i]), relative * std::abs(want[i])) << i;
}

TEST(Reduce, FollowsAxesAndKeepdimsAsNumPyDoesUpToRankSix) {
  EXPECT_TRUE(rc::check("reductions equal a plain loop", [] {
    const auto rank = *rc::gen::inRange<std::size_t>(0, 7);
    const auto sizes =
        *rc::gen::container<std::vector<std::int64_t>>(rank, rc::gen::inRange<std::int64_t>(1, 4));
    const auto chosen = *rc::gen::container<std::vector<bool>>(rank, rc::gen::arbitrary<bool>());
    const bool keepdims = *rc::gen::arbitrary<bool>();
    auto x = D::empty(Shape(std::span<const std::int64_t>(sizes)));
    for (std::int64_t i = 0; i < x.size(); ++i)
      x.mutable_data()[i] = static_cast<double>(*rc::gen::inRange(-9, 9));
    std::vector<std::int64_t> axes, kept;
    for (std::size_t axis = 0; axis < rank; ++axis) {
      const auto k = static_cast<std::int64_t>(axis);
      if (chosen[axis])
        axes.insert(axes.begin(), *rc::gen::element(k, k - static_cast<std::int64_t>(rank)));
      if (keepdims || !chosen[axis]) kept.push_back(chosen[axis] ? 1 : sizes[axis]);
    }
    const Shape shape{std::span<const std::int64_t>(kept)};
    std::vector<double> want_sum(static_cast<std::size_t>(shape.size())),
        want_max(want_sum.size(), -kInf);
    for (std::int64_t i = 0; i < x.size(); ++i) {
      std::size_t to = 0, stride = 1;
      std::int64_t rest = i;
      for (std::size_t axis = rank; axis-- > 0; rest /= sizes[axis]) {
        if (chosen[axis]) continue;
        to += static_cast<std::size_t>(rest % sizes[axis]) * stride;
        stride *= static_cast<std::size_t>(sizes[axis]);
      }
      want_sum[to] += x.data()[i];
      want_max[to] = std::max(want_max[to], x.data()[i]);
    }
    const Axes over{std::span<const std::int64_t>(axes)};
    const D s = sum(x, over, keepdims).value(), m = mean(x, over, keepdims).value(),
            top = max(x, over, keepdims).value();
    const D bottom = min(-1.0 * Variable<double>(x), over, keepdims).value();
    RC_ASSERT(s.shape() == shape && m.shape() == shape && top.shape() == shape &&
              bottom.shape() == shape);
    RC_ASSERT(logsumexp(x, over, keepdims).shape() == shape);
    const auto n = static_cast<double>(x.size() / shape.size());
    for (std::size_t i = 0; i < want_sum.size(); ++i) {
      RC_ASSERT(s.data()[i] == want_sum[i] && m.data()[i] == want_sum[i] / n);
      RC_ASSERT(top.data()[i] == want_max[i] && bottom.data()[i] == -want_max[i]);
    }
  }));
}

TEST(Reduce, SpreadsTheGradientAlongTheReducedAxes) {
  const D x({2, 3}, {1, 5, 2, 7, 0, 7});
  expect_elements(vjp([](const auto& v) { return sum(v, 0); }, x, D{1, 2, 3}), {1, 2, 3, 1, 2, 3});
  expect_elements(vjp([](const auto& v) { return mean(v, -1); }, x, D{3, 6}), {1, 1, 1, 2, 2, 2});
  expect_elements(vjp([](const auto& v) { return max(v, 1); }, x, D{3, 8}), {0, 3, 0, 4, 0, 4});
  expect_elements(vjp([](const auto& v) { return min(v, {0}, true); }, x, D({1, 3}, {1, 2, 3})),
                  {1, 0, 3, 0, 2, 0});
}

TEST(Reduce, TiesShareInForwardModeTooAndHaveNoSecondDerivative) {
  const D x{3, 7, 7, 1, 7}, v{100, 1, 2, 100, 6};
  EXPECT_EQ(jvp(greatest, x, v).item(), 3);
  expect_elements(hvp(greatest, x, v), {0, 0, 0, 0, 0});
  EXPECT_EQ(jvp(least, D{1, 1}, D{3, 5}).item(), 4);
  expect_elements(vjp(greatest, D{kInf, 1, kInf}, 1.0), {0.5, 0, 0.5});
  expect_elements(vjp(greatest, D{-kInf, -kInf}, 1.0), {0.5, 0.5});
  expect_elements(vjp(least, D{-0.0, 0.0}, 1.0), {0.5, 0.5});
  expect_elements(vjp(greatest, D{kNan, 1, kNan}, 1.0),
                  {0.5, 0, 0.5});  // NaN is the result, and goes back to the NaNs
}

TEST(Reduce, ElementsWithoutWeightGetNothingOfAnInfiniteGradientOrTangent) {
  expect_elements(vjp(greatest, D{1, 2}, kInf), {0, kInf});
  expect_elements(vjp(least, D{1, 2}, -kInf), {-kInf, 0});
  expect_elements(vjp(soft, D{-kInf, 3}, kInf), {0, kInf});
  EXPECT_EQ(jvp(greatest, D{1, 2}, D{kInf, 3}).item(), 3);
  EXPECT_EQ(jvp(greatest, D{1, 2}, D{kNan, 3}).item(), 3);
}

TEST(Reduce, NanPassesThroughWhereverItStands) {
  for (std::int64_t n = 1; n <= 40; ++n) {
    for (std::int64_t at = 0; at < n; ++at) {
      auto x = D::arange(static_cast<double>(n));
      x.mutable_data()[at] = kNan;
      for (const auto& y :
           {sum(x), mean(x), max(x), min(x), logsumexp(x), max(x.reshaped({n, 1}), 0)}) {
        EXPECT_TRUE(std::isnan(y.value().data()[0])) << at << " of " << n;
      }
    }
  }
  EXPECT_TRUE(std::isnan(logsumexp(D{kInf, kNan}).item()));
  EXPECT_EQ(max(D({2, 2}, {kNan, 1, 2, 3}), 1).value()(1), 3);  // and only through its own group
}

// Rows of every length up to a few times the lanes that compete apart, with what decides at every
// place: the greatest element, a NaN, a zero of the other sign.
template <class T>
void expect_extremes_at_every_place() {
  const T nan = std::numeric_limits<T>::quiet_NaN();
  for (std::int64_t n = 1; n <= 150; ++n) {
    for (std::int64_t at = 0; at < n; ++at) {
      Tensor<T> x(Shape{1, n}, T(-2));
      x.set({0, at}, T(3));
      ASSERT_EQ(max(x, 1).item(), T(3)) << n << " " << at;
      ASSERT_EQ(min(-x, 1).item(), T(-3)) << n << " " << at;
      x.set({0, at}, nan);
      ASSERT_TRUE(std::isnan(max(x, 1).item())) << n << " " << at;
      ASSERT_TRUE(std::isnan(min(x, 1).item())) << n << " " << at;
      Tensor<T> zeros(Shape{1, n}, T(-0.0));
      zeros.set({0, at}, T(0));
      ASSERT_EQ(std::signbit(max(zeros, 1).item()), at != 0) << n << " " << at;
    }
  }
}
TEST(Reduce, ExtremesOfRowsDoNotDependOnTheirLength) {
  expect_extremes_at_every_place<float>();
  expect_extremes_at_every_place<double>();
}

TEST(Reduce, TheFirstOfTwoZerosWinsInLongRows) {
  for (std::int64_t minus = 0; minus < 100; ++minus) {
    for (std::int64_t plus = 0; plus < 100; ++plus) {
      if (plus == minus) continue;
      D x(Shape{1, 100}, -1.0);
      x.set({0, minus}, -0.0);
      x.set({0, plus}, 0.0);
      ASSERT_EQ(std::signbit(max(x, 1).item()), minus < plus) << minus << " " << plus;
    }
  }
}

TEST(Reduce, SumsOfNothingAreZeroAndExtremesOfNothingThrow) {
  const D none = D::zeros({3, 0, 2});
  EXPECT_EQ(sum(none).item(), 0);
  expect_elements(sum(none, 1).value(), {0, 0, 0, 0, 0, 0});
  EXPECT_EQ(sum(none, {0, 2}, true).shape(), (Shape{1, 0, 1}));
  EXPECT_EQ(logsumexp(D::zeros({0})).item(), -kInf);
  EXPECT_EQ(logsumexp(none, 1).value()(2, 1), -kInf);
  EXPECT_EQ(vjp([](const auto& x) { return sum(x, 1); }, none, D::ones({3, 2})).shape(),
            none.shape());
  EXPECT_EQ(vjp(soft, D::zeros({0}), 1.0).size(), 0);
  EXPECT_EQ(jvp(soft, D::zeros({0}), D::zeros({0})).item(), 0);
  EXPECT_EQ(message_of([&] { mean(none); }), "mean: no elements to reduce in shape (3, 0, 2)");
  EXPECT_EQ(message_of([&] { max(none, 1); }), "max: no elements to reduce in shape (3, 0, 2)");
  EXPECT_EQ(message_of([&] { min(none, {0, 1}); }),
            "min: no elements to reduce in shape (3, 0, 2)");
  // Groups that do not exist need no element.
  const auto max_by_row = [](const auto& x) { return max(x, 0); };
  EXPECT_EQ(mean(none, 0).shape(), (Shape{0, 2}));
  EXPECT_EQ(max_by_row(Variable<double>(none)).shape(), (Shape{0, 2}));
  EXPECT_EQ(vjp(max_by_row, none, D::zeros({0, 2})).shape(), none.shape());
}

TEST(Reduce, NamesAxesThatAreNotThereOrNamedTwice) {
  const D x = D::zeros({2, 3});
  EXPECT_EQ(message_of([&] { sum(x, 2); }), "sum: axis 2 is out of range for rank 2");
  EXPECT_EQ(message_of([&] { mean(x, -3); }), "mean: axis -3 is out of range for rank 2");
  EXPECT_EQ(message_of([&] { max(x, {1, -1}); }), "max: axis -1 is named twice");
  EXPECT_EQ(message_of([&] { min(D(1.0), 0); }), "min: axis 0 is out of range for rank 0");
  EXPECT_EQ(message_of([&] { logsumexp(x, {0, 0}); }), "logsumexp: axis 0 is named twice");
}

TEST(Reduce, SumsPairwise) {
  // 10^7 floats of 0.1f. A running sum is 8.8 % off. Pairwise summation errs by at most eps log2 n
  // + a block's share, relatively.
  const std::int64_t n = 10'000'000;
  const auto x = Tensor<float>::full({n}, 0.1f);
  const Wide exact = static_cast<Wide>(0.1f) * n;
  const Wide bound = 0x1p-24L * (17 + 8 + 24) *
                     exact;  // 16 terms a lane, 8 lanes, log2(10^7) levels, one rounding each
  EXPECT_LE(std::abs(sum(x).item() - exact), bound);
  EXPECT_LE(std::abs(mean(x).item() - exact / n), 2 * bound / n);
  EXPECT_LE(std::abs(sum(x.reshaped({n / 2, 2}), 0).value()(1) - exact / 2), bound);
  EXPECT_LE(std::abs(sum(x.reshaped({10, n / 10}), -1).value()(7) - exact / 10), bound);
  EXPECT_LE(std::abs(sum(Variable<Dual<float>>(make_dual(x, x))).item().tangent - exact), bound);
}

TEST(Reduce, LogsumexpNeitherOverflowsNorUnderflows) {
  const Wide ln2 = std::log(2.0L);
  expect_near(logsumexp(D{800, 800}).value(), {800 + ln2}, 0x1p-52L);
  expect_near(logsumexp(D{-800, -800}).value(), {-800 + ln2}, 0x1p-52L);
  expect_near(logsumexp(D{1e308, 1e308, -kInf}).value(), {static_cast<Wide>(1e308)}, 0);
  expect_near(logsumexp(D{0, 1, 2, 3}).value(), {3.4401896985611953L},
              0x1p-51L);  // ln(1 + e + e² + e³) by mpmath
  EXPECT_EQ(logsumexp(D{-kInf, -kInf}).item(), -kInf);
  EXPECT_EQ(logsumexp(D{kInf, kInf, 3, -kInf}).item(), kInf);
  EXPECT_EQ(logsumexp(D{-kInf, 3}).item(), 3);
  EXPECT_EQ(logsumexp(D(-3.25)).item(), -3.25);
}

TEST(Reduce, LogsumexpKeepsTheDigitsOfASmallRemainder) {
  expect_near(logsumexp(D{0, -40}).value(), {std::log1p(std::exp(-40.0L))}, 0x1p-50L);  // 4.2e-18
}

TEST(Reduce, TheGradientOfLogsumexpIsTheSoftmaxForEveryMagnitude) {
  for (const double shift : {0.0, -800.0, 800.0, 1e6, -1e9, 1e15, 0x1p60, -1e300}) {
    expect_near(vjp(soft, D{shift, shift}, 1.0), {0.5L, 0.5L}, 0x1p-50L);
    expect_near(vjp(soft, D{shift, shift, shift, shift}, 1.0), {0.25L, 0.25L, 0.25L, 0.25L},
                0x1p-50L);
    expect_near(jvp(soft, D{shift, shift}, D{1, 1}), {1}, 0x1p-50L);
    expect_near(hvp(soft, D{shift, shift}, D{1, 0}), {0.25L, -0.25L}, 0x1p-50L);
  }
  const Wide e = std::exp(-1.0L), s = 1 + e + std::exp(-40.0L);
  expect_near(vjp(soft, D{800, 799, 760}, 1.0), {1 / s, e / s, std::exp(-40.0L) / s}, 0x1p-50L);
}

TEST(Reduce, InfiniteElementsOfLogsumexpShareItsGradient) {
  expect_elements(vjp(soft, D{kInf, 3, kInf}, 1.0), {0.5, 0, 0.5});
  expect_elements(vjp(soft, D{-kInf, -kInf, -kInf, -kInf}, 1.0), {0.25, 0.25, 0.25, 0.25});
  expect_elements(vjp(soft, D{-kInf, 3}, 1.0), {0, 1});
  EXPECT_EQ(jvp(soft, D{kInf, 3, kInf}, D{1, 100, 2}).item(), 1.5);
  expect_elements(hvp(soft, D{kInf, 3, kInf}, D{1, 100, 2}), {0, 0, 0});
  expect_elements(hvp(soft, D{-kInf, 3}, D{1, 1}), {0, 0});
}

TEST(Reduce, AgreesInFloatAndInDuals) {
  const Tensor<float> x{3, 1, 2};
  EXPECT_EQ(sum(x).item(), 6.0f);
  EXPECT_EQ(mean(x).item(), 2.0f);
  EXPECT_NEAR(logsumexp(x).item(), 3.4076059644443806, 4 * 0x1p-23);  // ln(e + e² + e³) by mpmath
  const Variable<Dual<float>> d = make_dual(x, Tensor<float>{10, 20, 60});
  EXPECT_EQ(sum(d).item().tangent, 90.0f);
  EXPECT_EQ(mean(d).item().tangent, 30.0f);
  EXPECT_EQ(max(d).item().tangent, 10.0f);
  EXPECT_EQ(min(d).item().tangent, 20.0f);
  EXPECT_EQ(hvp([](const auto& v) { return square(sum(v)); }, x, Tensor<float>{1, 2, 0})(2), 6.0f);
}

TEST(Reduce, ConstantsRecordNothing) {
  Tape<double> tape;
  const auto x = tape.variable(D{1, 2});
  for (const auto& y :
       {sum(x.value()), mean(x.value()), max(x.value()), min(x.value()), logsumexp(x.value())}) {
    static_assert(std::is_same_v<std::decay_t<decltype(y)>, Tensor<double>>);
  }
  EXPECT_EQ(tape.size(), 1);
  EXPECT_FALSE(average(x).is_constant());
  EXPECT_EQ(gradients(total(x) + average(x))[x](0), 1.5);
}

TEST(Reduce, TakesAxesThatAreKnownAtRunTime) {
  const Tensor<double> x{{1, 2, 3}, {4, 5, 6}};
  const std::vector<int> last{-1};
  EXPECT_EQ(sum(x, last)(1), 15);
  EXPECT_EQ(max(x, std::vector<std::int64_t>{0, 1}).item(), 6);
  EXPECT_EQ(sum(x, std::vector<int>{}).shape(), x.shape()) << "an empty list names no axis";
  EXPECT_EQ(sum(x, {}).item(), 21);
}

}  // namespace
