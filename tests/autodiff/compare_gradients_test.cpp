#include <gtest/gtest.h>
#include <nablur/autodiff/compare_gradients.h>
#include <nablur/autodiff/random.h>
#include <nablur/ops/arithmetic.h>
#include <nablur/ops/elementwise.h>
#include <nablur/ops/reduce.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>
#include <type_traits>

using namespace nablur;

namespace {

using T = Tensor<double>;
using Named = NamedGradients<double>;
constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

const auto sum_of_exp = [](const auto& x) { return sum(exp(x)); };

template <class X>
using ScalarOf = typename std::remove_cvref_t<X>::value_type;

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

bool has_row(const GradientReport& report, const std::string& derivation, const std::string& against) {
  return std::any_of(report.rows.begin(), report.rows.end(),
                     [&](const GradientRow& row) { return row.derivation == derivation && row.against == against; });
}

GradientRow row_of(const GradientReport& report, const std::string& derivation, const std::string& against) {
  for (const GradientRow& row : report.rows) {
    if (row.derivation == derivation && row.against == against) return row;
  }
  ADD_FAILURE() << "no row for " << derivation << " against " << against;
  return {};
}

// The spoiled derivation is found out, and nobody else is accused.
void expect_only_by_hand_differs(const GradientReport& report) {
  EXPECT_FALSE(report.agrees());
  for (const GradientRow& row : report.rows) {
    EXPECT_TRUE(row.agrees || row.derivation == "by hand") << row.derivation << " against " << row.against;
  }
}

}  // namespace

TEST(CompareGradients, AgreesWhereAllDerivationsAreRight) {
  const auto report = compare_with(by_hand());
  EXPECT_TRUE(report.agrees()) << report;
  for (const char* name : {"tape", "forward mode", "by hand"}) EXPECT_TRUE(has_row(report, name, "differences")) << name;
  for (const char* name : {"forward mode", "by hand"}) EXPECT_TRUE(has_row(report, name, "tape")) << name;
}

TEST(CompareGradients, CatchesAWrongSign) { expect_only_by_hand_differs(compare_with(-by_hand())); }

TEST(CompareGradients, CatchesAWrongFactor) { expect_only_by_hand_differs(compare_with(by_hand() * 1.00001)); }

TEST(CompareGradients, CatchesEachElementThatIsOffBy1e5) {
  for (std::int64_t i = 0; i < 6; ++i) {
    const auto report = compare_with(with(by_hand(), i, by_hand().data()[i] * (1 + 1e-5)));
    expect_only_by_hand_differs(report);
    const GradientRow row = row_of(report, "by hand", "differences");
    EXPECT_FALSE(row.agrees);
    EXPECT_EQ(row.place, detail::concat("x0[", i / 3, ", ", i % 3, "]"));
    EXPECT_NEAR(row.relative, 1e-5, 1e-7);
    EXPECT_NEAR(row.absolute, 1e-5 * by_hand().data()[i], 1e-7 * by_hand().data()[i]);
    EXPECT_NEAR(row.reference, by_hand().data()[i], 1e-8);
    EXPECT_GT(row.step, 0);
  }
}

TEST(CompareGradients, CatchesANaNAndAnInfinity) {
  for (const double bad : {kNaN, kInf, -kInf}) {
    for (std::int64_t i = 0; i < 6; ++i) {
      const auto report = compare_with(with(by_hand(), i, bad));
      expect_only_by_hand_differs(report);
      EXPECT_FALSE(row_of(report, "by hand", "differences").agrees) << bad << " at " << i;
      EXPECT_FALSE(row_of(report, "by hand", "tape").agrees) << bad << " at " << i;
    }
  }
}

TEST(CompareGradients, CatchesAWrongShapeAndAWrongNumber) {
  const auto transposed = compare_with(by_hand().reshaped({3, 2}));
  expect_only_by_hand_differs(transposed);
  EXPECT_FALSE(compare_with(T()).agrees());
  EXPECT_FALSE(compare_with(T(1.0)).agrees());
  const auto none = compare_gradients(sum_of_exp, point(), {}, {Named{"by hand", {}}});
  expect_only_by_hand_differs(none);
  const auto two = compare_gradients(sum_of_exp, point(), {}, {Named{"by hand", {by_hand(), by_hand()}}});
  expect_only_by_hand_differs(two);
  std::ostringstream out;
  out << two << transposed;
  EXPECT_NE(out.str().find("2 gradients for 1 inputs"), std::string::npos);
  EXPECT_NE(out.str().find("x0 has shape (2, 3), its gradient (3, 2)"), std::string::npos);
}

// Operators whose pullback is wrong, seen by the same check from outside.
TEST(CompareGradients, CatchesAnOperatorWithABrokenPullback) {
  for (const double factor : {-1.0, 1.00001, 0.0, kNaN, kInf}) {
    const auto f = [factor](const auto& x) {
      using S = ScalarOf<decltype(x)>;
      const Tensor<S> y = exp(x).value();
      return sum(record("broken", y, {{x, [y, factor](const Tensor<S>& g) { return g * y * Tensor<S>(factor); }}}));
    };
    const auto report = compare_gradients(f, point());
    EXPECT_FALSE(report.agrees()) << factor;
    EXPECT_FALSE(row_of(report, "tape", "differences").agrees) << factor;
    EXPECT_TRUE(row_of(report, "forward mode", "differences").agrees) << factor;
  }
}

