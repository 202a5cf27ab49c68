// What must come out the same, however f is asked.

#include <gtest/gtest.h>
#include <nablur/ops/arithmetic.h>
#include <nablur/ops/elementwise.h>
#include <nablur/ops/gaussian_blur.h>
#include <nablur/ops/reduce.h>

#include <cmath>
#include <limits>

#include "verdicts.h"

using namespace nablur;

namespace {

using T = Tensor<double>;

// y as it is, with its gradient multiplied by a factor that is chosen when the reverse pass comes
// by.
template <class S, class Factor>
Variable<S> tampered(const Variable<S>& y, const Factor& factor) {
  return record("tampered", y.value(),
                {{y, [factor](const Tensor<S>& g) { return g * Tensor<S>(S(factor())); }}});
}

}  // namespace

TEST(Consistency, HasARowForEveryCheckAndTheyAgree) {
  const auto f = [](const auto& x, const auto& s) { return gaussian_blur(x, s, {.radius = 3}); };
  const auto report = compare_gradients(f, {T{1, 4, 2, -3, 5}, T(1.2)});
  EXPECT_TRUE(report.agrees()) << report;
  EXPECT_EQ(verdict_of(report, "value again", "value"), Verdict::agrees);
  EXPECT_EQ(verdict_of(report, "value on tape", "value"), Verdict::agrees);
  EXPECT_EQ(verdict_of(report, "tape again", "tape"), Verdict::agrees);
  EXPECT_EQ(verdict_of(report, "tape of x0", "tape"), Verdict::agrees);
  EXPECT_EQ(verdict_of(report, "tape of x1", "tape"), Verdict::agrees);
  EXPECT_EQ(verdict_of(report, "inputs", "before"), Verdict::agrees);
}

TEST(Consistency, AsksForEveryChoiceOfConstantsUpToAsManyInputsAsAllowed) {
  const auto f = [](const auto& a, const auto& b, const auto& c) { return sum(a * b * c); };
  const auto rows = [&](std::int64_t combinations) {
    const auto report =
        compare_gradients(f, {T(2.0), T(3.0), T(5.0)}, {.combinations = combinations});
    EXPECT_TRUE(report.agrees()) << report;
    std::vector<std::string> names;
    for (const GradientRow& row : report.rows) {
      if (row.derivation.rfind("tape of", 0) == 0) names.push_back(row.derivation);
    }
    return names;
  };
  const std::vector<std::string> all{"tape of x1, x2", "tape of x0, x2", "tape of x2",
                                     "tape of x0, x1", "tape of x1",     "tape of x0"};
  EXPECT_EQ(rows(3), all);
  EXPECT_EQ(rows(4), all);
  EXPECT_TRUE(rows(2).empty());
  EXPECT_TRUE(rows(0).empty());
}

TEST(Consistency, CatchesAGradientThatIsWrongIfAnotherInputIsAConstant) {
  const auto f = [](const auto& x, const auto& y) {
    const double factor = y.is_constant() ? 1.001 : 1;
    return sum(tampered(exp(x), [factor] { return factor; }) * y);
  };
  const auto report = compare_gradients(f, {T{0.1, 0.2}, T{3, 4}});
  expect_only_differ(report, {"tape of x0"});
  EXPECT_EQ(row_of(report, "tape of x0", "tape").place, "x0[1]");
  EXPECT_NEAR(row_of(report, "tape of x0", "tape").relative, 0.001, 1e-5);
  EXPECT_TRUE(compare_gradients(f, {T{0.1, 0.2}, T{3, 4}}, {.combinations = 0}).agrees());
}

TEST(Consistency, CatchesAnErrorThatIsThrownIfAnotherInputIsAConstant) {
  const auto f = [](const auto& x, const auto& y) {
    if (!x.is_constant() && y.is_constant()) fail("f: y must be on the tape");
    return sum(x * y);
  };
  const auto report = compare_gradients(f, {T{0.1, 0.2}, T{3, 4}});
  expect_only_differ(report, {"tape of x0"});
  EXPECT_EQ(row_of(report, "tape of x0", "tape").note, "f: y must be on the tape");
}

