// What a gradient check cannot see of the elementwise functions: digits over the whole range of
// float and double, for values, slopes (reverse and forward mode) and second derivatives, against
// formulas in long double, on every instruction set; limits; errors.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <nablur/autodiff/derivatives.h>
#include <nablur/ops/arithmetic.h>
#include <nablur/ops/elementwise.h>
#include <nablur/ops/reduce.h>
#include <nablur/ops/simd.h>

#include "../ulps.h"
#include "guards.h"

namespace {

using namespace nablur;
using Wide = long double;
static_assert(std::numeric_limits<Wide>::digits >= 64,
              "the references need more digits than double has");

constexpr Wide kInf = std::numeric_limits<Wide>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// Both zeros, both infinities, the extremes, denormals, the places where naive formulas break, and
// a fine geometric sweep.
template <class T>
std::vector<T> whole_range(Wide low) {
  using Limits = std::numeric_limits<T>;
  std::vector<T> x{0,
                   Limits::infinity(),
                   Limits::denorm_min(),
                   Limits::min(),
                   Limits::max(),
                   Limits::epsilon(),
                   1,
                   20,
                   40,
                   88,
                   372,
                   709,
                   710,
                   745,
                   746,
                   800};
  for (Wide m = Limits::denorm_min(); m < Limits::max(); m *= 1.37L) x.push_back(static_cast<T>(m));
  for (Wide m = 0.013L; m < 760; m += 0.37L) x.push_back(static_cast<T>(m));
  const std::size_t n = x.size();
  for (std::size_t i = 0; i < n; ++i) x.push_back(-x[i]);
  std::erase_if(x, [low](T v) { return v < low || (low == 0 && v == 0 && std::signbit(v)); });
  return x;
}

using Formula = Wide (*)(Wide);

struct Reference {
  Formula value, slope, curvature;
  Wide low = -kInf;  // the domain begins here
};

template <class T>
void expect_near(const char* what, const std::vector<T>& x, const Tensor<T>& got, Formula want,
                 double limit) {
  double worst = 0;
  std::size_t at = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double error = ulps(got.data()[i], want(x[i]));
    if (error > worst) worst = error, at = i;
  }
  EXPECT_LE(worst, limit) << what << " at x = " << x[at] << " is " << got.data()[at] << ", not "
                          << want(x[at]) << " (" << sizeof(T) << "-byte numbers)";
}

template <class T, class F>
void expect_exact_in(const F& f, const Reference& r) {
  const std::vector<T> x = whole_range<T>(r.low);
  const Tensor<T> points(Shape{static_cast<std::int64_t>(x.size())}, x);
  const auto ones = Tensor<T>::ones(points.shape());
  const TargetGuard guard;
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    SCOPED_TRACE(target);
    const bool plain = target == "PLAIN";  // the C library's functions, and formulas as they are
    expect_near("the value", x, f(Variable<T>(points)).value(), r.value, plain ? 4 : 1.5);
    expect_near("the slope on the tape", x, vjp(f, points, ones), r.slope, plain ? 6 : 1.5);
  }
  expect_near("the slope in forward mode", x, jvp(f, points, ones), r.slope, 6);
  expect_near("the second derivative", x,
              hvp([&f](const auto& v) { return sum(f(v)); }, points, ones), r.curvature, 8);
}

template <class F>
void expect_exact(const F& f, const Reference& reference) {
  expect_exact_in<double>(f, reference);
  expect_exact_in<float>(f, reference);
  const TargetGuard guard;
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    EXPECT_TRUE(std::isnan(f(Variable<double>(kNan)).item())) << target;
    EXPECT_TRUE(std::isnan(vjp(f, Tensor<double>(kNan), 1.0).item())) << target;
  }
  EXPECT_TRUE(std::isnan(jvp(f, Tensor<double>(kNan), Tensor<double>(1.0)).item()));
  EXPECT_EQ(f(Variable<double>(Tensor<double>::zeros({2, 0, 3}))).shape(), (Shape{2, 0, 3}));
  EXPECT_EQ(f(Variable<double>(Tensor<double>::ones({1, 2, 1, 3, 1, 2}))).shape(),
            (Shape{1, 2, 1, 3, 1, 2}));
  EXPECT_EQ(f(Tensor<double>{0.5, 1.0}).value().shape(), Shape{2});
}

