// When a derivative is accused, and when not: functions that are hard to difference, and gradients
// that are wrong. Corners are in corners_test.cpp.

#include <gtest/gtest.h>
#include <nablur/ops/arithmetic.h>
#include <nablur/ops/elementwise.h>
#include <nablur/ops/gaussian_blur.h>
#include <nablur/ops/reduce.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <cstring>
#include <utility>

#include "verdicts.h"

using namespace nablur;

namespace {

// Between −1/2 and 1/2, without a pattern.
double scramble(double x) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &x, sizeof x);
  for (const int shift : {29, 32, 30}) bits = (bits ^ bits >> shift) * 0x9E3779B97F4A7C15u;
  return static_cast<double>(bits >> 11) * 0x1p-53 - 0.5;
}

// x with noise of this amplitude in its value alone.
template <class X>
auto noisy(const X& x, double amplitude) {
  using S = ScalarOf<X>;
  return pointwise(
      x, [amplitude](const S& v) { return v + S(amplitude * scramble(plain(v))); },
      [](const S&) { return S(1); });
}

}  // namespace

// ---- what is right and hard is not accused ----------------------------------------------------

TEST(Differences, AgreeWithSteepAndFastFunctions) {
  const auto steep = sum_of([](const auto& x) { return exp(30.0 * x); });
  const auto fast = sum_of([](const auto& x) { return sin(1e4 * x); });
  const auto narrow = sum_of([](const auto& x) { return tanh(1e6 * x); });
  for (const double x : {0.0, 0.3, 0.7, 1.0, -2.0}) {
    EXPECT_EQ(judge<double>(steep, x), Verdict::agrees) << x;
    EXPECT_EQ(judge<float>(steep, x), Verdict::agrees) << x;
    EXPECT_EQ(judge<double>(fast, x), Verdict::agrees) << x;
    judge<float>(fast, x);
    EXPECT_EQ(judge<double>(fast, x, -1e4 * std::cos(1e4 * x)), Verdict::differs) << x;
    EXPECT_EQ(judge<double>(fast, x, 1e4 * std::cos(1e4 * x) * 1.00001), Verdict::differs) << x;
  }
  EXPECT_EQ(judge<double>(narrow, 0), Verdict::agrees);
  EXPECT_EQ(judge<double>(narrow, 1e-7), Verdict::agrees);
  judge<float>(sum_of([](const auto& x) { return sin(1e6 * x); }),
               0.7);  // one radian is 16 roundings of x
}

TEST(Differences, CannotTellBesideAnOffset) {
  const auto f = sum_of([](const auto& x) { return x + 1e8; });
  EXPECT_NE(judge<double>(f, 0.7), Verdict::kink);
  EXPECT_EQ(judge<float>(f, 0.7), Verdict::cannot_tell);
  EXPECT_EQ(judge<double>(f, 0.7, 1.00001), Verdict::cannot_tell);
  EXPECT_EQ(judge<double>(f, 0.7, 0.5), Verdict::differs);
  EXPECT_EQ(judge<double>(f, 0.7, -1), Verdict::differs);
}

TEST(Differences, CannotTellWhatCancellationLoses) {
  const auto through = [](double offset) {
    return [offset](const auto& x) { return sum((exp(x) + offset) - offset); };
  };
  for (const double offset : {1e3, -1e6, 1e8, 1e10, 1e12, 1e14, 1e16})
    judge<double>(through(offset), 0.7);
  for (const double offset : {1e3, -1e4, 1e5, 1e6, 1e7, 1e8}) judge<float>(through(offset), 0.7);
  for (const double offset : {1e12, -1e16, 1e20}) {
    const auto f = [offset](const auto& x) { return sum((x + offset) - offset); };
    judge<double>(f, 0.7);
    judge<float>(f, 0.7);
  }
  EXPECT_EQ(judge<double>(through(1e16), 0.7), Verdict::cannot_tell);
  EXPECT_EQ(judge<float>(through(1e8), 0.7), Verdict::cannot_tell);
  EXPECT_EQ(judge<double>(through(1e8), 0.7, -std::exp(0.7)), Verdict::differs);
  const auto x = Tensor<float>{1e8f, 0.5f, -1e8f, 0.25f};
  EXPECT_FALSE(compare_gradients([](const auto& v) { return sum(v); }, x).differs());
}

