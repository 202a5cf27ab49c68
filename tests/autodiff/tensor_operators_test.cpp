// The operators of tensors: broadcasting, updates in place, masks.

#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include <nablur/autodiff/tensor.h>

#include "../messages.h"
#include "../numbers.h"

using namespace nablur;

namespace {

using D = Tensor<double>;
using Mask = Tensor<bool>;

std::vector<bool> bits(const Mask& x) { return std::vector<bool>(x.begin(), x.end()); }

TEST(TensorOperators, BroadcastAsNumpyDoes) {
  const D matrix{{1, 2, 3}, {4, 5, 6}};
  const D row{10, 20, 30};
  const D column(Shape{2, 1}, {100, 200});
  EXPECT_EQ(numbers(matrix + row), (std::vector<double>{11, 22, 33, 14, 25, 36}));
  EXPECT_EQ(numbers(column - matrix), (std::vector<double>{99, 98, 97, 196, 195, 194}));
  EXPECT_EQ(numbers(column * row), (std::vector<double>{1000, 2000, 3000, 2000, 4000, 6000}));
  EXPECT_EQ((D::ones({2, 1, 3}) / D::ones({4, 1})).shape(), (Shape{2, 4, 3}));
  EXPECT_EQ((D::zeros({0, 3}) + row).shape(), (Shape{0, 3}));
  const Tensor<std::int64_t> i{{1, 2}, {3, 4}};
  EXPECT_EQ((i * Tensor<std::int64_t>{10, 100})(1, 1), 400);
  expect_message("add", {"(2, 3)", "(2,)", "axis 1"}, [&] { matrix + D{1, 2}; });
  expect_message("divide", {"(2, 3)", "(2,)"}, [&] { matrix / D{1, 2}; });
}

TEST(TensorOperators, UpdateTheLeftSideAndKeepItsShape) {
  D x{{1, 2}, {3, 4}};
  x *= D{10, 100};
  EXPECT_EQ(numbers(x), (std::vector<double>{10, 200, 30, 400}));
  x /= 10.0;
  EXPECT_EQ(numbers(x), (std::vector<double>{1, 20, 3, 40}));
  const double* const where = x.data();
  x *= x;
  EXPECT_EQ(x.data(), where) << "a copy was made";
  EXPECT_EQ(x(1, 1), 1600);
  const D kept = x;
  x -= D(Shape{2, 1}, {1, 2});
  EXPECT_EQ(numbers(x), (std::vector<double>{0, 399, 7, 1598}));
  EXPECT_EQ(kept(0, 0), 1) << "another holder sees the update";
  expect_message("multiply", {"(3,)", "(2, 2)", "*="}, [&] { x *= D{1, 2, 3}; });
  expect_message("add", {"(2, 2)", "(2,)", "+="}, [] {
    D y{1, 2};
    y += D{{1, 2}, {3, 4}};
  });
}

TEST(TensorOperators, CompareIntoMasks) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const D x{-1, 0, 2, nan};
  EXPECT_EQ(bits(x > 0.0), (std::vector<bool>{false, false, true, false}));
  EXPECT_EQ(bits(x >= 0.0), (std::vector<bool>{false, true, true, false}));
  EXPECT_EQ(bits(x < 0.0), (std::vector<bool>{true, false, false, false}));
  EXPECT_EQ(bits(x <= 0), (std::vector<bool>{true, true, false, false}));
  EXPECT_EQ(bits(x == 2.0), (std::vector<bool>{false, false, true, false}));
  EXPECT_EQ(bits(x != x), (std::vector<bool>{false, false, false, true}));
  EXPECT_EQ(bits(1.0 > x), (std::vector<bool>{true, true, false, false}));
  EXPECT_EQ((D(Shape{2, 1}, {1, 2}) > D{1, 2, 3}).rank(), 2);
  const Tensor<Dual<double>> d = make_dual(D{1, 2}, D{9, -9});
  EXPECT_EQ(bits(d > Dual<double>(1.5)), (std::vector<bool>{false, true}));
  EXPECT_EQ(bits(Tensor<std::int64_t>{1, 5} == 5), (std::vector<bool>{false, true}));
  expect_message("greater", {"(4,)", "(3,)"}, [&] { static_cast<void>(x > D{1, 2, 3}); });
  expect_message("less_equal", {"(4,)", "(3,)"}, [&] { static_cast<void>(x <= D{1, 2, 3}); });
}

TEST(TensorOperators, MasksHaveNotAndOr) {
  const D x{-2, -1, 1, 2};
  EXPECT_EQ(bits(!(x > 0.0)), (std::vector<bool>{true, true, false, false}));
  EXPECT_EQ(bits((x > -1.5) & (x < 1.5)), (std::vector<bool>{false, true, true, false}));
  EXPECT_EQ(bits((x < -1.5) | (x > 1.5)), (std::vector<bool>{true, false, false, true}));
}

TEST(TensorOperators, IntegersWrapNowhere) {
  const Tensor<std::int64_t> most = std::numeric_limits<std::int64_t>::max();
  expect_message("tensor", {"+ 1", "64-bit"}, [&] { most + 1; });
  expect_message("tensor", {"/ 0"}, [&] { most / 0; });
  Tensor<std::int64_t> x{1, std::numeric_limits<std::int64_t>::max()};
  EXPECT_THROW(x *= 2, Error);
  EXPECT_EQ(x(0), 1) << "half done";
}

}  // namespace