#define GENERIC(function) [](const auto& x) { return function(x); }

Wide identity_slope(Wide x) { return x > 0 ? 1 : 0; }
Wide zero(Wide) { return 0; }
Wide logistic(Wide x) { return 1 / (1 + std::exp(-x)); }
Wide bell(Wide x) {
  const Wide t = std::exp(-std::abs(x));
  return t / ((1 + t) * (1 + t));
}
Wide sech2(Wide x) { return 4 * bell(2 * x); }
Wide gauss(Wide x) { return 2 / std::sqrt(std::acos(Wide{-1})) * std::exp(-x * x); }

TEST(Elementwise, ExpIsExactOverTheWholeRange) {
  constexpr Formula e = [](Wide x) { return std::exp(x); };
  expect_exact(GENERIC(exp), {e, e, e});
  EXPECT_EQ(exp(Tensor<double>(-800.0)).item(), 0.0);
}

TEST(Elementwise, LogIsExactOverTheWholeRange) {
  expect_exact(GENERIC(log), {[](Wide x) { return std::log(x); }, [](Wide x) { return 1 / x; },
                              [](Wide x) { return -1 / (x * x); }, 0});
  EXPECT_TRUE(std::isnan(log(Tensor<double>(-1e-300)).item()));
}

TEST(Elementwise, Expm1IsExactOverTheWholeRange) {
  constexpr Formula e = [](Wide x) { return std::exp(x); };
  expect_exact(GENERIC(expm1), {[](Wide x) { return std::expm1(x); }, e, e});
}

TEST(Elementwise, Log1pIsExactOverTheWholeRange) {
  expect_exact(GENERIC(log1p),
               {[](Wide x) { return std::log1p(x); }, [](Wide x) { return 1 / (1 + x); },
                [](Wide x) { return -1 / ((1 + x) * (1 + x)); }, -1});
  EXPECT_TRUE(std::isnan(log1p(Tensor<double>(-1.5)).item()));
}

TEST(Elementwise, SqrtIsExactOverTheWholeRange) {
  expect_exact(GENERIC(sqrt),
               {[](Wide x) { return std::sqrt(x); }, [](Wide x) { return 0.5L / std::sqrt(x); },
                [](Wide x) { return -0.25L / (x * std::sqrt(x)); }, 0});
  EXPECT_TRUE(std::isnan(sqrt(Tensor<double>(-5e-324)).item()));
}

TEST(Elementwise, SquareIsExactOverTheWholeRange) {
  expect_exact(GENERIC(square), {[](Wide x) { return x * x; }, [](Wide x) { return 2 * x; },
                                 [](Wide) { return Wide{2}; }});
}

TEST(Elementwise, AbsIsExactOverTheWholeRange) {
  constexpr Formula sign = [](Wide x) { return Wide(x > 0) - Wide(x < 0); };
  expect_exact(GENERIC(abs), {[](Wide x) { return std::abs(x); }, sign, zero});
  EXPECT_FALSE(std::signbit(abs(Tensor<double>(-0.0)).item()));
}

TEST(Elementwise, SinAndCosAreExactOverTheWholeRange) {
  constexpr Formula s = [](Wide x) { return std::sin(x); };
  constexpr Formula c = [](Wide x) { return std::cos(x); };
  expect_exact(GENERIC(sin), {s, c, [](Wide x) { return -std::sin(x); }});
  expect_exact(GENERIC(cos),
               {c, [](Wide x) { return -std::sin(x); }, [](Wide x) { return -std::cos(x); }});
}

TEST(Elementwise, TanhIsExactOverTheWholeRange) {
  expect_exact(GENERIC(tanh), {[](Wide x) { return std::tanh(x); }, sech2,
                               [](Wide x) { return -2 * std::tanh(x) * sech2(x); }});
  // 1 − tanh² 20 has no digit left in double.
  EXPECT_LE(ulps(vjp(GENERIC(tanh), Tensor<double>(20.0), 1.0).item(), 4 * std::exp(-40.0L)), 4);
}