// Beside a term whose rounding or slope is far greater, what matters shows in one window or two.
TEST(Differences, DoNotAccuseWhatFewWindowsSee) {
  const auto wave =
      sum_of([](const auto& x) { return 9.8 * abs(35.2 * x) - 8.83 * sin(159.0 * x); });
  judge<float>(wave, -48.271);
  const auto cusp = sum_of([](const auto& x) { return 0.239 * sqrt(abs(0.00549 * x)) - 26003.7; });
  judge<float>(cusp, 4.80628e-9);
  const auto steep = sum_of([](const auto& x) {
    return 0.0936 * square(-9840.0 * x - 0.0112) - 0.00427 * relu(-0.00464 * x) +
           203.0 * log(square(14.1 * x) + 1e-6);
  });
  judge<double>(steep, 0);  // its kink is a millionth of its slope
}

TEST(Differences, DoNotAccuseATipBesideThePoint) {
  const auto tip = [](double height, double place, double offset) {
    return [=](const auto& x) { return sum(height * sqrt(abs(x - place)) + offset); };
  };
  judge<double>(tip(0.155, 1.63e-6, 9.49e8),
                1.17e-8);  // in all windows that see it, like a corner at x
  judge<double>(tip(3.2, 1.05e-9, 5.88e8), 1.12e-9);
  judge<double>(tip(0.265, 5.45e-8, 2.41e8), 1.59e-8);
}

TEST(Differences, DoNotTakeAnOscillationForNoise) {
  const auto wave = [](double frequency, double amplitude, double noise) {
    return [=](const auto& x) { return sum(noisy(amplitude * sin(frequency * x) + x, noise)); };
  };
  judge<double>(wave(2710, 0.246, 0.0229272), 18.8);
  judge<double>(wave(1640, 0.202, 0.004646), 229);
  judge<double>(wave(1740, 0.114, 0.0032946), 47.8);
}

TEST(Differences, DoNotAccuseATail) {
  const auto f = sum_of([](const auto& x) { return tanh(x) + 1.0; });
  for (const double x : {-17.0, -20.0, -40.0, -44.3, -300.0, -355.7,
                         20.0}) {  // two with denormal slopes, in float and in double
    judge<double>(f, x);
    judge<float>(f, x);
    EXPECT_EQ(judge<double>(f, x, 0.01), Verdict::differs) << x;
  }
}

// Steps at even distances would fall in step with the rounding, and see an exact line of another
// slope.
TEST(Differences, DoNotFallInStepWithRounding) {
  const auto through = [](double slope, double offset) {
    return sum_of([=](const auto& x) { return (slope * x + offset) - offset; });
  };
  judge<double>(through(0.1406, 3.529e8), 1.069);
  judge<double>(through(81.24, 2.144e12), 1.233);
  judge<double>(through(62.55, 6.122e10), 0.8126);
}

// Where f is near 0, it is x that is rounded.
TEST(Differences, AccuseNearAZeroOfF) {
  const auto expect_accused = [](double a, double b, double x, double off) {
    EXPECT_EQ(judge<double>(sum_of([=](const auto& v) { return sin(b * v + a); }), x,
                            b * std::cos(b * x + a) * (1 + off)),
              Verdict::differs)
        << x;
  };
  expect_accused(-0.9494, 2.502, 0.3773, 0.001015);
  expect_accused(-0.2438, 2.016, 0.1229, 0.001838);
  expect_accused(-0.9841, 1.501, 0.6513, 0.0001364);
}

// Forward and reverse mode round a denormal slope differently.
TEST(Differences, DoNotAccuseADenormalSlope) {
  for (const auto& [frequency, x] :
       {std::pair{11.9396, 4.3395f}, {14.148, 3.5461f}, {10.4809, 4.8067f}, {10.4181, 4.8337f}}) {
    const auto tail =
        sum_of([f = frequency](const auto& v) { return 0.3 * (tanh(-f * v - 0.01) + 1.0); });
    EXPECT_FALSE(compare_gradients(tail, Tensor<float>{x}).differs()) << x;
  }
}

TEST(Differences, CannotTellThroughNoise) {
  for (const double amplitude : {1e-12, 1e-8, 1e-4, 1e-1}) {
    const auto f = [amplitude](const auto& x) { return sum(noisy(exp(x), amplitude)); };
    for (const double x : {-0.3, 0.0, 0.2, 1.7}) {
      judge<double>(f, x);
      judge<float>(f, x);
      EXPECT_NE(judge<double>(f, x, 1.00001 * std::exp(x)), Verdict::kink);
      const Verdict wrong_sign = judge<double>(f, x, -std::exp(x));
      EXPECT_TRUE(wrong_sign == Verdict::differs || amplitude > 1e-3) << amplitude << " at " << x;
    }
  }
}

