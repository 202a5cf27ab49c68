#include <gtest/gtest.h>
#include <nablur/autodiff/sum.h>
#include <nablur/support/random.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

using namespace nablur;

namespace {

using Sizes = std::vector<std::int64_t>;

Shape shape_of(const Sizes& sizes) { return Shape(std::span<const std::int64_t>(sizes)); }

rc::Gen<Sizes> any_sizes() {
  return rc::gen::resize(5, rc::gen::container<Sizes>(rc::gen::inRange<std::int64_t>(0, 12)));
}

Tensor<double> any_numbers(const Sizes& sizes) {
  Random random(*rc::gen::arbitrary<std::uint32_t>());
  return Tensor<double>::normal(shape_of(sizes), random);
}

struct Reference {
  std::vector<long double> sum;
  std::vector<long double> magnitude;  // Σ|x|, the scale of the rounding error
};

// Each element goes to the target whose index is its own, with 0 wherever `collapsed` says so.
Reference add_up(const Tensor<double>& x, const std::vector<bool>& collapsed) {
  const Shape& shape = x.shape();
  std::int64_t targets = 1;
  for (std::size_t axis = 0; axis < collapsed.size(); ++axis)
    targets *= collapsed[axis] ? 1 : shape.begin()[axis];
  Reference out{std::vector<long double>(static_cast<std::size_t>(targets)),
                std::vector<long double>(static_cast<std::size_t>(targets))};
  for (std::int64_t flat = 0; flat < x.size(); ++flat) {
    std::int64_t rest = flat;
    std::int64_t target = 0;
    std::int64_t stride = 1;
    for (std::size_t axis = collapsed.size(); axis-- > 0;) {
      const std::int64_t n = shape.begin()[axis];
      if (!collapsed[axis]) {
        target += rest % n * stride;
        stride *= n;
      }
      rest /= n;
    }
    out.sum[static_cast<std::size_t>(target)] += x.data()[flat];
    out.magnitude[static_cast<std::size_t>(target)] += std::abs(x.data()[flat]);
  }
  return out;
}

// Pairwise sums of at most 12^5 terms go through fewer than 90 additions each.
void assert_close(const Tensor<double>& found, const Reference& expected) {
  RC_ASSERT(found.size() == static_cast<std::int64_t>(expected.sum.size()));
  for (std::size_t i = 0; i < expected.sum.size(); ++i) {
    RC_ASSERT(std::abs(found.data()[i] - expected.sum[i]) <= 1e-14L * expected.magnitude[i]);
  }
}

}  // namespace

RC_GTEST_PROP(SumOver, IsThePlainLoopOverTheChosenAxes, ()) {
  const Sizes sizes = *any_sizes();
  const auto x = any_numbers(sizes);
  std::vector<bool> collapsed;
  Sizes axes;
  Sizes kept;
  Sizes ones;
  for (std::size_t axis = 0; axis < sizes.size(); ++axis) {
    collapsed.push_back(*rc::gen::arbitrary<bool>());
    const auto named =
        static_cast<std::int64_t>(axis) - (*rc::gen::arbitrary<bool>() ? x.rank() : 0);
    if (collapsed.back()) axes.push_back(named);
    if (!collapsed.back()) kept.push_back(sizes[axis]);
    ones.push_back(collapsed.back() ? 1 : sizes[axis]);
  }
  RC_PRE(!axes.empty());
  const Axes chosen{std::span<const std::int64_t>(axes)};
  const Reference expected = add_up(x, collapsed);
  const auto plain = sum_over(x, chosen);
  RC_ASSERT(plain.shape() == shape_of(kept));
  assert_close(plain, expected);
  const auto keeping = sum_over(x, chosen, true);
  RC_ASSERT(keeping.shape() == shape_of(ones));
  assert_close(keeping, expected);
}

