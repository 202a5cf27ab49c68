// The slopes that differences find, and how honest their estimates are.

#include <gtest/gtest.h>
#include <nablur/ops/arithmetic.h>
#include <nablur/ops/elementwise.h>
#include <nablur/ops/gaussian_kernel.h>
#include <nablur/ops/reduce.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <limits>

#include "verdicts.h"

using namespace nablur;

namespace {

using T = Tensor<double>;
using Named = NamedGradients<double>;

// What the differences say about the slope of f at x.
template <class F>
GradientRow differences(const F& f, double x) {
  return row_of(compare_gradients(f, T{x}), "tape", "differences");
}

void expect_slope(const GradientRow& row, double slope, double relative) {
  EXPECT_NEAR(row.reference, slope, relative * std::abs(slope));
  EXPECT_LE(std::abs(row.reference - slope), 10 * row.estimate);
}

}  // namespace

TEST(Windows, FindTheSlopeToNearlyAllDigits) {
  expect_slope(differences([](const auto& x) { return sum(exp(x)); }, 0.5), std::exp(0.5), 1e-12);
  expect_slope(differences([](const auto& x) { return sum(sin(x)); }, 2), std::cos(2.0), 1e-12);
  expect_slope(differences([](const auto& x) { return sum(log(x)); }, 3), 1 / 3.0, 1e-12);
  expect_slope(differences([](const auto& x) { return sum(x * 3.0); }, 0.7), 3, 1e-12);
}

// Steps are multiples of what x can be displaced by.
TEST(Windows, StepExactly) {
  for (const float x : {0.7f, -1.3f, 25.1f}) {
    const auto report = compare_gradients([](const auto& v) { return sum(v); }, Tensor<float>{x});
    EXPECT_NEAR(row_of(report, "tape", "differences").reference, 1, 1e-12) << x;
  }
}

TEST(Windows, StepInProportionToTheInput) {
  for (const double x : {1e-200, 1e-30, 1e-9, 1e3, 1e17, 1e200}) {
    const auto row = differences([](const auto& v) { return sum(log(v)); }, x);
    EXPECT_EQ(row.verdict, Verdict::agrees) << x;
    expect_slope(row, 1 / x, 1e-6);
    EXPECT_LT(row.step, 0.1 * x);
  }
}

TEST(Windows, ShrinkUntilTheyAreInsideTheDomain) {
  const auto f = [](const auto& x) {
    if (plain(x.value()(0)) <= 0.045) fail("log: outside");
    return sum(log(x));
  };
  const auto right = compare_gradients(f, T{0.05}, {}, {Named{"by hand", {T{20}}}});
  EXPECT_TRUE(right.agrees()) << right;
  EXPECT_LT(row_of(right, "tape", "differences").step, 0.005);
  expect_only_differ(compare_gradients(f, T{0.05}, {}, {Named{"by hand", {T{20.001}}}}),
                     {"by hand"});
}

TEST(Windows, LookAtOneSideIfTheOtherHasNoValues) {
  for (const double side : {-1.0, 1.0}) {
    const auto f = [side](const auto& x) {
      if (plain(x.value()(0)) * side < 0) fail("f: outside");
      return sum(exp(x));
    };
    const auto right = compare_gradients(f, T{0}, {}, {Named{"by hand", {T{1.0}}}});
    EXPECT_TRUE(right.agrees()) << right;
    const auto row = row_of(right, "tape", "differences");
    expect_slope(row, 1, 1e-7);
    EXPECT_NE(row.note.find("from one side"), std::string::npos) << row.note;
    EXPECT_NE(row.note.find("f: outside"), std::string::npos) << row.note;
    expect_only_differ(compare_gradients(f, T{0}, {}, {Named{"by hand", {T{1.0001}}}}),
                       {"by hand"});
  }
}

// ⌈3σ⌉ is 6 up to 2 and 7 past it.
TEST(Windows, LeaveOutStepsThatChangeTheShape) {
  const auto kernel = [](const auto& s) { return gaussian_kernel(s); };
  const auto report = compare_gradients(kernel, T(2.0));
  EXPECT_TRUE(report.agrees()) << report;
  const auto row = row_of(report, "tape", "differences");
  EXPECT_NE(row.note.find("f changes its shape from (13,) to (15,)"), std::string::npos)
      << row.note;
  EXPECT_TRUE(compare_gradients(kernel, T(1.999)).agrees());
  EXPECT_TRUE(compare_gradients(kernel, T(2.001)).agrees());
}

TEST(Windows, SayWhyThereAreNone) {
  const auto alone = [](const auto& x) {
    if (plain(x.value()(0)) != 1) fail("f: defined at 1 alone");
    return sum(x * 2.0);
  };
  const auto row = differences(alone, 1);
  EXPECT_EQ(row.verdict, Verdict::cannot_tell);
  EXPECT_EQ(row.step, 0);
  EXPECT_EQ(row.note.rfind("no differences; at x0[0] - ", 0), 0u) << row.note;
  EXPECT_NE(row.note.find("f: defined at 1 alone"), std::string::npos) << row.note;
  const auto shapes = [](const auto& x) {
    const double v = plain(x.value()(0));
    return gaussian_kernel(x, v == 1 ? 2 : 3);
  };
  EXPECT_NE(differences(shapes, 1).note.find("f changes its shape from (5,) to (7,)"),
            std::string::npos);
  EXPECT_NE(differences([](const auto& x) { return log(x); }, -1).note.find("f is not finite"),
            std::string::npos);
}

// sin, exp and tanh of any frequency and offset: the error is no more than ten estimates, in nearly
// all cases.
RC_GTEST_PROP(Windows, EstimateTheirErrorHonestly, ()) {
  const auto number = [](int low, int high) {
    return *rc::gen::inRange(low * 1000, high * 1000) / 1000.0;
  };
  const double frequency = std::pow(10.0, number(-2, 3));
  const double offset = *rc::gen::element(0.0, 1.0, 1e4);
  const double x = number(-2, 2);
  const int kind = *rc::gen::inRange(0, 3);
  const auto f = [&](const auto& v) {
    const auto u = frequency * v;
    return sum(kind == 0 ? sin(u) : kind == 1 ? tanh(u) : exp(v)) + offset;
  };
  const double slope = kind == 0 ? frequency * std::cos(frequency * x)
                       : kind == 1
                           ? frequency / (std::cosh(frequency * x) * std::cosh(frequency * x))
                           : std::exp(x);
  const GradientRow row = differences(f, x);
  RC_ASSERT(row.verdict != Verdict::differs);
  RC_ASSERT(row.verdict != Verdict::kink);
  if (row.verdict == Verdict::agrees)
    RC_ASSERT(std::abs(row.reference - slope) <= 10 * row.estimate + 1e-12 * std::abs(slope));
}