TEST(Consistency, CatchesAGradientThatIsWrongTheSecondTime) {
  int passes = 0;
  const auto f = [&](const auto& x) {
    return sum(
        tampered(exp(x), [&passes] { return ++passes == 2 ? 1 + 1e-15 : 1.0; }));  // the last bits
  };
  expect_only_differ(compare_gradients(f, T{0.3, 0.4}), {"tape again"});
}

TEST(Consistency, CatchesAValueThatIsAnotherTheSecondTime) {
  int calls = 0;
  const auto f = [&](const auto& x) { return sum(exp(x)) + (++calls == 2 ? 1e-15 : 0.0); };
  const auto report = compare_gradients(f, T(0.3));
  expect_only_differ(report, {"value again"});
  EXPECT_EQ(row_of(report, "value again", "value").place, "f");
}

TEST(Consistency, CatchesAValueThatIsAnotherOnTheTape) {
  const auto f = [](const auto& x) { return exp(x) + (x.is_constant() ? 0.0 : 1e-15); };
  const auto report = compare_gradients(f, T{0.3, 0.4});
  expect_only_differ(report, {"value on tape"});
  EXPECT_EQ(row_of(report, "value on tape", "value").note, "not the same bits");
  const auto shape = [](const auto& x) { return x.is_constant() ? exp(x) : sum(exp(x)); };
  const auto other = compare_gradients(shape, T{0.3, 0.4});
  expect_only_differ(other, {"value on tape"});
  EXPECT_EQ(row_of(other, "value on tape", "value").note, "f has shape () and (2,)");
}

TEST(Consistency, TakesNaNForNaN) {
  const auto f = [](const auto& x, const auto& y) { return sum(log(x)) + sum(y); };
  const auto report = compare_gradients(f, {T{-1}, T{1}});
  for (const char* row : {"value again", "value on tape"})
    EXPECT_EQ(verdict_of(report, row, "value"), Verdict::agrees);
  EXPECT_EQ(verdict_of(report, "tape again", "tape"), Verdict::agrees);
}

TEST(Consistency, CatchesAFunctionThatWritesIntoItsInput) {
  const T x{1, 2, 3};
  const auto f = [](const auto& v) {
    using S = ScalarOf<decltype(v)>;
    const auto y = sum(exp(v));
    const_cast<S*>(v.value().data())[1] = S(7);
    return y;
  };
  const auto report = compare_gradients(f, x);
  EXPECT_EQ(verdict_of(report, "inputs", "before"), Verdict::differs);
  for (const GradientRow& r : report.rows) EXPECT_NE(r.against, "differences") << "of what?";
  const GradientRow row = row_of(report, "inputs", "before");
  EXPECT_EQ(row.place, "x0[1]");
  EXPECT_EQ(row.reference, 2);
  EXPECT_EQ(row.value, 7);
}

TEST(Consistency, CatchesAPullbackThatWritesIntoItsInput) {
  const auto f = [](const auto& v) {
    using S = ScalarOf<decltype(v)>;
    const Tensor<S> x = v.value();
    return sum(record("writes", exp(v).value(), {{v, [x](const Tensor<S>& g) {
                                                    const Tensor<S> d = g * exp(x).value();
                                                    const_cast<S*>(x.data())[0] = S(0.5);
                                                    return d;
                                                  }}}));
  };
  EXPECT_EQ(verdict_of(compare_gradients(f, T{1, 2, 3}), "inputs", "before"), Verdict::differs);
}

TEST(Consistency, CatchesForwardModeThatWritesIntoAnInput) {
  const T captured{1, 2, 3};
  const auto f = [&](const auto& v) {
    if constexpr (is_dual<ScalarOf<decltype(v)>>) const_cast<double*>(captured.data())[2] = 4;
    return sum(v * 2.0);
  };
  expect_only_differ(compare_gradients(f, captured), {"inputs"});
}