TEST(Elementwise, SigmoidIsExactOverTheWholeRange) {
  expect_exact(GENERIC(sigmoid),
               {logistic, bell, [](Wide x) { return -std::tanh(x / 2) * bell(x); }});
  EXPECT_EQ(sigmoid(Tensor<double>{-800.0, 800.0}).value()(0), 0.0);
  EXPECT_EQ(sigmoid(Tensor<double>{-800.0, 800.0}).value()(1), 1.0);
  EXPECT_EQ(vjp(GENERIC(sigmoid), Tensor<double>(800.0), 1.0).item(), 0.0);
  EXPECT_LE(ulps(vjp(GENERIC(sigmoid), Tensor<double>(40.0), 1.0).item(), std::exp(-40.0L)), 4);
}

TEST(Elementwise, SoftplusIsExactOverTheWholeRange) {
  constexpr Formula value = [](Wide x) {
    return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x));
  };
  expect_exact(GENERIC(softplus), {value, logistic, bell});
}

TEST(Elementwise, ReluIsExactOverTheWholeRange) {
  expect_exact(GENERIC(relu), {[](Wide x) { return x > 0 ? x : 0; }, identity_slope, zero});
}

TEST(Elementwise, ErfIsExactOverTheWholeRange) {
  expect_exact(GENERIC(erf), {[](Wide x) { return std::erf(x); }, gauss,
                              [](Wide x) { return gauss(x) == 0 ? 0 : -2 * x * gauss(x); }});
}

TEST(Elementwise, ReciprocalIsExactOverTheWholeRange) {
  expect_exact(GENERIC(reciprocal),
               {[](Wide x) { return 1 / x; }, [](Wide x) { return -1 / (x * x); },
                [](Wide x) { return 2 / x / x / x; }});
}

TEST(Elementwise, ClampIsExactOverTheWholeRange) {
  const auto f = [](const auto& x) { return clamp(x, -1.5, 40); };
  expect_exact(f, {[](Wide x) { return std::fmin(std::fmax(x, -1.5L), 40); },
                   [](Wide x) { return Wide(x >= -1.5L && x <= 40); }, zero});
  EXPECT_EQ(vjp(f, Tensor<double>{-1.5, 40.0}, Tensor<double>{1.0, 1.0})(0),
            1.0);  // the bounds belong to the inside
  EXPECT_EQ(vjp(f, Tensor<double>{-1.5, 40.0}, Tensor<double>{1.0, 1.0})(1), 1.0);
  EXPECT_EQ(clamp(Tensor<double>{-3.0, 3.0}, -INFINITY, INFINITY).value()(0), -3.0);
  EXPECT_EQ(clamp(Tensor<double>(3.0), 2, 2).item(), 2.0);
}

TEST(Elementwise, ClampRefusesBoundsThatCross) {
  for (const auto& [low, high, shown] :
       {std::tuple{2.0, 1.5, "2 and 1.5"}, {kNan, 1.0, "nan and 1"}, {0.0, kNan, "0 and nan"}}) {
    try {
      clamp(Tensor<double>(1.0), low, high);
      ADD_FAILURE() << "accepted " << shown;
    } catch (const Error& error) {
      const std::string message = error.what();
      EXPECT_EQ(message.rfind("clamp: ", 0), 0U) << message;
      EXPECT_NE(message.find(shown), std::string::npos) << message;
    }
  }
}

TEST(Elementwise, TheSlopeAtNegativeZeroIsThatAtZero) {
  EXPECT_EQ(vjp(GENERIC(sqrt), Tensor<double>(-0.0), 1.0).item(), INFINITY);
  EXPECT_EQ(jvp(GENERIC(sqrt), Tensor<double>(-0.0), Tensor<double>(1.0)).item(), INFINITY);
  EXPECT_EQ(vjp(GENERIC(log), Tensor<double>(-0.0), 1.0).item(), INFINITY);
  EXPECT_EQ(jvp(GENERIC(log), Tensor<double>(-0.0), Tensor<double>(1.0)).item(), INFINITY);
}

