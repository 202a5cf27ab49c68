// Every instruction set that the machine runs, the plain loop included, against the definition:
// shapes, radii, borders, strides.

#include <nablur/ops/simd.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <set>
#include <thread>

#include "../messages.h"
#include "separable_helpers.h"

using namespace nablur;
using namespace nablur::separable_test;

namespace {

TEST(SimdTargets, AreNamedOnceEachAndEndWithThePlainLoop) {
  const std::vector<std::string> names = simd_targets();
  ASSERT_FALSE(names.empty());
  EXPECT_EQ(names.back(), "PLAIN");
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), names.size());
}

TEST(SimdTargets, BeginWithTheOneInUseByDefault) {
  EXPECT_EQ(simd_target(), simd_targets().front());
}

TEST(SimdTargets, AreChosenByNameForAllThreads) {
  const TargetGuard guard;
  for (const std::string& name : simd_targets()) {
    set_simd_target(name);
    EXPECT_EQ(simd_target(), name);
    std::string elsewhere;
    std::thread([&elsewhere] { elsewhere = simd_target(); }).join();
    EXPECT_EQ(elsewhere, name);
  }
}

TEST(SimdTargets, RefuseAnyOtherNameAndStayAsTheyWere) {
  const TargetGuard guard;
  for (const std::string& in_use : simd_targets()) {
    set_simd_target(in_use);
    for (const std::string wrong : {"", "plain", "AVX", "PLAIN ", "AVX1024"}) {
      std::vector<std::string> shown = simd_targets();
      shown.push_back("got \"" + wrong + '"');
      expect_message("set_simd_target", shown, [&wrong] { set_simd_target(wrong); });
      EXPECT_EQ(simd_target(), in_use);
    }
  }
}

// Fused multiply-adds round otherwise than products and sums: were the choice ignored, all bits
// would be the same.
TEST(SimdTargets, DifferInTheLastDigitsWhereTheyRoundOtherwise) {
  const std::vector<std::string> names = simd_targets();
  if (std::find(names.begin(), names.end(), "AVX2") == names.end())
    GTEST_SKIP() << "no target with fused multiply-adds is known";
  const auto x = noise<float>({40, 50}, 1);
  const auto on = [&x](const std::string& target) {
    const TargetGuard guard(target);
    return gaussian_blur(x, 3.0f).value();
  };
  EXPECT_FALSE(same_bits(on("AVX2"), on("PLAIN")));
  EXPECT_TRUE(same_bits(on("AVX2"), on("AVX2")));
}

TEST(SimdTargets, MayChangeBetweenForwardAndBackward) {
  const Case c{{30, 41}, {0, 1}, {1.5, 2.5}, 8, Border::mirror};
  const auto x = noise<float>(c.shape, 1);
  const auto g = noise<float>(c.shape, 2);
  for (const std::string& forward : simd_targets()) {
    for (const std::string& backward : simd_targets()) {
      const TargetGuard guard(backward);
      const Blurred<float> wanted = blur(x, g, c);
      set_simd_target(forward);
      Tape<float> tape;
      const auto vx = tape.variable(x);
      const auto vs = tape.variable(c.sigma<float>());
      const auto y = gaussian_blur(vx, vs, c.options());
      EXPECT_TRUE(same_bits(y.value(), blur(x, g, c).y));
      set_simd_target(backward);
      const auto d = gradients(y, g);
      EXPECT_TRUE(same_bits(d[vx], wanted.dx)) << forward << ", then " << backward;
      EXPECT_TRUE(same_bits(d[vs], wanted.d_sigma)) << forward << ", then " << backward;
    }
  }
}

template <class T>
class BlurOnEveryTarget : public testing::Test {
 protected:
  void SetUp() override { poison_the_pool(); }
};
TYPED_TEST_SUITE(BlurOnEveryTarget, Scalars, ScalarNames);

// Each size as the height or the width of a plane, along both of its axes and along one, and as a
// line; with small radii, those around the size itself, and some of those that are long for all.
TYPED_TEST(BlurOnEveryTarget, KeepsTheDefinitionForSizesFrom1To70AndRadiiFrom0To100) {
  constexpr std::int64_t kLong[] = {30, 64, 69, 70, 71, 100};
  std::size_t turn = 0;
  const auto border = [&turn] { return kBorders[turn++ % 5]; };
  for (std::int64_t n = 1; n <= 70; ++n) {
    for (const std::int64_t radius :
         {std::int64_t{0}, std::int64_t{1}, std::int64_t{2}, std::int64_t{3}, std::int64_t{5},
          std::int64_t{9}, std::int64_t{10}, std::int64_t{16}, n - 1, n, n + 1, kLong[n % 6],
          kLong[(n + 3) % 6]}) {
      const std::int64_t m = 1 + (31 * n + 7 * radius) % 40;
      const double sigma = sigma_for(radius);
      const Shape plane = (n + radius) % 2 == 0 ? Shape{n, m} : Shape{m, n};
      expect_definition<TypeParam>({plane, {0, 1}, {sigma, 0.8 * sigma}, radius, border()});
      expect_definition<TypeParam>({{n, m % 25 + 1}, {0}, {sigma}, radius, border()});
      expect_definition<TypeParam>({{m % 12 + 1, n}, {1}, {sigma}, radius, border()});
      expect_definition<TypeParam>({{n}, {0}, {sigma}, radius, border()});
    }
  }
}

