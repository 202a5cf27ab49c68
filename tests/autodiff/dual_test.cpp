#include <gtest/gtest.h>
#include <nablur/autodiff/dual.h>

#include <limits>

using namespace nablur;

namespace {

using D = Dual<double>;
constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Slope of a function by central differences in long double: error about h² + 1e-19/h.
template <class F>
double slope_of(const F& f, double x) {
  constexpr long double h = 1e-6L;
  const auto at = static_cast<long double>(x);
  return static_cast<double>((f(at + h) - f(at - h)) / (2 * h));
}

// The value is std's, and the tangent follows the slope and is linear in x's.
template <class F>
void expect_derivative(const char* name, const F& f, std::initializer_list<double> points) {
  for (const double x : points) {
    SCOPED_TRACE(testing::Message() << name << " at " << x);
    const double slope = slope_of(f, x);
    const D y = f(D(x, 1.0));
    EXPECT_DOUBLE_EQ(y.value, f(x));
    EXPECT_NEAR(y.tangent, slope, 1e-9 * (1 + std::abs(slope)));
    EXPECT_DOUBLE_EQ(f(D(x, -2.5)).tangent, -2.5 * y.tangent);
    EXPECT_EQ(f(D(x)).tangent, 0.0);
    const Dual<float> z = f(Dual<float>(static_cast<float>(x), 1.0f));
    EXPECT_NEAR(z.tangent, slope, 1e-5 * (1 + std::abs(slope)));
  }
}

}  // namespace

// One overload set for numbers and Duals.
#define NABLUR_BOTH(f) \
  [](const auto& x) {  \
    using std::f;      \
    return f(x);       \
  }

TEST(Dual, KnowsTheSlopeOfEachFunction) {
  expect_derivative("exp", NABLUR_BOTH(exp), {-2.0, 0.0, 1.5});
  expect_derivative("expm1", NABLUR_BOTH(expm1), {-2.0, 0.0, 1.5});
  expect_derivative("log", NABLUR_BOTH(log), {0.25, 1.0, 7.0});
  expect_derivative("log1p", NABLUR_BOTH(log1p), {-0.5, 0.0, 7.0});
  expect_derivative("sqrt", NABLUR_BOTH(sqrt), {0.25, 1.0, 7.0});
  expect_derivative("abs", NABLUR_BOTH(abs), {-2.0, 3.0});
  expect_derivative("sin", NABLUR_BOTH(sin), {-2.0, 0.0, 1.5});
  expect_derivative("cos", NABLUR_BOTH(cos), {-2.0, 0.5, 1.5});
  expect_derivative("tanh", NABLUR_BOTH(tanh), {-2.0, 0.0, 1.5});
  expect_derivative("erf", NABLUR_BOTH(erf), {-2.0, 0.0, 1.5});
}
#undef NABLUR_BOTH

TEST(Dual, KnowsBothSlopesOfPow) {
  const double a = 1.7;
  const double b = -2.3;
  EXPECT_DOUBLE_EQ(pow(D(a, 1), D(b)).tangent, b * std::pow(a, b - 1));
  EXPECT_DOUBLE_EQ(pow(D(a), D(b, 1)).tangent, std::pow(a, b) * std::log(a));
  EXPECT_DOUBLE_EQ(pow(D(a, 2), D(b, 3)).tangent,
                   2 * b * std::pow(a, b - 1) + 3 * std::pow(a, b) * std::log(a));
  EXPECT_EQ(pow(D(-2.0, 1), D(3.0)).tangent, 12.0);
  EXPECT_EQ(pow(D(0.0, 1), D(0.0)).tangent, 0.0);
  EXPECT_EQ(pow(D(0.0), D(2.0, 1)).tangent, 0.0);
}

TEST(Dual, FollowsTheRulesOfArithmetic) {
  const D a(3, 5);
  const D b(4, -7);
  EXPECT_EQ((a + b).value, 7);
  EXPECT_EQ((a + b).tangent, -2);
  EXPECT_EQ((a - b).value, -1);
  EXPECT_EQ((a - b).tangent, 12);
  EXPECT_EQ((a * b).value, 12);
  EXPECT_EQ((a * b).tangent, 5 * 4 + -7 * 3);
  EXPECT_EQ((a / b).value, 0.75);
  EXPECT_EQ((a / b).tangent, (5.0 * 4 - 3.0 * -7) / 16);
  EXPECT_EQ((-a).value, -3);
  EXPECT_EQ((-a).tangent, -5);
}

