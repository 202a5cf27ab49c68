#include <gtest/gtest.h>
#include <nablur/gradcheck/compare_gradients.h>
#include <nablur/ops/arithmetic.h>
#include <nablur/ops/elementwise.h>
#include <nablur/ops/indexing.h>
#include <nablur/ops/matmul.h>
#include <nablur/ops/reduce.h>
#include <nablur/ops/reshape.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <new>

#include "../messages.h"
#include "verdicts.h"

using namespace nablur;

namespace {

using T = Tensor<double>;
using Named = NamedGradients<double>;
constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

const auto sum_of_exp = [](const auto& x) { return sum(exp(x)); };

T point() { return T({2, 3}, {0.5, -1, 2, 0.1, 1.5, -0.3}); }

// The gradient of sum_of_exp at the point, by hand.
T by_hand() {
  T g = point();
  for (std::int64_t i = 0; i < g.size(); ++i) g.mutable_data()[i] = std::exp(g.data()[i]);
  return g;
}

T with(T t, std::int64_t i, double number) {
  t.mutable_data()[i] = number;
  return t;
}

GradientReport compare_with(const T& gradient, const CompareOptions& options = {}) {
  return compare_gradients(sum_of_exp, point(), options, {Named{"by hand", {gradient}}});
}

// The spoilt derivation is found out, and nobody else is accused.
void expect_only_by_hand_differs(const GradientReport& report) {
  expect_only_differ(report, {"by hand"});
}

}  // namespace

TEST(CompareGradients, AgreesIfAllDerivationsAreRight) {
  const auto report = compare_with(by_hand());
  EXPECT_TRUE(report.agrees()) << report;
  for (const char* name : {"tape", "forward mode", "by hand"})
    EXPECT_EQ(verdict_of(report, name), Verdict::agrees) << name;
  for (const char* name : {"forward mode", "by hand"})
    EXPECT_EQ(verdict_of(report, name, "tape"), Verdict::agrees) << name;
}

// ---- gradients that are wrong -----------------------------------------------------------------

TEST(CompareGradients, CatchesAWrongSign) { expect_only_by_hand_differs(compare_with(-by_hand())); }

TEST(CompareGradients, CatchesAWrongFactor) {
  expect_only_by_hand_differs(compare_with(by_hand() * 1.00001));
}

TEST(CompareGradients, CatchesEachElementThatIsOffBy1e5) {
  for (std::int64_t i = 0; i < 6; ++i) {
    const auto report = compare_with(with(by_hand(), i, by_hand().data()[i] * (1 + 1e-5)));
    expect_only_by_hand_differs(report);
    const GradientRow row = row_of(report, "by hand", "differences");
    EXPECT_EQ(row.verdict, Verdict::differs);
    EXPECT_EQ(row.place, detail::concat("x0[", i / 3, ", ", i % 3, "]"));
    EXPECT_NEAR(row.relative, 1e-5, 1e-7);
    EXPECT_NEAR(row.absolute, 1e-5 * by_hand().data()[i], 1e-7 * by_hand().data()[i]);
    EXPECT_NEAR(row.reference, by_hand().data()[i], 1e-8);
    EXPECT_GT(row.step, 0);
  }
}

RC_GTEST_PROP(CompareGradients, CatchesOneElementThatIsOffByAnyAmount, ()) {
  const auto i = *rc::gen::inRange<std::int64_t>(0, 6);
  const double factor =
      1 + *rc::gen::element(-1.0, 1.0) * std::pow(10.0, *rc::gen::inRange(-5000, 3000) / 1000.0);
  const auto report = compare_with(with(by_hand(), i, by_hand().data()[i] * factor));
  for (const GradientRow& row : report.rows) {
    RC_ASSERT(
        (row.verdict == Verdict::differs) ==
        (row.derivation == "by hand" && (row.against == "differences" || row.against == "tape")));
  }
}