RC_GTEST_PROP(SumTo, IsThePlainLoopOverTheStretchedAxes, ()) {
  const Sizes sizes = *any_sizes();
  const auto x = any_numbers(sizes);
  const auto lead = *rc::gen::inRange<std::size_t>(0, sizes.size() + 1);
  std::vector<bool> collapsed(sizes.size(), true);
  Sizes target;
  for (std::size_t axis = lead; axis < sizes.size(); ++axis) {
    collapsed[axis] = *rc::gen::arbitrary<bool>();
    target.push_back(collapsed[axis] ? 1 : sizes[axis]);
  }
  const auto found = sum_to(x, shape_of(target));
  RC_ASSERT(found.shape() == shape_of(target));
  assert_close(found, add_up(x, collapsed));
}

TEST(SumOver, OfNothingIsZero) {
  EXPECT_EQ(sum_over(Tensor<double>()).item(), 0);
  const auto columns = sum_over(Tensor<double>::ones({0, 3}), 0);
  EXPECT_EQ(columns.shape(), Shape{3});
  EXPECT_EQ(columns(1), 0);
  EXPECT_EQ(sum_over(Tensor<double>::ones({0, 3}), 1).shape(), Shape{0});
}

TEST(SumOver, OfRankZeroIsTheNumber) {
  EXPECT_EQ(sum_over(Tensor<double>(5.0)).item(), 5);
  EXPECT_THROW(sum_over(Tensor<double>(5.0), 0), Error);
}

TEST(SumOver, RefusesAxesThatAreNotThereOrNamedTwice) {
  const auto x = Tensor<double>::ones({2, 3});
  EXPECT_THROW(sum_over(x, 2), Error);
  EXPECT_THROW(sum_over(x, -3), Error);
  EXPECT_THROW(sum_over(x, {0, -2}), Error);
}

TEST(SumTo, RefusesAShapeThatDoesNotBroadcastToTheTensors) {
  const auto x = Tensor<double>::ones({2, 3});
  EXPECT_THROW(sum_to(x, {2}), Error);
  EXPECT_THROW(sum_to(x, {1, 2, 3}), Error);
  EXPECT_THROW(sum_to(x, {0, 3}), Error);
}

TEST(SumTo, TheOwnShapeSharesTheNumbers) {
  const auto x = Tensor<double>::ones({2, 3});
  EXPECT_EQ(sum_to(x, {2, 3}).data(), x.data());
}

TEST(SumOver, AddsDualsPartByPart) {
  const Tensor<Dual<double>> x{{1, 10}, {2, 20}, {3, 30}};
  EXPECT_EQ(sum_over(x).item().value, 6);
  EXPECT_EQ(sum_over(x).item().tangent, 60);
}

// A running float sum of 2^22 tenths is off by more than 1 %; pairwise, each term passes fewer than
// 40 additions.
TEST(SumOver, HasAnErrorThatGrowsWithTheLogarithm) {
  constexpr std::int64_t n = std::int64_t{1} << 22;
  const double exact = static_cast<double>(n) * static_cast<double>(0.1f);
  const double allowed = 40 * 6e-8 * exact;
  const auto x = Tensor<float>::full({n}, 0.1f);
  EXPECT_NEAR(sum_over(x).item(), exact, allowed);
  EXPECT_NEAR(sum_over(x.reshaped({n, 1}), 0)(0), exact, allowed);
  EXPECT_NEAR(sum_over(x.reshaped({n / 2, 2}), 0)(1), exact / 2, allowed / 2);
  EXPECT_NEAR(sum_over(x.reshaped({1, n / 4, 4}), {0, 1})(3), exact / 4, allowed / 4);
}

TEST(SumOver, DependsOnTheShapeAndNotOnThePlaceInMemory) {
  Random random(1);
  const auto x = Tensor<double>::normal({1003}, random);
  const auto shifted = x.rows(3, 1003);
  const Tensor<double> copy({1000}, shifted.values());
  EXPECT_EQ(sum_over(shifted).item(), sum_over(copy).item());
}