TEST(CompareGradients, CatchesABrokenForwardMode) {
  const auto f = [](const auto& x) {
    using S = ScalarOf<decltype(x)>;
    Tensor<S> y = exp(x).value();
    if constexpr (is_dual<S>) y.mutable_data()[4].tangent *= 1.00001;
    return sum(record("broken", y, {{x, [v = exp(x).value()](const Tensor<S>& g) { return g * v; }}}));
  };
  const auto report = compare_gradients(f, point());
  EXPECT_FALSE(report.agrees());
  EXPECT_TRUE(row_of(report, "tape", "differences").agrees);
  EXPECT_EQ(row_of(report, "forward mode", "differences").place, "x0[1, 1]");
}

TEST(CompareGradients, TellsWhichInputIsWrong) {
  const auto f = [](const auto& a, const auto& b) { return sum(a * b); };
  const T a{1, 2};
  const T b{3, 4};
  EXPECT_TRUE(compare_gradients(f, {a, b}, {}, {Named{"by hand", {b, a}}}).agrees());
  const auto report = compare_gradients(f, {a, b}, {}, {Named{"by hand", {b, with(a, 1, 2.1)}}});
  expect_only_by_hand_differs(report);
  EXPECT_EQ(row_of(report, "by hand", "tape").place, "x1[1]");
  EXPECT_FALSE(compare_gradients(f, {a, b}, {}, {Named{"by hand", {a, b}}}).agrees());
}

TEST(CompareGradients, WeighsOutputsOfMoreThanOneElement) {
  const auto f = [](const auto& x) { return exp(x); };
  const T weights = gradient_weights<double>({2, 3});
  EXPECT_TRUE(compare_gradients(f, point(), {}, {Named{"by hand", {weights * by_hand()}}}).agrees());
  EXPECT_FALSE(compare_gradients(f, point(), {}, {Named{"by hand", {by_hand()}}}).agrees());
  EXPECT_EQ(gradient_weights<double>({1, 1}).item(), 1);
}

TEST(CompareGradients, LooksAlongRandomDirectionsWhereAsked) {
  Random random(5);
  const auto x = T::normal({3000}, random);
  T gradient = x;
  for (std::int64_t i = 0; i < x.size(); ++i) gradient.mutable_data()[i] = std::exp(x(i));
  const CompareOptions options{.directions = 4};
  const auto right = compare_gradients(sum_of_exp, x, options, {Named{"by hand", {gradient}}});
  EXPECT_TRUE(right.agrees()) << right;
  EXPECT_EQ(right.rows[0].place.substr(0, 9), "direction");
  expect_only_by_hand_differs(compare_gradients(sum_of_exp, x, options, {Named{"by hand", {-gradient}}}));
  for (const double bad : {gradient(1234) + 1e-5, kNaN, kInf}) {
    const T spoiled = with(gradient, 1234, bad);
    expect_only_by_hand_differs(compare_gradients(sum_of_exp, x, options, {Named{"by hand", {spoiled}}}));
  }
}

TEST(CompareGradients, LeavesOutStepsThatLeaveTheDomain) {
  const auto f = [](const auto& x) {
    if (x.value()(0) <= ScalarOf<decltype(x)>(0.045)) fail("log: outside");
    return sum(log(x));
  };
  const auto report = compare_gradients(f, T{0.05}, {}, {Named{"by hand", {T{20}}}});
  EXPECT_TRUE(report.agrees()) << report;
  EXPECT_LT(row_of(report, "tape", "differences").step, 0.005);
  EXPECT_FALSE(compare_gradients(f, T{0.05}, {}, {Named{"by hand", {T{20.001}}}}).agrees());
}

TEST(CompareGradients, DoesNotAgreeWhereNoStepStaysInTheDomain) {
  const auto f = [](const auto& x) {
    if (!(x.value()(0) == ScalarOf<decltype(x)>(1))) fail("f: defined at 1 alone");
    return sum(x * 2.0);
  };
  const auto report = compare_gradients(f, T{1});
  EXPECT_FALSE(report.agrees());
  EXPECT_EQ(row_of(report, "tape", "differences").note, "no central difference inside the domain");
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
  const auto compare = [&] { return compare_gradients(sum_of_exp, x, {}, {NamedGradients<float>{"by hand", {g}}}); };
  EXPECT_TRUE(compare().agrees()) << compare();
  g.mutable_data()[1] *= 1.05f;
  EXPECT_FALSE(compare().agrees());
}

TEST(CompareGradients, LeavesItsInputsAsTheyWere) {
  const T x = point();
  const T copy(x.shape(), x.values());
  compare_gradients(sum_of_exp, x);
  EXPECT_TRUE(std::equal(x.begin(), x.end(), copy.begin()));
}

TEST(CompareGradients, PrintsARowForEachComparisonWithItsVerdict) {
  const auto report = compare_with(-by_hand());
  std::ostringstream out;
  out << report;
  const std::string text = out.str();
  EXPECT_EQ(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')), report.rows.size() + 1);
  for (const char* part : {"derivation", "by hand", "forward mode", "tape", "x0[", "agrees", "DIFFERS"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part;
  }
}