TEST(Dual, AssignsAsItComputes) {
  const D b(4, -7);
  D a(3, 5);
  a += b;
  EXPECT_EQ(a.tangent, -2);
  a -= b;
  EXPECT_EQ(a.tangent, 5);
  a *= b;
  EXPECT_EQ(a.tangent, -1);
  a /= b;
  EXPECT_EQ(a.value, 3);
  EXPECT_EQ(a.tangent, 5);
  a = 2;
  EXPECT_EQ(a.value, 2);
  EXPECT_EQ(a.tangent, 0);
}

TEST(Dual, ComparesValuesAlone) {
  EXPECT_TRUE(D(1, 2) == D(1, 3));
  EXPECT_TRUE(D(1, 9) < D(2, 0));
  EXPECT_TRUE(D(2, 0) > D(1, 9));
  EXPECT_TRUE(D(1, 2) <= D(1, 1));
  EXPECT_TRUE(D(1, 2) >= D(1, 3));
  EXPECT_FALSE(D(1, 2) < D(1, 3));
}

TEST(Dual, KeepsAZeroTangentWhereTheSlopeIsInfinite) {
  EXPECT_EQ(sqrt(D(0)).tangent, 0);
  EXPECT_EQ(log(D(0)).tangent, 0);
  EXPECT_EQ(log1p(D(-1)).tangent, 0);
  EXPECT_EQ((D(1) / D(0)).tangent, 0);
  EXPECT_EQ((D(kInf) * D(2)).tangent, 0);
  EXPECT_EQ((D(kNaN) * D(2)).tangent, 0);
  EXPECT_EQ(exp(D(kInf)).tangent, 0);
  EXPECT_EQ(sqrt(D(0, 1)).tangent, kInf);
  EXPECT_EQ(log(D(0, 1)).tangent, kInf);
}

TEST(Dual, HasTheLimitsOfTheFunctions) {
  EXPECT_EQ(abs(D(0, 1)).tangent, 0);
  EXPECT_TRUE(std::isnan(abs(D(kNaN, 1)).tangent));
  EXPECT_EQ(tanh(D(800, 1)).tangent, 0);
  EXPECT_EQ(tanh(D(-800, 1)).value, -1);
  // 4 e^(−40), where 1 − tanh² has no digit left
  EXPECT_NEAR(tanh(D(20, 1)).tangent / (4 * std::exp(-40.0)), 1, 1e-14);
  EXPECT_EQ(exp(D(-kInf, 1)).tangent, 0);
}

TEST(Dual, TellsWhetherEitherPartIsFinite) {
  EXPECT_TRUE(isfinite(D(1, 2)));
  EXPECT_FALSE(isfinite(D(1, kInf)));
  EXPECT_FALSE(isfinite(D(kNaN, 0)));
  EXPECT_TRUE(isnan(D(0, kNaN)));
  EXPECT_FALSE(isnan(D(0, kInf)));
  EXPECT_TRUE(isinf(D(kInf, 0)));
  EXPECT_TRUE(isinf(D(0, -kInf)));
  EXPECT_FALSE(isinf(D(0, 0)));
}

TEST(Dual, ChainsWithZeroBeforeInfinity) {
  EXPECT_EQ(chain(0.0, kInf), 0);
  EXPECT_EQ(chain(kNaN, 0.0), 0);
  EXPECT_EQ(chain(2.0, 3.0), 6);
  // (2 + 3ε)(5 + 7ε) = 10 + 29ε
  EXPECT_EQ(chain(D(2, 3), D(5, 7)).value, 10);
  EXPECT_EQ(chain(D(2, 3), D(5, 7)).tangent, 29);
  EXPECT_EQ(chain(D(0, 0), D(kInf, kInf)).tangent, 0);
}

TEST(Dual, HasTheLimitsOfItsValue) {
  EXPECT_EQ(std::numeric_limits<D>::epsilon(), std::numeric_limits<double>::epsilon());
  EXPECT_EQ(std::numeric_limits<Dual<float>>::max(), std::numeric_limits<float>::max());
  static_assert(is_dual<D> && !is_dual<double>);
}
