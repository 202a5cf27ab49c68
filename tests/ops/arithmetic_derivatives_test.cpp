// First and second derivatives of products, quotients and powers over the whole range, against long
// double.

#include <gtest/gtest.h>

#include <vector>

#include "arithmetic_helpers.h"

using namespace nablur;
using namespace nablur::arithmetic_test;

namespace {

// Value, both slopes in both modes, and the three second derivatives of a function of two numbers,
// against long double.
struct Reference {
  Wide y, by_a, by_b, by_aa, by_ab, by_bb;
};

template <class F>
void expect_slopes(const F& f, double a, double b, const Reference& want) {
  const std::string at = detail::concat("at (", a, ", ", b, ")");
  const D x[2] = {a, b};
  EXPECT_LE(ulps(f(constant(a), constant(b)).item(), want.y), 2) << at;
  const auto reverse = vjp(f, x, 1.0);
  EXPECT_LE(ulps(reverse[0].item(), want.by_a), 4) << at;
  EXPECT_LE(ulps(reverse[1].item(), want.by_b), 4) << at;
  EXPECT_LE(ulps(jvp(f, x, {D(1.0), D(0.0)}).item(), want.by_a), 4) << at;
  EXPECT_LE(ulps(jvp(f, x, {D(0.0), D(1.0)}).item(), want.by_b), 4) << at;
}

// `spread` is how far the mixed derivative cancels: the magnitude of its terms over its own.
template <class F>
void expect_curvatures(const F& f, double a, double b, const Reference& want, Wide spread = 1) {
  const std::string at = detail::concat("at (", a, ", ", b, ")");
  const D x[2] = {a, b};
  const auto along_a = hvp(f, x, {D(1.0), D(0.0)}), along_b = hvp(f, x, {D(0.0), D(1.0)});
  EXPECT_LE(ulps(along_a[0].item(), want.by_aa), 8) << at;
  EXPECT_LE(ulps(along_a[1].item(), want.by_ab), 8 * spread) << at;
  EXPECT_LE(ulps(along_b[0].item(), want.by_ab), 8 * spread) << at;
  EXPECT_LE(ulps(along_b[1].item(), want.by_bb), 8) << at;
}

TEST(Arithmetic, ProductsAndQuotientsAreExactOverTheWholeRange) {
  for (const double b : {-1e300, -3.0, -1e-100, 5e-324, 1e-160, 0.7, 1.0, 40.0, 1e155, 1.7e308}) {
    for (const double a : {-1e300, -1.0, -1e-200, 0.0, 1e-300, 0.3, 800.0, 1e200}) {
      const Wide p = a, q = b;
      const Reference quotient{p / q, 1 / q, -p / q / q, 0, -1 / q / q, 2 * p / q / q / q},
          product{p * q, q, p, 0, 1, 0};
      expect_slopes(divide, a, b, quotient);
      expect_curvatures(divide, a, b, quotient);
      expect_slopes(multiply, a, b, product);
      expect_curvatures(multiply, a, b, product);
    }
  }
}

// Exponents of few digits, so that b − 1 is exact.
Reference power_reference(Wide a, Wide b) {
  const Wide y = std::pow(a, b), ln = std::log(a), steep = std::pow(a, b - 1);
  return {y,          b * steep, y * ln, b * (b - 1) * std::pow(a, b - 2), steep * (1 + b * ln),
          y * ln * ln};
}

TEST(Arithmetic, PowersAreExactOverTheWholeRange) {
  for (const double a : {5e-324, 1e-300, 1e-20, 0.3, 1.0, 2.5, 800.0, 1e100, 1.7e308}) {
    for (const double b : {-2.0, -1.0, -0.5, 0.125, 0.5, 1.0, 1.5, 2.0, 3.0, 40.0}) {
      const Reference want = power_reference(a, b);
      expect_slopes(power, a, b, want);
      const Wide term = b * std::log(static_cast<Wide>(a)),
                 spread = (1 + std::abs(term)) / std::abs(1 + term);
      if (a > 1e-308 && std::isnormal(static_cast<double>(want.y)))
        expect_curvatures(power, a, b, want, spread);
    }
  }
}

TEST(Arithmetic, MixedSecondDerivativesOfPowOutliveThePowerItself) {
  for (const auto& [a, b] : {std::pair{1e-300, 1.5},
                             {1e-200, 2.0},
                             {1.7e308, 1.5},
                             {5e-324, 0.5}}) {  // a^b is 0 or ∞, or 1/a is ∞
    const Wide want = power_reference(a, b).by_ab;
    const D x[2] = {a, b};
    EXPECT_LE(ulps(hvp(power, x, {D(1.0), D(0.0)})[1].item(), want), 8) << a << "^" << b;
    EXPECT_LE(ulps(hvp(power, x, {D(0.0), D(1.0)})[0].item(), want), 8) << a << "^" << b;
  }
}

TEST(Arithmetic, AConstantExponentHasCleanDerivativesAtZeroAndBelow) {
  struct Case {
    double x, exponent, y, slope, curvature;
  };
  const Case cases[] = {{0, 0, 1, 0, 0},
                        {0, 1, 0, 1, 0},
                        {0, 2, 0, 0, 2},
                        {0, 3, 0, 0, 0},
                        {-0.0, 2, 0, 0, 2},
                        {-2, 3, -8, 12, -12},
                        {-2, 2, 4, -4, 2},
                        {-2, 0, 1, 0, 0},
                        {-2, -1, -0.5, -0.25, -0.25},
                        {kInf, 2, kInf, kInf, 2},
                        {kInf, 0, 1, 0, 0},
                        {kInf, -1, 0, 0, 0},
                        {-kInf, 3, -kInf, kInf, -kInf},
                        {0, 0.5, 0, kInf, -kInf},
                        {0, -1, kInf, -kInf, kInf},
                        {1e-200, 2, 0, 2e-200, 2},
                        {-800, 1, -800, 1, 0}};
  for (const Case& c : cases) {
    const auto f = [&c](const auto& x) { return pow(x, c.exponent); };
    EXPECT_EQ(f(constant(c.x)).item(), c.y) << c.x << "^" << c.exponent;
    EXPECT_EQ(vjp(f, D(c.x), 1.0).item(), c.slope) << c.x << "^" << c.exponent;
    EXPECT_EQ(jvp(f, D(c.x), D(1.0)).item(), c.slope) << c.x << "^" << c.exponent;
    EXPECT_EQ(hvp(f, D(c.x), D(1.0)).item(), c.curvature) << c.x << "^" << c.exponent;
  }
  EXPECT_TRUE(std::isnan(pow(constant(-2.0), 0.5).item()));
  EXPECT_TRUE(std::isnan(vjp([](const auto& x) { return pow(x, 2); }, D(kNan), 1.0).item()));
}

TEST(Arithmetic, TheSlopeOfPowByItsExponentIsZeroWhereThePowerIsAndNanBelowZero) {
  EXPECT_EQ(vjp(power, {D(0.0), D(2.0)}, 1.0)[1].item(), 0.0);
  EXPECT_EQ(jvp(power, {D(0.0), D(2.0)}, {D(0.0), D(1.0)}).item(), 0.0);
  EXPECT_TRUE(std::isnan(vjp(power, {D(-2.0), D(3.0)}, 1.0)[1].item()));
  EXPECT_EQ(vjp(power, {D(-2.0), D(3.0)}, 1.0)[0].item(), 12.0);
}

// An exponent that is trained on data which hold a 0.
TEST(Arithmetic, APowerOfZeroPullsItsExponentNowhere) {
  for (const double b : {0.0, 0.5, 1.0, 2.0}) {
    EXPECT_EQ(vjp(power, {D(0.0), D(b)}, 1.0)[1].item(), 0.0) << b;
    EXPECT_EQ(jvp(power, {D(0.0), D(b)}, {D(0.0), D(1.0)}).item(), 0.0) << b;
    EXPECT_EQ(hvp(power, {D(0.0), D(b)}, {D(0.0), D(1.0)})[1].item(), 0.0) << b;
  }
  EXPECT_EQ(vjp(power, {D(0.0), D(-1.0)}, 1.0)[1].item(), -kInf);
  const auto error = [](const auto& b) {
    return sum(square(pow(D{0.0, 0.25, 4.0}, b) - D{1.0, 0.5, 2.0}));
  };
  EXPECT_TRUE(std::isfinite(vjp(error, D(0.0), 1.0).item()));
}

// ∂²/∂a∂b is one number, whichever of the two comes first.
TEST(Arithmetic, TheMixedCurvatureOfAPowerOfZeroIsSymmetric) {
  for (const double b : {0.0, 0.5, 1.0, 1.5, 3.0}) {
    const double ab = hvp(power, {D(0.0), D(b)}, {D(1.0), D(0.0)})[1].item();
    const double ba = hvp(power, {D(0.0), D(b)}, {D(0.0), D(1.0)})[0].item();
    EXPECT_EQ(ab, ba) << b;
    EXPECT_EQ(ab, b == 0 ? kInf : b < 1 ? -kInf : b == 1 ? 1.0 : 0.0) << b;
  }
}

}  // namespace
