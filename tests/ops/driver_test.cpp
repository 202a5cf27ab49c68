// A slope may look at any of a, b and the result y, and gets those in this order.

#include <gtest/gtest.h>

#include <nablur/autodiff/gradients.h>
#include <nablur/ops/detail/driver.h>

using namespace nablur;

namespace {

// y = a·b with a slope by b that stands for the arguments it was given; a = 2, b = 3, y = 6.
template <class Slope>
double slope_by_b(const Slope& slope) {
  Tape<double> tape;
  const auto a = tape.variable(2.0);
  const auto b = tape.variable(3.0);
  const auto product = [](double x, double z) { return x * z; };
  const auto y = detail::elementwise("marked", a, b, product, detail::Pass{}, slope);
  return gradients(y)[b].item();
}

TEST(Driver, HandsASlopeWhatItLooksAt) {
  const auto one = [](double x) { return x; };
  const auto two = [](double x, double z) { return 10 * x + z; };
  const auto three = [](double x, double z, double r) { return 100 * x + 10 * z + r; };
  EXPECT_EQ(slope_by_b(detail::of_a(one)), 2);
  EXPECT_EQ(slope_by_b(detail::of_b(one)), 3);
  EXPECT_EQ(slope_by_b(detail::of_y(one)), 6);
  EXPECT_EQ(slope_by_b(detail::of_ab(two)), 23);
  EXPECT_EQ(slope_by_b(detail::of_ay(two)), 26);
  EXPECT_EQ(slope_by_b(detail::of_by(two)), 36);
  EXPECT_EQ(slope_by_b(detail::of_aby(three)), 236);
  EXPECT_EQ(slope_by_b(detail::Negate{}), -1);
}

}  // namespace
