// The blur's fast paths where numbers are special: NaN and infinity, denormals, σ = 0, memory that
// holds anything, and gradients of which only one is asked for.

#include <nablur/ops/gaussian_blur.h>

#include <gtest/gtest.h>

#include "separable_helpers.h"

using namespace nablur;
using namespace nablur::separable_test;

namespace {

template <class T>
class BlurOfSpecialValues : public testing::Test {
 protected:
  static constexpr T kInfinity = std::numeric_limits<T>::infinity();
};
TYPED_TEST_SUITE(BlurOfSpecialValues, Scalars, ScalarNames);

// Heights and widths off every multiple of a vector, several strips, lines alone and many,
// channels, slices.
const std::vector<Case> kCases = {
    {{19, 37}, {0, 1}, {1.0, 1.4}, 3},  {{83, 21}, {0, 1}, {1.0, 1.4}, 3},
    {{37, 5}, {0}, {1.4}, 4},           {{101}, {0}, {1.4}, 4},
    {{3, 4200}, {1}, {1.4}, 4},         {{9, 45}, {1}, {1.4}, 4},
    {{17, 19, 3}, {0, 1}, {1.0}, 2},    {{9, 11, 13}, {0, 1, 2}, {1.0}, 2},
    {{21, 5, 18}, {0, 2}, {1.0}, 2},    {{2, 30, 9}, {1}, {1.0}, 3},
    {{165, 18}, {0, 1}, {0.7, 0.7}, 2},
};

Case with(Case c, Border border) {
  c.border = border;
  c.shared = c.sigmas.size() < c.axes.size();
  return c;
}

// -1, 0 and 1 for a number, an infinity by its sign, and 2 for NaN.
template <class T>
std::vector<int> classes(const Tensor<T>& t) {
  std::vector<int> list;
  for (const T v : t) list.push_back(std::isnan(v) ? 2 : std::isinf(v) ? (v > 0 ? 1 : -1) : 0);
  return list;
}

// Whether element i lies within the radius of element `centre` along each of the case's axes, and
// beside it along none else.
bool is_near(const Case& c, std::int64_t i, std::int64_t centre) {
  for (std::int64_t axis = c.shape.rank(); axis-- > 0;) {
    const std::int64_t n = c.shape[axis];
    const bool blurred = std::find(c.axes.begin(), c.axes.end(), axis) != c.axes.end();
    if (std::abs(i % n - centre % n) > (blurred ? *c.radius : 0)) return false;
    i /= n;
    centre /= n;
  }
  return true;
}

TYPED_TEST(BlurOfSpecialValues, KeepsNanAndInfinityWithinTheRadius) {
  using T = TypeParam;
  for (const Case& c : kCases) {
    const std::int64_t size = c.shape.size();
    for (const T bad : {std::numeric_limits<T>::quiet_NaN(), this->kInfinity, -this->kInfinity}) {
      for (const std::int64_t where : {std::int64_t{0}, size / 2, size - 1}) {
        auto x = noise<T>(c.shape, 1);
        x.mutable_data()[where] = bad;
        for (const std::string& target : simd_targets()) {
          const TargetGuard guard(target);
          const Blurred<T> found = blur(x, x, with(c, Border::zero));
          for (const Tensor<T>* t : {&found.y, &found.dx}) {
            const std::vector<int> got = classes(*t);
            for (std::int64_t i = 0; i < size; ++i) {
              const int wanted = !is_near(c, i, where) ? 0 : std::isnan(bad) ? 2 : bad > 0 ? 1 : -1;
              ASSERT_EQ(got[static_cast<std::size_t>(i)], wanted)
                  << c.name() << ", " << bad << " at " << where << ", " << target;
            }
          }
        }
      }
    }
  }
}

TYPED_TEST(BlurOfSpecialValues, LeavesNanAndInfinitiesWhereThePlainLoopDoesForEveryBorder) {
  using T = TypeParam;
  for (const Case& at : kCases) {
    const std::int64_t size = at.shape.size();
    auto x = noise<T>(at.shape, 1);
    auto g = noise<T>(at.shape, 2);
    x.mutable_data()[1] = this->kInfinity;
    x.mutable_data()[size / 2] = -this->kInfinity;
    x.mutable_data()[size - 2] = std::numeric_limits<T>::quiet_NaN();
    g.mutable_data()[0] = std::numeric_limits<T>::quiet_NaN();
    g.mutable_data()[size / 3] = -this->kInfinity;
    g.mutable_data()[size - 1] = this->kInfinity;
    for (const Border border : kBorders) {
      const Case c = with(at, border);
      const auto on = [&](const std::string& target) {
        const TargetGuard guard(target);
        return blur(x, g, c);
      };
      const Blurred<T> plain = on("PLAIN");
      const std::vector<int> y = classes(plain.y);
      ASSERT_GT(std::count(y.begin(), y.end(), 0), 0);
      ASSERT_GT(std::count(y.begin(), y.end(), 2), 0);
      for (const std::string& target : simd_targets()) {
        const Blurred<T> found = on(target);
        EXPECT_EQ(classes(found.y), y) << c.name() << ", " << target;
        EXPECT_EQ(classes(found.dx), classes(plain.dx)) << c.name() << ", " << target;
        EXPECT_EQ(classes(found.d_sigma), classes(plain.d_sigma)) << c.name() << ", " << target;
      }
    }
  }
}

// ∂L/∂σ_k = ⟨e_k, x⟩: the image e_k of a gradient g.
template <class T>
Numbers image_of_sigma(const Tensor<T>& g, const Case& c, std::size_t k) {
  Numbers e(g.begin(), g.end());
  for (std::size_t j = 0; j < c.axes.size(); ++j) {
    const reference::Taps t = taps_of<T>(c.sigmas[c.shared ? 0 : j], c.radius);
    e = reference::filter_transposed(e, lines_of(c.shape, c.axes[j]), j == k ? t.h : t.w, c.border);
  }
  return e;
}

// An infinity in x makes an infinity of the sum, and no NaN: nothing is multiplied with it but its
// own place in e.
TYPED_TEST(BlurOfSpecialValues, SumsAnInfinityOfTheImageOnlyWithItsOwnPlace) {
  using T = TypeParam;
  for (const Case& at : kCases) {
    if (at.sigmas.size() < at.axes.size()) continue;
    const std::int64_t size = at.shape.size();
    const auto g = noise<T>(at.shape, 2);
    for (const Border border : kBorders) {
      const Case c = with(at, border);
      for (const std::int64_t where : {std::int64_t{0}, size / 2, size - 1}) {
        auto x = noise<T>(c.shape, 1);
        x.mutable_data()[where] = this->kInfinity;
        for (std::size_t k = 0; k < c.axes.size(); ++k) {
          const T wanted = image_of_sigma(g, c, k)[static_cast<std::size_t>(where)] > 0
                               ? this->kInfinity
                               : -this->kInfinity;
          for (const std::string& target : simd_targets()) {
            const TargetGuard guard(target);
            EXPECT_EQ(blur(x, g, c).d_sigma(k), wanted)
                << c.name() << ", axis " << k << ", at " << where << ", " << target;
          }
        }
      }
    }
  }
}

// An infinity in g spreads over e with the signs of the taps. Where x has the same signs the sum is
// +∞, and NaN only if a place that is not there takes part.
TYPED_TEST(BlurOfSpecialValues, SumsAnInfinityOfTheGradientOnlyWhereThereIsAnImage) {
  using T = TypeParam;
  for (const Case& at : kCases) {
    if (at.sigmas.size() < at.axes.size()) continue;
    const Case c = with(at, Border::zero);
    const std::int64_t size = c.shape.size();
    for (const std::int64_t where : {std::int64_t{0}, size / 2, size - 1}) {
      auto delta = Tensor<T>::zeros(c.shape);
      delta.mutable_data()[where] = 1;
      auto g = noise<T>(c.shape, 2);
      g.mutable_data()[where] = this->kInfinity;
      for (std::size_t k = 0; k < c.axes.size(); ++k) {
        const Numbers e = image_of_sigma(delta, c, k);
        auto x = noise<T>(c.shape, 1);
        for (std::size_t i = 0; i < e.size(); ++i) {
          if (e[i] != 0) x.mutable_data()[i] = e[i] > 0 ? T(1) : T(-1);
        }
        for (const std::string& target : simd_targets()) {
          const TargetGuard guard(target);
          EXPECT_EQ(blur(x, g, c).d_sigma(k), this->kInfinity)
              << c.name() << ", axis " << k << ", at " << where << ", " << target;
        }
      }
    }
  }
}

TYPED_TEST(BlurOfSpecialValues, LosesNoDenormals) {
  using T = TypeParam;
  constexpr T kLeast = std::numeric_limits<T>::denorm_min();
  const auto x = Tensor<T>::full({21, 18}, 1000 * kLeast);
  for (const std::string& target : simd_targets()) {
    const TargetGuard guard(target);
    const auto y = gaussian_blur(x, T(1), {.border = Border::circular}).value();
    for (const T v : y)
      EXPECT_LE(std::abs(v - 1000 * kLeast), 10 * kLeast)
          << target;  // half a unit for each tap and axis
  }
}

// Whatever the pool's blocks held before.
TYPED_TEST(BlurOfSpecialValues, DoesNotDependOnWhatMemoryHeld) {
  using T = TypeParam;
  for (const Case& at : kCases) {
    const auto x = noise<T>(at.shape, 1);
    const auto g = noise<T>(at.shape, 2);
    for (const std::string& target : simd_targets()) {
      const TargetGuard guard(target);
      for (const Border border : {Border::zero, Border::mirror, Border::replicate}) {
        const Case c = with(at, border);
        const Blurred<T> first = blur(x, g, c);
        poison_the_pool();
        const Blurred<T> again = blur(x, g, c);
        EXPECT_TRUE(same_bits(again.y, first.y)) << c.name() << ", " << target;
        EXPECT_TRUE(same_bits(again.dx, first.dx)) << c.name() << ", " << target;
        EXPECT_TRUE(same_bits(again.d_sigma, first.d_sigma)) << c.name() << ", " << target;
        for (const int kind : classes(again.d_sigma))
          EXPECT_EQ(kind, 0) << c.name() << ", " << target;
      }
    }
  }
}

TYPED_TEST(BlurOfSpecialValues, IsTheBlurAlongTheOtherAxisWhereOneSigmaIsZero) {
  using T = TypeParam;
  const auto x = noise<T>({33, 21, 5}, 1);
  const auto g = noise<T>({33, 21, 5}, 2);
  const std::vector<std::int64_t> axes = {0, 1, 2};
  for (const std::string& target : simd_targets()) {
    const TargetGuard guard(target);
    for (const Border border : kBorders) {
      for (std::size_t live = 0; live < 3; ++live) {
        Case all{x.shape(), axes, {0, 0, 0}, 3, border};
        all.sigmas[live] = 1.2;
        const Blurred<T> found = blur(x, g, all);
        const Blurred<T> alone = blur(x, g, Case{x.shape(), {axes[live]}, {1.2}, 3, border});
        EXPECT_TRUE(same_bits(found.y, alone.y)) << all.name() << ", " << target;
        EXPECT_TRUE(same_bits(found.dx, alone.dx)) << all.name() << ", " << target;
        for (std::size_t k = 0; k < 3; ++k)
          EXPECT_EQ(found.d_sigma(k), k == live ? alone.d_sigma(0) : T(0)) << all.name();
      }
      const Blurred<T> none = blur(x, g, Case{x.shape(), axes, {0, 0, 0}, 3, border});
      EXPECT_TRUE(same_bits(none.y, x));
      EXPECT_TRUE(same_bits(none.dx, g));
      EXPECT_TRUE(same_bits(none.d_sigma, Tensor<T>::zeros({3})));
    }
  }
}

// What is not asked for is left out of the work, and what is asked for has the same bits.
TYPED_TEST(BlurOfSpecialValues, HasTheSameGradientsWhetherBothAreAskedForOrOne) {
  using T = TypeParam;
  for (const Case& at : kCases) {
    const auto x = noise<T>(at.shape, 1);
    const auto g = noise<T>(at.shape, 2);
    for (const Border border : kBorders) {
      const Case c = with(at, border);
      for (const std::string& target : simd_targets()) {
        const TargetGuard guard(target);
        const Blurred<T> both = blur(x, g, c);
        Tape<T> tape;
        const auto vx = tape.variable(x);
        const auto vs = tape.variable(c.template sigma<T>());
        const auto of_x = gaussian_blur(vx, c.template sigma<T>(), c.options());
        const auto of_sigma = gaussian_blur(x, vs, c.options());
        EXPECT_TRUE(same_bits(gaussian_blur(x, c.template sigma<T>(), c.options()).value(), both.y))
            << c.name() << ", " << target;
        EXPECT_TRUE(same_bits(of_x.value(), both.y)) << c.name() << ", " << target;
        EXPECT_TRUE(same_bits(of_sigma.value(), both.y)) << c.name() << ", " << target;
        EXPECT_TRUE(same_bits(gradients(of_x, g)[vx], both.dx)) << c.name() << ", " << target;
        EXPECT_TRUE(same_bits(gradients(of_sigma, g)[vs], both.d_sigma))
            << c.name() << ", " << target;
      }
    }
  }
}

}  // namespace