TEST(Differences, AgreeNearTheEndOfTheDomain) {
  for (const double x : {1e-1, 1e-3, 1e-9, 1e-20, 1e-30}) {
    const auto root = sum_of([](const auto& v) { return sqrt(v); });
    const auto logarithm = sum_of([](const auto& v) { return log(v); });
    EXPECT_EQ(judge<double>(root, x), Verdict::agrees) << x;
    EXPECT_EQ(judge<float>(root, x), Verdict::agrees) << x;
    EXPECT_EQ(judge<double>(root, x, 0.505 / std::sqrt(x)), Verdict::differs) << x;
    EXPECT_EQ(judge<double>(root, x, 0), Verdict::differs) << x;
    EXPECT_EQ(judge<double>(logarithm, x), Verdict::agrees) << x;
    EXPECT_EQ(judge<double>(logarithm, x, 1.01 / x), Verdict::differs) << x;
  }
}

TEST(Differences, CannotTellIfTheTangentIsVertical) {
  const auto root = sum_of([](const auto& x) { return sqrt(x); });
  EXPECT_EQ(judge<double>(root, 0), Verdict::cannot_tell);  // the tape: ∞
  EXPECT_EQ(judge<float>(root, 0), Verdict::cannot_tell);
  EXPECT_EQ(judge<double>(root, 0, 0), Verdict::cannot_tell);
  const auto unseen =
      sum_of([](const auto& x) { return log((x - 1.0) + 1e-20); });  // its scale is below that of x
  EXPECT_EQ(judge<double>(unseen, 1), Verdict::cannot_tell);
  EXPECT_EQ(judge<double>(sum_of([](const auto& x) { return log(x); }), 0), Verdict::cannot_tell);
}

TEST(Differences, CannotTellWhereFIsNaN) {
  const auto root = sum_of([](const auto& x) { return sqrt(x); });
  const auto report = compare_gradients(root, Tensor<double>{4, -1});
  EXPECT_FALSE(report.differs()) << report;
  EXPECT_EQ(verdict_of(report), Verdict::cannot_tell);
}

TEST(Differences, ConfirmAGradientOfZeroToWithinRounding) {
  const auto one = sum_of([](const auto& x) { return square(sin(x)) + square(cos(x)); });
  for (const double x : {0.3, 1.1, -2.0}) {
    EXPECT_EQ(judge<double>(one, x), Verdict::agrees) << x;
    EXPECT_EQ(judge<double>(one, x, 1e-17), Verdict::agrees) << x;
    EXPECT_EQ(judge<double>(one, x, 1e-6), Verdict::differs) << x;
  }
  EXPECT_EQ(judge<double>(sum_of([](const auto& x) { return cos(x); }), std::acos(-1.0)),
            Verdict::agrees);
}

// Sums of terms of any amplitude and frequency, beside any offset, with noise or without.
template <class T>
void never_accuses_a_right_gradient() {
  const auto power = [](double low, double high) {
    return std::pow(10.0, low + (high - low) * *rc::gen::inRange(0, 10001) / 10000.0) *
           *rc::gen::element(-1.0, 1.0);
  };
  struct Term {
    int kind;
    double amplitude, frequency, phase;
  };
  std::vector<Term> terms;
  for (int n = *rc::gen::inRange(1, 4); n > 0; --n) {
    terms.push_back(
        {*rc::gen::inRange(0, 6), power(-3, 3), power(-2, sizeof(T) == 8 ? 4 : 2), power(-2, 0)});
  }
  const double offset = *rc::gen::element(0.0, power(0, 10));
  const double noise = *rc::gen::element(0.0, 1e-14, 1e-9) * std::abs(terms[0].amplitude);
  const double x = power(-1, 1);
  const auto f = [&](const auto& v) {
    auto y = v * 0.0;
    for (const Term& t : terms) {
      const auto u = t.frequency * v + t.phase;
      const auto one = t.kind == 0   ? sin(u)
                       : t.kind == 1 ? tanh(u)
                       : t.kind == 2 ? u
                       : t.kind == 3 ? square(u)
                       : t.kind == 4 ? abs(u)
                                     : log(square(u) + 1e-2);
      y = y + t.amplitude * one;
    }
    return sum(noise > 0 ? noisy(y, noise) : y) + offset;
  };
  const auto report = compare_gradients(f, Tensor<T>{static_cast<T>(x)});
  RC_LOG() << report << "at " << x << ", offset " << offset << ", noise " << noise << "\n";
  for (const Term& t : terms)
    RC_LOG() << t.kind << ": " << t.amplitude << ", " << t.frequency << ", " << t.phase << "\n";
  RC_ASSERT(!report.differs());
}
RC_GTEST_PROP(Differences, NeverAccuseARightGradient, ()) {
  never_accuses_a_right_gradient<double>();
}
RC_GTEST_PROP(Differences, NeverAccuseARightGradientInFloat, ()) {
  never_accuses_a_right_gradient<float>();
}