TYPED_TEST(BlurOnEveryTarget, KeepsTheDefinitionForSizesOffEveryMultipleOfAVector) {
  constexpr std::int64_t kSizes[] = {15,  16,  17,  31,  33,  79,  80, 81,
                                     161, 239, 240, 241, 255, 256, 257};
  constexpr std::size_t kCount = std::size(kSizes);
  std::size_t turn = 0;
  for (std::size_t i = 0; i < kCount; ++i) {
    for (const auto& [partner, radius] :
         {std::pair{i + 4, 1}, std::pair{i + 9, 9}, std::pair{kCount - 1 - i, 5}}) {
      const Shape shape{kSizes[i], kSizes[partner % kCount]};
      expect_definition<TypeParam>(
          {shape, {0, 1}, {sigma_for(radius), 1.1}, radius, kBorders[turn++ % 5]});
    }
    expect_definition<TypeParam>(
        {{kSizes[i], 3}, {0, 1}, {sigma_for(100), 9.0}, 100, kBorders[turn++ % 5]});
    expect_definition<TypeParam>(
        {{3, kSizes[i]}, {0, 1}, {9.0, sigma_for(100)}, 100, kBorders[turn++ % 5]});
  }
}

TYPED_TEST(BlurOnEveryTarget, KeepsTheDefinitionForRowStridesOf4KiB) {
  constexpr auto kColumns = static_cast<std::int64_t>(4096 / sizeof(TypeParam));
  for (const Border border : kBorders) {
    expect_definition<TypeParam>({{21, kColumns}, {0, 1}, {1.3, 1.9}, 5, border});
    expect_definition<TypeParam>({{5, kColumns}, {0}, {2.0}, 6, border});
  }
}

TYPED_TEST(BlurOnEveryTarget, KeepsTheDefinitionAlongEverySubsetOfTheAxesOfEveryRank) {
  const std::vector<Shape> shapes = {
      {23},        {18, 21},      {17, 19, 3},    {3, 21, 18},    {18, 5, 21},   {4, 3, 33},
      {20, 6, 17}, {5, 6, 7, 18}, {17, 3, 18, 2}, {2, 19, 3, 17}, {3, 1, 20, 1}, {2, 3, 4, 2, 17}};
  const std::vector<double> sigmas = {1.4, 0.9, 2.1, 0.6, 1.1};
  std::size_t turn = 0;
  for (const Shape& shape : shapes) {
    for (std::uint32_t subset = 1; subset < (1U << shape.rank()); ++subset) {
      Case c{shape, {}, {}, 4, kBorders[turn++ % 5]};
      for (std::int64_t axis = 0; axis < shape.rank(); ++axis) {
        if ((subset >> axis & 1U) == 0) continue;
        c.axes.push_back(axis);
        c.sigmas.push_back(sigmas[static_cast<std::size_t>(axis)]);
      }
      if (subset % 2 == 0) {  // named from the last one on, each with its own sigma still
        std::reverse(c.axes.begin(), c.axes.end());
        std::reverse(c.sigmas.begin(), c.sigmas.end());
      }
      expect_definition<TypeParam>(c);
    }
  }
}

TYPED_TEST(BlurOnEveryTarget, KeepsTheDefinitionForImagesOfSeveralChannels) {
  for (const std::int64_t channels : {2, 3, 4, 5, 8, 15, 16, 17, 40}) {
    for (const Border border : kBorders) {
      expect_definition<TypeParam>({{19, 22, channels}, {0, 1}, {1.2, 1.7}, 5, border});
      expect_definition<TypeParam>({{3, 22, channels}, {1}, {2.2}, 30, border});
    }
    expect_definition<TypeParam>({{2, 170, channels}, {0, 1}, {1.2, 1.7}, 3, Border::symmetric});
  }
}

TYPED_TEST(BlurOnEveryTarget, KeepsTheDefinitionForAxesOutOfOrderAndForASharedSigma) {
  for (const Border border : kBorders) {
    expect_definition<TypeParam>({{9, 18, 17}, {2, 0, 1}, {0.7, 1.9, 1.2}, 5, border});
    expect_definition<TypeParam>(
        {{33, 18}, {1, 0}, {0.7, 1.9}, {}, border});  // each sigma with a radius of its own
    expect_definition<TypeParam>({{9, 18, 17}, {0, 1, 2}, {1.3}, 5, border, true});
    expect_definition<TypeParam>({{33, 18}, {1, 0}, {1.3}, {}, border, true});
  }
}

