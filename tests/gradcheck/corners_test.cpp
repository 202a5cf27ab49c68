// Corners of a function, at the point and beside it.

#include <gtest/gtest.h>
#include <nablur/ops/arithmetic.h>
#include <nablur/ops/elementwise.h>
#include <nablur/ops/reduce.h>

#include <cmath>
#include <limits>

#include "verdicts.h"

using namespace nablur;

namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

}  // namespace

TEST(Corners, SeeAKinkAtACorner) {
  const auto magnitude = sum_of([](const auto& x) { return abs(x); });
  const auto half = sum_of([](const auto& x) { return relu(x); });
  const auto bent = sum_of([](const auto& x) { return exp(x) + 0.1 * abs(x - 0.25); });
  EXPECT_EQ(judge<double>(magnitude, 0), Verdict::kink);
  EXPECT_EQ(judge<float>(magnitude, 0), Verdict::kink);
  EXPECT_EQ(judge<double>(half, 0), Verdict::kink);
  EXPECT_EQ(judge<float>(half, 0), Verdict::kink);
  EXPECT_EQ(judge<double>(bent, 0.25), Verdict::kink);
  for (const double slope : {-1.0, -0.3, 0.9, 1.0})
    EXPECT_EQ(judge<double>(magnitude, 0, slope), Verdict::kink) << slope;
  for (const double slope : {-1.001, 1.001, 3.0, kInf, kNaN})
    EXPECT_EQ(judge<double>(magnitude, 0, slope), Verdict::differs);
  for (const double slope : {-0.1, 1.1})
    EXPECT_EQ(judge<double>(half, 0, slope), Verdict::differs) << slope;
  const auto report = compare_gradients(half, Tensor<double>(0.0));
  EXPECT_EQ(row_of(report, "tape", "differences").note.rfind("slope ", 0), 0u) << report;
}

TEST(Corners, SeeAKinkAtATie) {
  const auto f = [](const auto& x, const auto& y) { return sum(maximum(x, y) * exp(x)); };
  const Tensor<double> x{1, 2};
  const Tensor<double> y{1, 3};
  const auto d = vjp(f, {x, y}, 1.0);
  Tensor<double> to_x = d[0];
  to_x.mutable_data()[0] += 0.5 * std::exp(1.0);  // all of the gradient to x, none to y
  Tensor<double> to_y = d[1];
  to_y.mutable_data()[0] = 0;
  const auto report =
      compare_gradients(f, {x, y}, {}, {NamedGradients<double>{"to x", {to_x, to_y}}});
  EXPECT_FALSE(report.differs()) << report;
  for (const char* name : {"tape", "to x"}) {
    EXPECT_EQ(verdict_of(report, name, "differences", 0), Verdict::kink);
    EXPECT_EQ(verdict_of(report, name, "differences", 1), Verdict::kink);
  }
  EXPECT_EQ(verdict_of(report, "to x", "tape"), Verdict::kink);  // another choice, as good
  EXPECT_EQ(row_of(report, "tape", "differences").place, "x0[0]");
}

TEST(Corners, LookPastACornerBesideThePoint) {
  for (const double x : {1e-1, 1e-3, 1e-5, 1e-6, 1e-9, 1e-20, 1e-30}) {
    const auto magnitude = sum_of([](const auto& v) { return abs(v); });
    const auto half = sum_of([](const auto& v) { return relu(v); });
    EXPECT_EQ(judge<double>(magnitude, x), Verdict::agrees) << x;
    EXPECT_EQ(judge<double>(magnitude, -x), Verdict::agrees) << x;
    EXPECT_EQ(judge<float>(magnitude, x), Verdict::agrees) << x;
    EXPECT_EQ(judge<double>(half, -x), Verdict::agrees) << x;
    EXPECT_NE(judge<double>(magnitude, x, 0), Verdict::agrees) << x;
    EXPECT_EQ(judge<double>(half, -x, 1), Verdict::differs) << x;
    EXPECT_EQ(judge<double>(half, -x, 0.5), Verdict::differs) << x;
  }
  for (const double x : {1e-1, 1e-3, 1e-6}) {
    EXPECT_EQ(judge<double>(sum_of([](const auto& v) { return abs(v); }), x, 0), Verdict::differs)
        << x;
    EXPECT_EQ(judge<double>(sum_of([](const auto& v) { return abs(v); }), x, -1), Verdict::differs)
        << x;
  }
}

TEST(Corners, TellABendFromACorner) {
  const auto f = sum_of([](const auto& x) { return sqrt(square(x) + 1e-12); });
  for (const double x : {0.0, 1e-9, 1e-6, 1e-3}) {
    EXPECT_EQ(judge<double>(f, x), Verdict::agrees) << x;
    EXPECT_EQ(judge<double>(f, x, 0.99 * x / std::sqrt(x * x + 1e-12) + 1e-4), Verdict::differs)
        << x;
  }
  EXPECT_NE(judge<double>(sum_of([](const auto& x) { return pow(abs(x), 1.5); }), 0),
            Verdict::kink);
  judge<double>(sum_of([](const auto& x) { return pow(x, 1.5); }), 0);
  judge<double>(sum_of([](const auto& x) { return sqrt(abs(x)); }), 0);
}
