// How much memory a blur and its backward pass hold at a time, and that a loop asks the system for
// none.

#include <nablur/ops/gaussian_blur.h>

#include <gtest/gtest.h>

#include "separable_helpers.h"

using namespace nablur;
using namespace nablur::separable_test;

namespace {

constexpr double kImage = 4096.0 * 4096.0 * sizeof(float);

// The most that was in use on the way, in bytes beyond what was in use before.
template <class F>
double peak_of(const F& work) {
  pool::reset_peak();
  const std::size_t before = pool::usage().in_use;
  work();
  return static_cast<double>(pool::usage().peak - before);
}

TEST(BlurMemory, OfForwardAndBackwardStaysUnderFourAndAHalfImages) {
  const ThreadsGuard guard(2);
  for (const std::int64_t radius : {3, 9, 90}) {
    double d_sigma = 0;
    const double peak = peak_of([&] {
      Tape<float> tape;
      const auto x = tape.variable(Tensor<float>::full({4096, 4096}, 1));
      const auto sigma = tape.variable(Tensor<float>{1.0f, 1.5f});
      const auto y = gaussian_blur(x, sigma, {.radius = radius});
      const auto d = gradients(y, Tensor<float>::full({4096, 4096}, 1));
      d_sigma = double{d[sigma](0)};
      EXPECT_EQ(d[x].size(), 4096 * 4096);
    });
    EXPECT_LT(d_sigma, 0);        // the wider, the more is lost beyond the border
    EXPECT_GE(peak, 4 * kImage);  // x, y, g and dx: else nothing was measured
    EXPECT_LT(peak, 4.5 * kImage) << "R " << radius;
  }
}

TEST(BlurMemory, OfForwardIsInputAndOutputAndLittleMore) {
  const ThreadsGuard guard(2);
  for (const std::int64_t radius : {3, 9, 90}) {
    const double peak = peak_of([&] {
      const auto x = Tensor<float>::full({4096, 4096}, 1);
      EXPECT_NEAR(gaussian_blur(x, 3.0f, {.radius = radius}).value()(2000, 2000), 1, 1e-6);
    });
    EXPECT_GE(peak, 2 * kImage);
    EXPECT_LT(peak, 2.25 * kImage) << "R " << radius;
  }
}

// Scratch is for some rows at a time: a taller image needs no more of it.
TEST(BlurMemory, OfScratchDoesNotGrowWithTheHeight) {
  const ThreadsGuard guard(2);
  const auto scratch = [](std::int64_t height, std::int64_t width, bool backward) {
    const auto x = Tensor<float>::full({height, width}, 1);
    const double peak = peak_of([&] {
      Tape<float> tape;
      const auto vx = tape.variable(x);
      const auto sigma = tape.variable(Tensor<float>{2.0f, 2.5f});
      const auto y = gaussian_blur(vx, sigma, {.radius = 9, .border = Border::mirror});
      if (backward) static_cast<void>(gradients(y, x));
    });
    return peak - static_cast<double>(x.size()) * sizeof(float) * (backward ? 2 : 1);  // y, and dx
  };
  constexpr double kCounted = 4 * (64 << 10);  // small blocks are counted in such steps
  for (const bool backward : {false, true}) {
    const double low = scratch(400, 512, backward);
    EXPECT_GT(low, 0);
    EXPECT_LE(scratch(4000, 512, backward), low + kCounted);
    // In proportion to a row at most, however wide.
    EXPECT_LE(scratch(400, 5120, backward), 10 * low + kCounted);
  }
}

TEST(BlurMemory, IsRecycledInASteadyLoop) {
  for (const int n : {1, 2}) {
    const ThreadsGuard guard(n);
    const auto x = noise<float>({700, 900}, 1);
    const auto volume = noise<float>({20, 90, 70}, 2);
    Tape<float> tape;
    const auto step = [&] {
      tape.clear();
      const auto sigma = tape.variable(2.5f);
      for (const auto& image : {x, volume}) {
        const auto y = gaussian_blur(tape.variable(image), sigma, {.border = Border::symmetric});
        static_cast<void>(gradients(y, image));
      }
    };
    for (int i = 0; i < 5; ++i) step();
    const std::size_t before = pool::usage().system_calls;
    for (int i = 0; i < 20; ++i) step();
    EXPECT_EQ(pool::usage().system_calls, before) << n << " threads";
  }
}

}  // namespace