TEST(CompareGradients, CatchesATransposedGradient) {
  const T a{{1, 2, 3}, {4, 5, 6}, {7, 8, 10}};
  const T b{{2, -1, 0}, {0, 3, 1}, {1, 1, -2}};
  const auto f = [](const auto& x, const auto& y) { return sum(matmul(x, y) * matmul(x, y)); };
  const auto d = vjp(f, {a, b}, 1.0);
  EXPECT_TRUE(compare_gradients(f, {a, b}, {}, {Named{"by hand", {d[0], d[1]}}}).agrees());
  const auto report =
      compare_gradients(f, {a, b}, {}, {Named{"by hand", {d[0], transpose(d[1]).value()}}});
  expect_only_by_hand_differs(report);
  EXPECT_EQ(verdict_of(report, "by hand", "differences", 0), Verdict::agrees);
  EXPECT_EQ(verdict_of(report, "by hand", "differences", 1), Verdict::differs);
}

TEST(CompareGradients, CatchesANaNAndAnInfinity) {
  for (const double bad : {kNaN, kInf, -kInf}) {
    for (std::int64_t i = 0; i < 6; ++i) {
      const auto report = compare_with(with(by_hand(), i, bad));
      expect_only_by_hand_differs(report);
      EXPECT_EQ(verdict_of(report, "by hand"), Verdict::differs) << bad << " at " << i;
      EXPECT_EQ(verdict_of(report, "by hand", "tape"), Verdict::differs) << bad << " at " << i;
    }
  }
}

TEST(CompareGradients, CatchesAWrongShapeAndAWrongNumber) {
  const auto transposed = compare_with(by_hand().reshaped({3, 2}));
  expect_only_by_hand_differs(transposed);
  EXPECT_EQ(row_of(transposed, "by hand", "differences").note,
            "x0 has shape (2, 3), its gradient (3, 2)");
  expect_only_by_hand_differs(compare_with(T()));
  expect_only_by_hand_differs(compare_with(T(1.0)));
  expect_only_by_hand_differs(compare_gradients(sum_of_exp, point(), {}, {Named{"by hand", {}}}));
  const auto two =
      compare_gradients(sum_of_exp, point(), {}, {Named{"by hand", {by_hand(), by_hand()}}});
  expect_only_by_hand_differs(two);
  EXPECT_EQ(row_of(two, "by hand", "differences").note, "2 gradients for 1 inputs");
}

// Operators whose pullback is wrong, seen by the same check from outside.
TEST(CompareGradients, CatchesAnOperatorWithABrokenPullback) {
  for (const double factor : {-1.0, 1.00001, 0.0, kNaN, kInf}) {
    const auto f = [factor](const auto& x) {
      using S = ScalarOf<decltype(x)>;
      const Tensor<S> y = exp(x).value();
      return sum(record("broken", y, {{x, [y, factor](const Tensor<S>& g) {
                                         return g * y * Tensor<S>(factor);
                                       }}}));
    };
    const auto report = compare_gradients(f, point());
    EXPECT_EQ(verdict_of(report, "tape"), Verdict::differs) << factor;
    EXPECT_EQ(verdict_of(report, "forward mode"), Verdict::agrees) << factor;
  }
}

TEST(CompareGradients, CatchesAPullbackOfAWrongShape) {
  const auto f = [](const auto& x) {
    using S = ScalarOf<decltype(x)>;
    return sum(record("broken", exp(x).value(),
                      {{x, [](const Tensor<S>&) { return Tensor<S>::zeros({5}); }}}));
  };
  const auto report = compare_gradients(f, point());
  expect_only_differ(report, {"tape"});
  EXPECT_EQ(row_of(report, "tape", "tape").note.rfind("broken: its pullback gave shape (5,)", 0),
            0u)
      << report;
  EXPECT_EQ(verdict_of(report, "forward mode"), Verdict::agrees);
}

TEST(CompareGradients, CatchesABrokenForwardMode) {
  const auto f = [](const auto& x) {
    using S = ScalarOf<decltype(x)>;
    Tensor<S> y = exp(x).value();
    if constexpr (is_dual<S>) y.mutable_data()[4].tangent *= 1.00001;
    return sum(
        record("broken", y, {{x, [v = exp(x).value()](const Tensor<S>& g) { return g * v; }}}));
  };
  const auto report = compare_gradients(f, point());
  expect_only_differ(report, {"forward mode"});
  EXPECT_EQ(row_of(report, "forward mode", "differences").place, "x0[1, 1]");
}

