// What a gradient check cannot see of convolve: every border against a plain reference in long
// double, kernels longer than the axis included; adjoints; NumPy's numbers; special values;
// messages.

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <nablur/autodiff/derivatives.h>
#include <nablur/ops/arithmetic.h>
#include <nablur/ops/convolve.h>
#include <nablur/ops/indexing.h>
#include <nablur/ops/reduce.h>
#include <nablur/support/random.h>

#include "../messages.h"
#include "../reference_blur.h"
#include "guards.h"
#include "sums.h"

namespace {

using namespace nablur;
using D = Tensor<double>;
using sums::near;
using sums::Sum;
using sums::Wide;

constexpr Border kAll[] = {Border::zero, Border::replicate, Border::symmetric, Border::mirror,
                           Border::circular};

// y = x convolved with w along the middle axis of (outer, n, inner), and the gradients under g, as
// sums over all (place, tap).
struct Reference {
  std::vector<Sum> y, dx, dw;
};

template <class T>
Reference reference(const Tensor<T>& x, const Tensor<T>& w, const Tensor<T>& g, Border border) {
  const std::int64_t n = x.shape()[1], inner = x.shape()[2], radius = (w.size() - 1) / 2;
  Reference r{std::vector<Sum>(std::size_t(x.size())), std::vector<Sum>(std::size_t(x.size())),
              std::vector<Sum>(std::size_t(w.size()))};
  for (std::int64_t to = 0; to < x.size(); ++to) {
    const std::int64_t i = to / inner % n;
    for (std::int64_t d = -radius; d <= radius; ++d) {  // y_i = Σ_d w_d x_(i−d)
      const std::int64_t j = reference::sample_at(i - d, n, border);
      if (j < 0) continue;
      const std::int64_t from = to + (j - i) * inner, tap = d + radius;
      r.y[std::size_t(to)].add(static_cast<Wide>(w.data()[tap]) * x.data()[from]);
      r.dx[std::size_t(from)].add(static_cast<Wide>(w.data()[tap]) * g.data()[to]);
      r.dw[std::size_t(tap)].add(static_cast<Wide>(x.data()[from]) * g.data()[to]);
    }
  }
  return r;
}

std::vector<double> numbers_of_gradient_by_kernel(Border border) {
  const D none = D::zeros({std::int64_t{1} << 40, 0});
  const D dw = vjp([&](const auto& w) { return convolve(none, w, 0, border); }, D{1, 2, 3}, none);
  return {dw.begin(), dw.end()};
}

template <class T>
std::string check(const Shape& shape, std::int64_t radius, Border border) {
  Random random(7);
  const auto x = Tensor<T>::normal(shape, random), w = Tensor<T>::normal({2 * radius + 1}, random);
  const auto g = Tensor<T>::normal(shape, random), v = Tensor<T>::normal(shape, random),
             u = Tensor<T>::normal(w.shape(), random);
  const auto f = [border](const auto& a, const auto& b) { return convolve(a, b, 1, border); };
  const Reference want = reference(x, w, g, border);
  const std::int64_t terms = x.size() + w.size() + 1;
  if (!near(f(Variable<T>(x), w).value(), want.y, terms)) return "value";
  const auto d = vjp(f, {x, w}, g);
  if (!near(d[0], want.dx, terms * w.size())) return "gradient in the signal";
  if (!near(d[1], want.dw, terms * w.size())) return "gradient in the kernel";
  auto tangent = reference(v, w, g, border).y;
  const auto other = reference(x, u, g, border).y;
  for (std::size_t i = 0; i < tangent.size(); ++i)
    tangent[i].value += other[i].value, tangent[i].magnitude += other[i].magnitude;
  return near(jvp(f, {x, w}, {v, u}), tangent, 2 * terms) ? "" : "tangent";
}

TEST(Convolve, EqualsThePlainReferenceForEveryBorderAlsoWhereTheKernelIsLongerThanTheAxis) {
  for (const Border border : kAll) {
    for (const std::int64_t n : {1, 2, 3, 4, 7}) {
      for (const std::int64_t radius : {0, 1, 2, 3, 6, 7, 20}) {
        EXPECT_EQ(check<double>({1, n, 1}, radius, border), "")
            << to_string(border) << ", N = " << n << ", R = " << radius;
        EXPECT_EQ(check<float>({2, n, 3}, radius, border), "")
            << to_string(border) << ", N = " << n << ", R = " << radius;
      }
    }
  }
}

TEST(Convolve, EqualsThePlainReferenceForRandomSizes) {
  EXPECT_TRUE(rc::check("convolve equals the reference", [] {
    const auto size = rc::gen::weightedElement<std::int64_t>({{1, 0}, {5, 1}, {8, 2}, {8, 5}});
    const Shape shape{*size, *rc::gen::inRange<std::int64_t>(0, 12), *size};
    RC_ASSERT(check<double>(shape, *rc::gen::inRange<std::int64_t>(0, 16),
                            *rc::gen::elementOf(std::vector(kAll, kAll + 5))) == "");
  }));
}

// Lines and kernels on either side of what is summed at once, on every instruction set.
TEST(Convolve, EqualsThePlainReferenceOnEveryInstructionSet) {
  for (const std::string& target : simd_targets()) {
    SCOPED_TRACE(target);
    const TargetGuard guard(target);
    for (const Border border : kAll) {
      for (const std::int64_t radius : {0, 1, 3, 4, 7, 40}) {
        for (const Shape& shape : {Shape{2, 1, 1}, {1, 2, 3}, {2, 17, 1}, {1, 15, 5}, {1, 70, 1}}) {
          ASSERT_EQ(check<float>(shape, radius, border), "") << shape << radius << border;
          ASSERT_EQ(check<double>(shape, radius, border), "") << shape << radius << border;
        }
      }
      ASSERT_EQ(check<float>({1, 1100, 1}, 9, border), "") << border;
      ASSERT_EQ(check<double>({1, 513, 1}, 8, border), "") << border;
      ASSERT_EQ(check<double>({2, 20, 33}, 2, border), "") << border;
    }
  }
}

// An output depends on the samples that its taps meet, not on where it lies among vectors and
// blocks.
template <class T>
void expect_the_same_in_pieces() {
  Random random(3);
  const auto x = Tensor<T>::normal({600}, random), w = Tensor<T>::normal({11}, random);
  const Tensor<T> whole = convolve(x, w, 0);
  for (std::int64_t begin = 0; begin < 90; ++begin) {
    const Tensor<T> piece = convolve(slice(x, {{begin, begin + 500 + begin % 7}}), w, 0);
    for (std::int64_t i = 5; i < piece.size() - 5; ++i)
      ASSERT_EQ(piece(i), whole(begin + i)) << begin << " " << i;
  }
}
TEST(Convolve, GivesTheSameBitsInPieces) {
  for (const std::string& target : simd_targets()) {
    SCOPED_TRACE(target);
    const TargetGuard guard(target);
    expect_the_same_in_pieces<float>();
    expect_the_same_in_pieces<double>();
  }
}

TEST(Convolve, ExtendsTheSignalAsTheBordersAreDrawn) {
  // A kernel that is 1 at d = 2 alone shifts to the right by two: what comes in at the left is what
  // lies beyond that end.
  const D x{1, 2, 3, 4}, right{0, 0, 0, 0, 1}, left{1, 0, 0, 0, 0};
  const double from_left[5][2] = {{0, 0}, {1, 1}, {2, 1}, {3, 2}, {3, 4}};
  const double from_right[5][2] = {{0, 0}, {4, 4}, {4, 3}, {3, 2}, {1, 2}};
  for (std::size_t i = 0; i < 5; ++i) {
    const D y = convolve(x, right, 0, kAll[i]).value(), z = convolve(x, left, 0, kAll[i]).value();
    EXPECT_EQ(y(0), from_left[i][0]) << to_string(kAll[i]);
    EXPECT_EQ(y(1), from_left[i][1]) << to_string(kAll[i]);
    EXPECT_EQ(y(2), 1) << to_string(kAll[i]);
    EXPECT_EQ(z(2), from_right[i][0]) << to_string(kAll[i]);
    EXPECT_EQ(z(3), from_right[i][1]) << to_string(kAll[i]);
  }
}

TEST(Convolve, AgreesWithNumPyInModeSame) {
  // numpy.convolve([1, 2, 3, 4, 5], [2, -1, 7], "same"), integers by hand: y_i = 2 x_(i+1) − x_i +
  // 7 x_(i−1)
  const D y = convolve(D{1, 2, 3, 4, 5}, D{2, -1, 7}).value();
  const double want[] = {3, 11, 19, 27, 23};
  for (std::int64_t i = 0; i < 5; ++i) EXPECT_EQ(y(i), want[i]);
}

TEST(Convolve, WorksAlongAnyAxisOfAnyRank) {
  const D w{1, 10, 100}, x = D::arange(64).reshaped({2, 2, 2, 2, 2, 2});
  for (std::int64_t axis = 0; axis < 6; ++axis) {
    const D y = convolve(x, w, axis).value(), same = convolve(x, w, axis - 6).value();
    const std::int64_t stride = std::int64_t{1} << (5 - axis);
    for (std::int64_t i = 0; i < 64; ++i) {
      const bool second = (i & stride) != 0;
      EXPECT_EQ(y.data()[i], 10 * i + (second ? 100 * (i - stride) : i + stride)) << axis;
      EXPECT_EQ(same.data()[i], y.data()[i]);
    }
  }
}

TEST(Convolve, HasPullbacksThatAreAdjoint) {
  Random random(11);
  const D x = D::normal({9}, random), y = D::normal({9}, random), w = D::normal({25}, random);
  for (const Border border : kAll) {
    const auto f = [&](const auto& v) { return convolve(v, w, -1, border); };
    const double forward = sum(f(Variable<double>(x)) * y).item(),
                 backward = sum(Variable<double>(vjp(f, x, y)) * x).item();
    EXPECT_NEAR(forward, backward, 1e-13 * 9 * 25) << to_string(border);
  }
}

TEST(Convolve, SecondDerivativesMixSignalAndKernel) {
  // Σ y² / 2 for one sample and one tap: (w x)² / 2, whose Hessian along (1, 0) is (w², 2 w x).
  const auto f = [](const auto& x, const auto& w) {
    const auto y = convolve(x, w);
    return sum(y * y) / 2;
  };
  const auto h = hvp(f, {D{3}, D{5}}, {D{1}, D{0}});
  EXPECT_EQ(h[0](0), 25);
  EXPECT_EQ(h[1](0), 30);
}

TEST(Convolve, NanReachesOnlyWhereItsTapsDo) {
  D x = D::ones({12});
  x.mutable_data()[6] = std::numeric_limits<double>::quiet_NaN();
  const D y = convolve(x, D{1, 1, 1}, 0, Border::circular).value();
  for (std::int64_t i = 0; i < 12; ++i) EXPECT_EQ(std::isnan(y(i)), i >= 5 && i <= 7) << i;
}

// Sums that a plain loop over floats loses: past 2^24 ones it adds nothing.
void expect_the_digits_of_long_sums() {
  using F = Tensor<float>;
  const F ones = F::ones({20'000'000});
  EXPECT_EQ(vjp([&ones](const auto& w) { return convolve(ones, w); }, F{0.5f}, ones).item(), 2e7f);
  const F tenths = F::full({20'000'000}, 0.1f);
  const double tenth = static_cast<double>(0.1f);
  const float drift = vjp([&](const auto& w) { return convolve(tenths, w); }, F{0.5f}, ones).item();
  EXPECT_NEAR(drift, 2e7 * tenth, 1e-6 * 2e7 * tenth);
  const F many = F::full({6'000'001}, 0.1f);
  const auto seen_by_one = [](const auto& x, const auto& w) {
    return convolve(x, w, 0, Border::replicate);
  };
  const float whole = static_cast<float>(6'000'001.0 * static_cast<double>(0.1f));
  EXPECT_NEAR(seen_by_one(F{1.0f}, many).item(), whole, 1e-6f * whole);
  EXPECT_NEAR((vjp(seen_by_one, {F{1.0f}, many}, F{1.0f})[0].item()), whole, 1e-6f * whole);
}
TEST(Convolve, KeepsTheDigitsOfLongSums) {
  expect_the_digits_of_long_sums();
  const TargetGuard guard("PLAIN");
  expect_the_digits_of_long_sums();
}

TEST(Convolve, DoesNotMultiplyByWhatIsNotThere) {
  const double inf = std::numeric_limits<double>::infinity();
  const auto zero_border = [](const auto& x, const auto& w) { return convolve(x, w); };
  EXPECT_EQ(zero_border(D{1, 2}, D{0, 1, 0, 0, inf}).value()(0), 2)
      << "no sample stands two places before the first";
  EXPECT_EQ((vjp(zero_border, {D{1, 2}, D{inf, 0, 1, 0, 0}}, D{3, 4})[0](1)), 4);
}

TEST(Convolve, ZeroSizeAxesArePassedThrough) {
  for (const Border border : kAll) {
    EXPECT_EQ(convolve(D::zeros({0}), D{1, 2, 3}, 0, border).shape(), (Shape{0}));
    EXPECT_EQ(convolve(D::zeros({3, 0}), D{1, 2, 3}, 0, border).shape(), (Shape{3, 0}));
    EXPECT_EQ(numbers_of_gradient_by_kernel(border), (std::vector<double>{0, 0, 0}));
  }
  EXPECT_EQ(
      vjp([](const auto& w) { return convolve(D::zeros({0}), w); }, D{1, 2, 3}, D::zeros({0}))(2),
      0);
}

TEST(Convolve, NamesKernelsAndAxesThatDoNotFit) {
  const std::string rule = "convolve: the kernel must have rank 1 and odd length, got shape ";
  EXPECT_EQ(message_of([] { convolve(D{1, 2}, D{1, 2}); }), rule + "(2,)");
  EXPECT_EQ(message_of([] { convolve(D{1, 2}, D::zeros({0})); }), rule + "(0,)");
  EXPECT_EQ(message_of([] { convolve(D{1, 2}, D(1.0)); }), rule + "()");
  EXPECT_EQ(message_of([] { convolve(D{1, 2}, D::zeros({3, 1})); }), rule + "(3, 1)");
  EXPECT_EQ(message_of([] { convolve(D{1, 2}, D{1}, 1); }),
            "convolve: axis 1 is out of range for rank 1");
  EXPECT_EQ(message_of([] { convolve(D(1.0), D{1}); }),
            "convolve: axis -1 is out of range for rank 0");
}

TEST(Convolve, ConstantsRecordNothingAndOperandsMix) {
  Tape<double> tape;
  const auto w = tape.variable(D{1, 2, 3});
  static_assert(std::is_same_v<decltype(convolve(D{1, 2}, D{1})), D>);
  EXPECT_EQ(tape.size(), 1);
  EXPECT_EQ(gradients(sum(convolve(D{1, 10}, w)))[w](0), 10);  // tap d = −1 meets x_(i+1)
  const Variable<Dual<float>> x = make_dual(Tensor<float>{1, 2}, Tensor<float>{1, 0});
  EXPECT_EQ(convolve(x, Tensor<float>{1, 2, 3}).value()(1).tangent, 3.0f);
}

}  // namespace
