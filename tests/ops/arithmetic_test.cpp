// What a gradient check cannot see of arithmetic: broadcasting against an index-by-index reference,
// special values, ties, masks, mixed operands, constants, messages.

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <vector>

#include "arithmetic_helpers.h"

using namespace nablur;
using namespace nablur::arithmetic_test;

namespace {

// The element of x that stands at `index` of a broadcast result, by NumPy's rule: aligned at the
// last axis, sizes of 1 repeat.
double broadcast_element(const D& x, const std::vector<std::int64_t>& index) {
  std::int64_t at = 0;
  const std::size_t lead = index.size() - static_cast<std::size_t>(x.rank());
  for (std::size_t i = 0; i < static_cast<std::size_t>(x.rank()); ++i) {
    const std::int64_t n = x.shape().begin()[i];
    at = at * n + (n == 1 ? 0 : index[lead + i]);
  }
  return x.data()[at];
}

TEST(Arithmetic, BroadcastsAsNumPyDoesUpToRankSix) {
  EXPECT_TRUE(rc::check("broadcasting equals the index-by-index reference", [] {
    // Sizes of 0 are rare: one of them makes the whole array empty, and the case says little.
    const auto size = rc::gen::weightedElement<std::int64_t>({{1, 0}, {5, 1}, {12, 2}, {12, 3}});
    const auto rank = *rc::gen::resize(rc::kNominalSize, rc::gen::inRange<std::size_t>(0, 7));
    const auto full = *rc::gen::container<std::vector<std::int64_t>>(rank, size);
    const auto shrunk = [&full] {
      auto sizes = full;
      for (auto& n : sizes) n = *rc::gen::element(n, std::int64_t{1});
      sizes.erase(sizes.begin(),
                  sizes.begin() + *rc::gen::inRange<std::ptrdiff_t>(0, std::ssize(full) + 1));
      return sizes;
    };
    const bool swapped = *rc::gen::arbitrary<bool>();
    const D whole = counting(full, 1), part = counting(shrunk(), 0.25);
    const D a = swapped ? part : whole, b = swapped ? whole : part;
    const D y = (constant(a) - constant(b)).value();
    const D mask = greater(a, b).cast<double>();
    RC_ASSERT(y.shape() == whole.shape());
    std::vector<std::int64_t> index(full.size(), 0);
    for (std::int64_t i = 0; i < y.size(); ++i) {
      std::int64_t rest = i;
      for (std::size_t axis = full.size(); axis-- > 0; rest /= full[axis])
        index[axis] = rest % full[axis];
      const double u = broadcast_element(a, index), v = broadcast_element(b, index);
      RC_ASSERT(y.data()[i] == u - v);
      RC_ASSERT(mask.data()[i] == (u > v ? 1.0 : 0.0));
    }
    // Each element of the part receives the gradients of all places where it stood.
    const D g = swapped ? vjp(subtract, {a, b}, D::ones(y.shape()))[0]
                        : vjp(add, {a, b}, D::ones(y.shape()))[1];
    RC_ASSERT(g.shape() == part.shape());
    for (const double n : g)
      RC_ASSERT(n * static_cast<double>(part.size()) == static_cast<double>(y.size()));
  }));
}

TEST(Arithmetic, TwoStretchedOperandsMakeAnOuterProduct) {
  const D y = (constant(D({3, 1}, {1, 2, 3})) * constant(D({1, 2}, {10, 20}))).value();
  EXPECT_EQ(y.shape(), (Shape{3, 2}));
  EXPECT_EQ(y(2, 1), 60);
  EXPECT_EQ((constant(D::zeros({3, 1})) + constant(D::zeros({0}))).shape(), (Shape{3, 0}));
  EXPECT_EQ((constant(D::zeros({2, 1, 1, 3, 1})) + constant(D::zeros({4, 1, 1, 5, 1, 2}))).shape(),
            (Shape{4, 2, 1, 5, 3, 2}));
}

TEST(Arithmetic, NamesTheOperatorTheShapesAndTheAxisThatDoNotBroadcast) {
  const Variable<double> a = D::zeros({3, 4}), b = D::zeros({5});
  const std::string tail = ": shapes (3, 4) and (5,) do not broadcast at axis 1";
  EXPECT_EQ(message_of([&] { a + b; }), "add" + tail);
  EXPECT_EQ(message_of([&] { a - b; }), "subtract" + tail);
  EXPECT_EQ(message_of([&] { a* b; }), "multiply" + tail);
  EXPECT_EQ(message_of([&] { a / b; }), "divide" + tail);
  EXPECT_EQ(message_of([&] { pow(a, b); }), "pow" + tail);
  EXPECT_EQ(message_of([&] { maximum(a, b); }), "maximum" + tail);
  EXPECT_EQ(message_of([&] { minimum(a, b); }), "minimum" + tail);
  EXPECT_EQ(message_of([&] { greater(a, b); }), "greater" + tail);
  EXPECT_EQ(message_of([&] { less(a, b); }), "less" + tail);
  EXPECT_EQ(message_of([&] { equal(a, b); }), "equal" + tail);
  EXPECT_EQ(message_of([&] { where(Tensor<bool>(true), a, b); }), "where" + tail);
  EXPECT_EQ(message_of([&] { where(Tensor<bool>(Shape{2}, true), b, b); }),
            "where: shapes (2,) and (5,) do not broadcast at axis 0");
}

TEST(Arithmetic, SpecialValuesAreThoseOfIeeeArithmetic) {
  const double numbers[] = {-kInf,    -1e308, -800, -1,  -5e-324, -0.0, 0.0, 5e-324,
                            2.3e-308, 1,      3,    800, 1.7e308, kInf, kNan};
  for (const double a : numbers) {
    EXPECT_EQ(std::signbit((-constant(a)).item()), !std::signbit(a)) << a;
    for (const double b : numbers) {
      const auto same = [&](double got, double want) {
        EXPECT_EQ(ulps(got, want), 0) << a << ", " << b << " gave " << got;
      };
      same((constant(a) + constant(b)).item(), a + b);
      same((constant(a) - constant(b)).item(), a - b);
      same((constant(a) * constant(b)).item(), a * b);
      same((constant(a) / constant(b)).item(), a / b);
      same(pow(constant(a), constant(b)).item(), std::pow(a, b));
      const bool nan = std::isnan(a) || std::isnan(b);
      same(maximum(constant(a), constant(b)).item(), nan ? kNan : std::fmax(a, b));
      same(minimum(constant(a), constant(b)).item(), nan ? kNan : std::fmin(a, b));
      EXPECT_EQ(greater(constant(a), constant(b)).item(), a > b);
      EXPECT_EQ(less(constant(a), constant(b)).item(), a < b);
      EXPECT_EQ(equal(constant(a), constant(b)).item(), a == b);
    }
  }
}

TEST(Arithmetic, TiesShareTheGradientInBothModes) {
  const D a{1, 2, 0.0, kInf, -1}, b{2, 2, -0.0, kInf, -3}, ones = D::ones({5});
  const double by_a_max[] = {0, 0.5, 0.5, 0.5, 1}, by_a_min[] = {1, 0.5, 0.5, 0.5, 0};
  const auto max_reverse = vjp(greatest, {a, b}, ones), min_reverse = vjp(least, {a, b}, ones);
  const D max_forward = jvp(greatest, {a, b}, {ones, D::zeros({5})}),
          min_forward = jvp(least, {a, b}, {ones, D::zeros({5})});
  for (std::int64_t i = 0; i < 5; ++i) {
    EXPECT_EQ(max_reverse[0](i), by_a_max[i]);
    EXPECT_EQ(max_reverse[1](i), 1 - by_a_max[i]);
    EXPECT_EQ(max_forward(i), by_a_max[i]);
    EXPECT_EQ(min_reverse[0](i), by_a_min[i]);
    EXPECT_EQ(min_reverse[1](i), 1 - by_a_min[i]);
    EXPECT_EQ(min_forward(i), by_a_min[i]);
  }
  // x enters twice: both halves come back to it.
  EXPECT_EQ(
      vjp([](const auto& x) { return maximum(x, x) - minimum(x, x * 1.0); }, D(3.0), 1.0).item(),
      0.0);
}

TEST(Arithmetic, WhereKeepsTheNanOfTheOtherSideOutOfTheGradient) {
  const Tensor<bool> positive(Shape{3}, {true, false, true});
  const auto f = [&](const auto& x) { return where(positive, log(x), sqrt(x * 0.0 - 1.0) * x); };
  const D x{1, -1, 4};
  const D g = vjp([&](const auto& v) { return where(positive, log(v), v); }, x, D::ones({3}));
  const D t = jvp([&](const auto& v) { return where(positive, log(v), v); }, x, D::ones({3}));
  const double want[] = {1, 1, 0.25};
  for (std::int64_t i = 0; i < 3; ++i) {
    EXPECT_EQ(g(i), want[i]);
    EXPECT_EQ(t(i), want[i]);
  }
  const D masked = vjp(f, x, D{1, 0, 1});
  EXPECT_EQ(masked(0), 1);
  EXPECT_EQ(masked(1), 0);
  EXPECT_EQ(masked(2), 0.25);
  // The gradient of the side not taken is 0, also where the incoming one is NaN.
  EXPECT_EQ(vjp([](const auto& a, const auto& b) { return where(Tensor<bool>(true), a, b); },
                {D(1.0), D(2.0)}, kNan)[1]
                .item(),
            0);
}

TEST(Arithmetic, WhereBroadcastsMaskAndBothSides) {
  const Tensor<bool> mask(Shape{2, 1}, {true, false});
  const auto f = [&](const auto& a, const auto& b) { return where(mask, a, b); };
  const D a(7.0), b({3}, {1, 2, 3});
  const D y = f(constant(a), constant(b)).value();
  EXPECT_EQ(y.shape(), (Shape{2, 3}));
  EXPECT_EQ(y(0, 2), 7);
  EXPECT_EQ(y(1, 2), 3);
  const auto g = vjp(f, {a, b}, D({2, 3}, {1, 2, 4, 8, 16, 32}));
  EXPECT_EQ(g[0].item(), 7);
  EXPECT_EQ(g[1](0), 8);
  EXPECT_EQ(g[1](2), 32);
}

TEST(Arithmetic, OperandsMayBeVariablesTensorsAndNumbers) {
  Tape<double> tape;
  const auto x = tape.variable(D{1, 2});
  const D t{10, 20};
  EXPECT_EQ((x + t).value()(1), 22);
  EXPECT_EQ((t - x).value()(1), 18);
  EXPECT_EQ((2 * x).value()(1), 4);
  EXPECT_EQ((1.0f / x).value()(1), 0.5);
  EXPECT_EQ(pow(2, x).value()(1), 4);
  EXPECT_EQ(maximum(x, 1.5).value()(0), 1.5);
  EXPECT_EQ(where(greater(x, 1), x, 0).value()(0), 0);
  static_assert(std::is_same_v<decltype(pow(t, 2)), std::decay_t<decltype(t)>>);
  const auto d = gradients(sum(t * x / 2 - x * 3));
  EXPECT_EQ(d[x](0), 2);
  EXPECT_EQ(d[x](1), 7);
}

TEST(Arithmetic, ConstantsRecordNothing) {
  Tape<double> tape;
  const auto x = tape.variable(2.0);
  const Variable<double> c = 3.0;
  EXPECT_TRUE((c * c + 1 - c / 2).is_constant());
  EXPECT_TRUE((-pow(maximum(c, 1), minimum(c, 2))).is_constant());
  EXPECT_TRUE(where(Tensor<bool>(true), c, 1).is_constant());
  greater(x, c), less(x, c), equal(x, c);
  EXPECT_EQ(tape.size(), 1);
  EXPECT_FALSE((x * c).is_constant());
  EXPECT_EQ(tape.size(), 2);
}

TEST(Arithmetic, CompoundAssignmentLeavesOtherCopiesAsTheyWere) {
  Tape<double> tape;
  const auto x = tape.variable(3.0);
  auto y = x;
  const auto before = y;
  y += 1, y *= x, y -= D(2.0), y /= 2;  // (x (x + 1) − 2)/2
  EXPECT_EQ(y.item(), 5);
  EXPECT_EQ(before.item(), 3);
  EXPECT_EQ(gradients(y)[x].item(), 3.5);
}

template <class T>
void expect_dual_arithmetic() {
  // f = a b/(a + 2)^2 − max(a, b): along (ȧ, ḃ) = (1, 0) at (2, 3) the derivative is b (2 − a)/(a +
  // 2)^3 = 0, along b a/16 − 1.
  const Variable<Dual<T>> a = Dual<T>(T(2), T(1)), b = Dual<T>(T(3), T(4));
  const auto f = a * b / pow(a + 2, 2) - maximum(a, b);
  EXPECT_EQ(f.item().value, T(6) / T(16) - T(3));
  EXPECT_EQ(f.item().tangent, T(4) * (T(2) / T(16) - T(1)));
  EXPECT_EQ((a * Tensor<T>(T(5))).item().tangent, T(5));  // a plain tensor has tangent 0
  EXPECT_EQ((-a).item().tangent, T(-1));
  EXPECT_TRUE(greater(b, a).item());
}

TEST(Arithmetic, WorksOnDualsOfBothPrecisions) {
  expect_dual_arithmetic<float>();
  expect_dual_arithmetic<double>();
}

TEST(Arithmetic, RefusesAPlainVariableOnATapeInADualExpression) {
  Tape<double> tape;
  const auto x = tape.variable(2.0);
  const Variable<Dual<double>> a = Dual<double>(1, 1);
  EXPECT_NE(message_of([&] { a* x; }).find("on a tape stands in a Dual expression"),
            std::string::npos);
}

TEST(Arithmetic, AResultDependsOnItsElementsAndNotOnTheirPosition) {
  const double p = 0.1, q = 3.7;
  const auto everywhere = [](const D& y, double want) {
    return std::all_of(y.begin(), y.end(), [&](double v) { return v == want; });
  };
  for (std::int64_t n = 1; n <= 70; ++n) {
    for (const D& a : {D::full({n}, p), D(p)}) {
      const D b = D::full({n}, q), ones = D::ones({n});
      EXPECT_TRUE(everywhere(pow(a, b).value(), std::pow(p, q))) << n;
      EXPECT_TRUE(everywhere((constant(a) / b).value(), p / q)) << n;
      EXPECT_TRUE(
          everywhere(vjp(divide, {a, b}, ones)[1], vjp(divide, {D(p), D(q)}, 1.0)[1].item()))
          << n;
      EXPECT_TRUE(everywhere(vjp(power, {a, b}, ones)[1], vjp(power, {D(p), D(q)}, 1.0)[1].item()))
          << n;
    }
  }
}

TEST(Arithmetic, ComparesVariablesAndPicksBetweenNumbers) {
  Tape<double> tape;
  const auto x = tape.variable(Tensor<double>{-1, 0, 2});
  const Tensor<bool> positive = x > 0;
  EXPECT_FALSE(positive(0) || positive(1) || !positive(2));
  EXPECT_TRUE((x >= 0)(1) && (0 <= x)(1) && (x == 2.0)(2) && (x != x)(0) == false);
  EXPECT_EQ(where(x < 0, -1.0, 1.0)(0), -1);
  const auto y = sum(where(x > 0, x * x, 0));
  EXPECT_EQ(gradients(y)[x](2), 4);
  EXPECT_EQ(tape.size(), 4) << "comparisons record nothing";
  // In a Dual expression the data stand beside the values of the argument.
  const Tensor<double> data{1, 2, 3};
  const auto f = [&](const auto& v) { return sum(v.value() * data + v); };
  EXPECT_EQ(jvp(f, data, Tensor<double>{1, 0, 0}).item(), 2);
}

}  // namespace