TEST(CompareGradients, CatchesForwardModeThatThrowsOrChangesTheShape) {
  const auto throws = [](const auto& x) {
    if constexpr (is_dual<ScalarOf<decltype(x)>>) fail("f: no Duals");
    return sum(exp(x));
  };
  const auto report = compare_gradients(throws, point());
  expect_only_differ(report, {"forward mode"});
  EXPECT_EQ(row_of(report, "forward mode", "differences").note, "f: no Duals");
  const auto reshapes = [](const auto& x) {
    return is_dual<ScalarOf<decltype(x)>> ? exp(x) : sum(exp(x));
  };
  expect_only_differ(compare_gradients(reshapes, point()), {"forward mode"});
}

// Two exact derivations part where great slopes cancel: by the rounding of these, and not more.
TEST(CompareGradients, DoesNotAccuseARoundedExactDerivation) {
  const auto f = [](const auto& x) { return sum(x) + 1.0; };
  const auto off = [&](double by) {
    return compare_gradients(f, T{0.5}, {.exact = 1e-16}, {Named{"by hand", {T{1 + by}}}});
  };
  EXPECT_EQ(verdict_of(off(4e-16), "by hand", "tape"), Verdict::cannot_tell);
  EXPECT_EQ(verdict_of(off(4e-14), "by hand", "tape"), Verdict::differs);
}

// ---- the second order -------------------------------------------------------------------------

TEST(CompareGradients, ChecksTheSecondOrderIfAskedTo) {
  const auto f = [](const auto& x, const auto& y) { return exp(x * y) * sin(y); };
  const T x{0.3, -0.4};
  const T y{1.1, 0.7};
  for (const GradientRow& row : compare_gradients(f, {x, y}).rows) EXPECT_NE(row.derivation, "hvp");
  for (const std::int64_t directions : {0, 3}) {
    const auto report =
        compare_gradients(f, {x, y}, {.directions = directions, .second_order = true});
    EXPECT_TRUE(report.agrees()) << report;
    EXPECT_EQ(verdict_of(report, "hvp", "differences of gradients"), Verdict::agrees);
    EXPECT_EQ(verdict_of(report, "hvp", "transposed"), Verdict::agrees);
  }
}

// The gradient is right; its derivative is not.
TEST(CompareGradients, CatchesAWrongSecondOrder) {
  for (const double factor : {0.0, -1.0, 1.001}) {
    const auto f = [factor](const auto& x) {
      const auto slope = [factor](const auto& v) {
        auto s = exp(v);
        if constexpr (is_dual<std::remove_cvref_t<decltype(s)>>) s.tangent *= factor;
        return s;
      };
      using std::exp;
      return sum(pointwise(x, [](const auto& v) { return exp(v); }, slope));
    };
    EXPECT_TRUE(compare_gradients(f, T{0.3, 0.5}).agrees());
    const auto report = compare_gradients(f, T{0.3, 0.5}, {.second_order = true});
    expect_only_differ(report, {"hvp"});
    EXPECT_EQ(verdict_of(report, "hvp", "differences of gradients"), Verdict::differs) << factor;
  }
}

// d/dy of the gradient by x is dropped: the products are no longer those of a symmetric matrix.
TEST(CompareGradients, CatchesAHessianThatIsNotSymmetric) {
  const auto f = [](const auto& x, const auto& y) {
    using S = ScalarOf<decltype(x)>;
    Tensor<S> frozen = y.value();
    if constexpr (is_dual<S>)
      frozen = make_dual(frozen.template cast<decltype(S::value)>(), T::zeros(frozen.shape()));
    const Tensor<S> v = x.value();
    return sum(record("half", (x * y).value(),
                      {{x, [frozen](const Tensor<S>& g) { return g * frozen; }},
                       {y, [v](const Tensor<S>& g) { return g * v; }}}));
  };
  const auto report = compare_gradients(f, {T{0.3, 0.5}, T{2, 3}}, {.second_order = true});
  EXPECT_EQ(verdict_of(report, "hvp", "transposed"), Verdict::differs);
  EXPECT_TRUE(compare_gradients(f, {T{0.3, 0.5}, T{2, 3}}).agrees());
}