TEST(Elementwise, AGradientOfZeroStaysZeroBesideAnInfiniteSlope) {
  EXPECT_EQ(vjp(GENERIC(sqrt), Tensor<double>{0.0, 4.0}, Tensor<double>{0.0, 1.0})(0), 0.0);
  EXPECT_EQ(vjp(GENERIC(log), Tensor<double>(0.0), 0.0).item(), 0.0);
  EXPECT_EQ(jvp(GENERIC(reciprocal), Tensor<double>(0.0), Tensor<double>(0.0)).item(), 0.0);
}

TEST(Elementwise, LogaddexpIsExactOverTheWholeRange) {
  const auto f = [](const auto& a, const auto& b) { return logaddexp(a, b); };
  // Numbers of few digits, so that a − b is exact; the result may cancel against its greater
  // operand, which sets the scale.
  const double numbers[] = {-INFINITY, -1e300, -1024, -800, -700.25, -37.5, -0.625,  -0x1p-30,
                            0,         0.5,    36,    800,  1024,    1e300, INFINITY};
  for (const double a : numbers) {
    for (const double b : numbers) {
      const Wide top = std::max(a, b), gap = a == b ? 0 : std::abs(static_cast<Wide>(a) - b);
      const Wide want = top + std::log1p(std::exp(-gap));
      const double got = logaddexp(Tensor<double>(a), Tensor<double>(b)).item();
      if (std::isinf(top)) {
        EXPECT_EQ(got, top) << a << ", " << b;
      } else {
        EXPECT_LE(std::abs(got - want),
                  2 * 0x1p-52L * std::max(std::abs(top), std::abs(want)) + 0x1p-1074L)
            << a << ", " << b;
        EXPECT_GE(got, top) << a << ", " << b;
      }
      const Wide share = a == b ? 0.5L : logistic(static_cast<Wide>(a) - b);
      const auto reverse = vjp(f, {Tensor<double>(a), Tensor<double>(b)}, 1.0);
      EXPECT_LE(ulps(reverse[0].item(), share), 4) << a << ", " << b;
      EXPECT_LE(ulps(reverse[1].item(), a == b ? 0.5L : logistic(static_cast<Wide>(b) - a)), 4)
          << a << ", " << b;
      EXPECT_LE(ulps(jvp(f, {Tensor<double>(a), Tensor<double>(b)},
                         {Tensor<double>(1.0), Tensor<double>(0.0)})
                         .item(),
                     share),
                6)
          << a << ", " << b;
      const auto second = hvp(f, {Tensor<double>(a), Tensor<double>(b)},
                              {Tensor<double>(1.0), Tensor<double>(0.0)});
      const Wide curvature = a == b ? (std::isinf(a) ? 0 : 0.25L) : bell(static_cast<Wide>(a) - b);
      EXPECT_LE(ulps(second[0].item(), curvature), 8) << a << ", " << b;
      EXPECT_LE(ulps(second[1].item(), -curvature), 8) << a << ", " << b;
    }
  }
  EXPECT_TRUE(std::isnan(logaddexp(Tensor<double>(kNan), Tensor<double>(INFINITY)).item()));
  EXPECT_EQ(logaddexp(Tensor<double>::zeros({3, 1}), Tensor<double>::zeros({2})).shape(),
            (Shape{3, 2}));
  EXPECT_EQ(logaddexp(Tensor<double>::zeros({3, 1}), Tensor<double>::zeros({0})).shape(),
            (Shape{3, 0}));
}

TEST(Elementwise, LogaddexpNamesShapesThatDoNotBroadcast) {
  try {
    logaddexp(Tensor<double>::zeros({3, 4}), Tensor<double>::zeros({5}));
    ADD_FAILURE() << "accepted";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "logaddexp: shapes (3, 4) and (5,) do not broadcast at axis 1");
  }
}

}  // namespace
