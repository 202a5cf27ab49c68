// The elements and directions that compare_gradients looks at.

#include <gtest/gtest.h>
#include <nablur/ops/arithmetic.h>
#include <nablur/ops/elementwise.h>
#include <nablur/ops/reduce.h>
#include <nablur/support/random.h>

#include <cmath>
#include <limits>

#include "verdicts.h"

using namespace nablur;

namespace {

using T = Tensor<double>;
using Named = NamedGradients<double>;

const auto sum_of_exp = [](const auto& x) { return sum(exp(x)); };

T exp_of(const T& x) { return exp(x).value(); }

T with(T t, std::int64_t i, double number) {
  t.mutable_data()[i] = number;
  return t;
}

}  // namespace

TEST(Probes, NameTheElementByItsIndices) {
  const T x = T({2, 3, 2}, {0.5, -1, 2, 0.1, 1.5, -0.3, 0.2, 0.7, -0.4, 0.9, 1.1, -0.6});
  for (std::int64_t i = 0; i < 12; ++i) {
    const auto report =
        compare_gradients(sum_of_exp, x, {}, {Named{"by hand", {with(exp_of(x), i, 9)}}});
    EXPECT_EQ(row_of(report, "by hand", "differences").place,
              detail::concat("x0[", i / 6, ", ", i / 2 % 3, ", ", i % 2, "]"));
  }
  EXPECT_EQ(row_of(compare_gradients(sum_of_exp, T(0.5)), "tape", "differences").place, "x0");
}

TEST(Probes, NameTheInput) {
  const auto f = [](const auto& a, const auto& b) { return sum(a * b); };
  const auto report =
      compare_gradients(f, {T{1, 2}, T{3, 4}}, {}, {Named{"by hand", {T{3, 4}, T{1, 2.1}}}});
  EXPECT_EQ(verdict_of(report, "by hand", "differences", 0), Verdict::agrees);
  EXPECT_EQ(verdict_of(report, "by hand", "differences", 1), Verdict::differs);
  EXPECT_EQ(row_of(report, "by hand", "differences", 1).place, "x1[1]");
  EXPECT_EQ(row_of(report, "by hand", "tape").place, "x1[1]");
}

TEST(Probes, AreRandomDirectionsIfAskedFor) {
  Random random(5);
  const auto x = T::normal({3000}, random);
  const T gradient = exp_of(x);
  const CompareOptions options{.directions = 4};
  const auto right = compare_gradients(sum_of_exp, x, options, {Named{"by hand", {gradient}}});
  EXPECT_TRUE(right.agrees()) << right;
  EXPECT_EQ(right.rows[0].place.substr(0, 9), "direction");
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double inf = std::numeric_limits<double>::infinity();
  for (const double bad : {gradient(1234) + 1e-5, nan, inf}) {
    const T spoilt = with(gradient, 1234, bad);
    expect_only_differ(compare_gradients(sum_of_exp, x, options, {Named{"by hand", {spoilt}}}),
                       {"by hand"});
  }
  expect_only_differ(compare_gradients(sum_of_exp, x, options, {Named{"by hand", {-gradient}}}),
                     {"by hand"});
}

TEST(Probes, LeaveForeignMemoryAsItIs) {
  const double numbers[] = {0.5, -1};
  const auto x = T::wrap(numbers, Shape{2}, 0);
  EXPECT_TRUE(compare_gradients(sum_of_exp, x).agrees());
  EXPECT_EQ(numbers[0], 0.5);
  EXPECT_EQ(numbers[1], -1);
}

TEST(Probes, FindNothingToCompareInInputsWithoutElements) {
  for (const std::int64_t directions : {0, 3}) {
    const auto report = compare_gradients([](const auto& x) { return sum(x); }, T::zeros({0, 3}),
                                          {.directions = directions});
    EXPECT_FALSE(report.agrees());
    EXPECT_FALSE(report.differs());
    EXPECT_EQ(verdict_of(report), Verdict::cannot_tell);
    EXPECT_EQ(row_of(report, "tape", "differences").note, "the inputs have no elements");
  }
}