// ---- options, weights, errors -----------------------------------------------------------------

TEST(CompareGradients, WeighsOutputsOfMoreThanOneElement) {
  const auto f = [](const auto& x) { return exp(x); };
  const T weights = gradient_weights<double>({2, 3});
  EXPECT_TRUE(
      compare_gradients(f, point(), {}, {Named{"by hand", {weights * by_hand()}}}).agrees());
  expect_only_by_hand_differs(compare_gradients(f, point(), {}, {Named{"by hand", {by_hand()}}}));
  EXPECT_EQ(gradient_weights<double>({1, 1}).item(), 1);
}

TEST(CompareGradients, ComparesAFunctionWithoutElements) {
  const auto f = [](const auto& x) { return slice(x, {{0, 0}}); };
  const auto report = compare_gradients(f, T{1, 2});
  EXPECT_TRUE(report.agrees()) << report;
}

TEST(CompareGradients, HonoursItsTolerances) {
  const T off = by_hand() * 1.0001;
  EXPECT_FALSE(compare_with(off).agrees());
  EXPECT_TRUE(compare_with(off, {.relative = 1e-3, .exact = 1e-3}).agrees());
  EXPECT_FALSE(compare_with(off, {.relative = 1e-3}).agrees());
  EXPECT_FALSE(compare_with(off, {.exact = 1e-3}).agrees());
}

TEST(CompareGradients, WorksInFloat) {
  const Tensor<float> x{0.5f, -1.0f};
  Tensor<float> g{std::exp(0.5f), std::exp(-1.0f)};
  const auto compare = [&] {
    return compare_gradients(sum_of_exp, x, {}, {NamedGradients<float>{"by hand", {g}}});
  };
  EXPECT_TRUE(compare().agrees()) << compare();
  g.mutable_data()[1] *= 1.05f;
  expect_only_by_hand_differs(compare());
}

TEST(CompareGradients, LeavesItsInputsAsTheyWere) {
  const T x = point();
  const T copy(x.shape(), x.values());
  compare_gradients(sum_of_exp, x);
  EXPECT_TRUE(std::equal(x.begin(), x.end(), copy.begin()));
}

TEST(CompareGradients, ThrowsWhatFThrowsAtTheInputsThemselves) {
  const auto f = [](const auto& x) {
    if (x.size() > 0) fail("f: never");
    return sum(x);
  };
  EXPECT_EQ(message_of([&] { compare_gradients(f, point()); }), "f: never");
  struct Foreign {};
  const auto foreign = [](const auto& x) {
    if (plain(x.value().data()[0]) != 0.5) throw Foreign();
    return sum(x);
  };
  EXPECT_THROW(compare_gradients(foreign, point()), Foreign);
}

// At a displaced input an Error is no value; refused memory is not to be mistaken for one.
TEST(CompareGradients, TellsRefusedMemoryFromAStepWithoutValue) {
  const auto refuses = [](const auto& refuse) {
    return [&refuse](const auto& x) {
      if (plain(x.value().data()[0]) != 0.5) refuse();
      return sum(exp(x));
    };
  };
  const auto standard = [] { throw std::bad_alloc(); };
  const auto ours = [] { throw OutOfMemory("pool", 80); };
  EXPECT_THROW(compare_gradients(refuses(standard), point()), OutOfMemory);
  EXPECT_EQ(message_of([&] { compare_gradients(refuses(standard), point()); }),
            "compare_gradients: memory could not be had from the system");
  EXPECT_EQ(message_of([&] { compare_gradients(refuses(ours), point()); }),
            "pool: 80 bytes of memory could not be had from the system");
}