// ---- what is wrong and easy is accused --------------------------------------------------------

TEST(Differences, CatchAGradientThatLeaksIntoWhatFDoesNotDependOn) {
  const Tensor<bool> mask(Shape{3}, {true, false, true});
  const auto f = [mask](const auto& x) {
    using S = ScalarOf<decltype(x)>;
    const Tensor<S> y = where(mask, x, 0.0).value();
    return sum(record("leaky", y, {{x, [](const Tensor<S>& g) { return g; }}}));
  };
  const auto report = compare_gradients(f, Tensor<double>{1, 2, 3});
  EXPECT_EQ(verdict_of(report), Verdict::differs);
  EXPECT_EQ(row_of(report, "tape", "differences").place, "x0[1]");
}

TEST(Differences, CatchAMissingTerm) {
  EXPECT_EQ(judge<double>(sum_of([](const auto& x) { return x + sin(x); }), 0.7, 1),
            Verdict::differs);
  EXPECT_EQ(judge<double>(sum_of([](const auto& x) { return x + 1e-3 * square(x); }), 0.7, 1),
            Verdict::differs);
  EXPECT_EQ(judge<double>(sum_of([](const auto& x) { return x * exp(x); }), 0.0, 0),
            Verdict::differs);
}

// In an easy place, an error above the tolerance does not get away as one that cannot be told.
RC_GTEST_PROP(Differences, AccuseAnyWrongGradientOfASmoothFunction, ()) {
  const auto number = [](int low, int high) {
    return *rc::gen::inRange(low * 1000, high * 1000 + 1) / 1000.0;
  };
  const double a = number(-3, 3);
  const double b = number(1, 3);
  const int kind = *rc::gen::inRange(0, 4);
  const double x = number(-2, 2);
  const auto f = [&](const auto& v) {
    const auto u = b * v + a;
    return sum(kind == 0   ? sin(u)
               : kind == 1 ? exp(u)
               : kind == 2 ? softplus(u)
                           : u / (1.0 + square(u)));
  };
  const double slope = vjp(f, Tensor<double>{x}, 1.0)(0);
  const double off =
      *rc::gen::element(-1.0, 1.0) * std::pow(10.0, *rc::gen::inRange(-5000, 2000) / 1000.0);
  RC_ASSERT((judge<double>(f, x, slope + off * (1 + std::abs(slope)))) == Verdict::differs);
  RC_ASSERT((judge<double>(f, x, slope)) == Verdict::agrees);
}

RC_GTEST_PROP(Differences, AccuseAWrongGradientInFloat, ()) {
  const double x = *rc::gen::inRange(-2000, 2000) / 1000.0;
  const double off =
      *rc::gen::element(-1.0, 1.0) * std::pow(10.0, *rc::gen::inRange(-1000, 2000) / 1000.0);
  const auto f = sum_of([](const auto& v) { return sin(v) + 2.0 * v; });
  RC_ASSERT((judge<float>(f, x, (std::cos(x) + 2) * (1 + off))) == Verdict::differs);
  RC_ASSERT((judge<float>(f, x, std::cos(x) + 2)) == Verdict::agrees);
}

TEST(Differences, CatchAWrongSigmaOfTheBlur) {
  const Tensor<double> image{1, 4, 2, -3, 5, 0, 1};
  const auto f = [&](const auto& s) { return sum(square(gaussian_blur(image, s, {.radius = 4}))); };
  const double slope = vjp(f, Tensor<double>(1.1), 1.0).item();
  EXPECT_EQ(judge<double>(f, 1.1, 1.00001 * slope), Verdict::differs);
  EXPECT_EQ(judge<double>(f, 1.1, slope), Verdict::agrees);
}