TYPED_TEST(BlurOnEveryTarget, KeepsTheDefinitionForManyShortLinesAndForFewLongOnes) {
  for (const Border border : kBorders) {
    expect_definition<TypeParam>({{3001, 7}, {1}, {1.5}, 4, border});
    expect_definition<TypeParam>({{997, 2}, {1}, {1.5}, 3, border});
    expect_definition<TypeParam>({{10007}, {0}, {3.0}, 9, border});  // in pieces
    expect_definition<TypeParam>({{3, 4500}, {1}, {4.0}, 13, border});
    expect_definition<TypeParam>({{9, 4113}, {1}, {4.0}, 13, border});
  }
  expect_definition<TypeParam>({{9000}, {0}, {0.3 * 1100}, 1100, Border::replicate});
  expect_definition<TypeParam>({{1500}, {0}, {700.0}, 1700, Border::mirror});
}

TYPED_TEST(BlurOnEveryTarget, KeepsTheDefinitionForRowsThatAreCutAndForColumnsOfSeveralStrips) {
  for (const Border border : kBorders) {
    expect_definition<TypeParam>({{20, 4097}, {0}, {2.0}, 6, border});
    expect_definition<TypeParam>({{9, 70, 61}, {0}, {2.0}, 6, border});
    expect_definition<TypeParam>({{9, 70, 61}, {0, 2}, {2.0, 1.0}, 4, border});
    expect_definition<TypeParam>({{170, 33}, {0, 1}, {2.0, 3.0}, 9, border});
    expect_definition<TypeParam>({{165, 5}, {0}, {30.0}, 90, border});
    expect_definition<TypeParam>({{2, 97, 18}, {1, 2}, {30.0, 2.0}, 90, border});
  }
}

// Of terms with one sign nothing cancels: each rounding is of a sum as large as Σ|w||x|, and the
// order of the terms tells.
TYPED_TEST(BlurOnEveryTarget, RoundsLittleWhereNothingCancels) {
  const auto expect_for = [](const Case& c) {
    expect_definition(c, absolute(noise<TypeParam>(c.shape, 1)),
                      absolute(noise<TypeParam>(c.shape, 2)));
  };
  for (const auto& [radius, sigma] :
       {std::pair{9, 3.0}, std::pair{30, 10.0}, std::pair{90, 30.0}, std::pair{100, 40.0}}) {
    expect_for({{8000}, {0}, {sigma}, radius, Border::symmetric});
    expect_for({{150, 40}, {1}, {sigma}, radius, Border::replicate});
    expect_for({{150, 40}, {0}, {sigma}, radius, Border::mirror});
    expect_for({{99, 101}, {0, 1}, {sigma, sigma}, radius, Border::circular});
  }
}

// Past 2^16 taps the plain loop does the work for all.
TYPED_TEST(BlurOnEveryTarget, KeepsTheDefinitionForMoreTapsThanTheKernelsTake) {
  expect_definition<TypeParam>({{3, 40}, {1}, {30000.0}, 70000, Border::zero});
}

// Memory of a user's, at any multiple of a number, and rows cut out of a larger tensor.
TYPED_TEST(BlurOnEveryTarget, DoesNotDependOnWhereTheNumbersLie) {
  const Case c{{35, 37}, {0, 1}, {1.3, 1.8}, 5, Border::replicate};
  const auto x = noise<TypeParam>(c.shape, 1);
  const auto g = noise<TypeParam>(c.shape, 2);
  const auto at_offset = [](const Tensor<TypeParam>& t, std::size_t offset) {
    auto memory = std::make_shared<std::vector<TypeParam>>(offset + t.values().size());
    std::copy(t.begin(), t.end(), memory->data() + offset);
    return Tensor<TypeParam>::wrap(memory->data() + offset, t.shape(), memory);
  };
  const auto larger = noise<TypeParam>({50, 37}, 3);
  for (const std::string& target : simd_targets()) {
    const TargetGuard guard(target);
    const auto wanted = blur(x, g, c);
    for (std::size_t offset = 0; offset < 17; ++offset) {
      const auto found = blur(at_offset(x, offset), at_offset(g, 3 * offset + 1), c);
      EXPECT_TRUE(same_bits(found.y, wanted.y)) << target << ", offset " << offset;
      EXPECT_TRUE(same_bits(found.dx, wanted.dx)) << target << ", offset " << offset;
      EXPECT_TRUE(same_bits(found.d_sigma, wanted.d_sigma)) << target << ", offset " << offset;
    }
    for (const std::int64_t first : {1, 2, 15}) {
      const auto rows = larger.rows(first, first + 35);
      const Tensor<TypeParam> copy(rows.shape(), rows.values());
      EXPECT_TRUE(same_bits(blur(rows, g, c).y, blur(copy, g, c).y))
          << target << ", from row " << first;
    }
  }
}

}  // namespace
