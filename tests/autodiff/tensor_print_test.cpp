#include <gtest/gtest.h>
#include <nablur/autodiff/tensor.h>

#include <sstream>
#include <string>
#include <vector>

using namespace nablur;

namespace {

template <class T>
std::string printed(const Tensor<T>& t) {
  std::ostringstream out;
  out << t;
  return out.str();
}

}  // namespace

TEST(Tensor, IsPrintedWithTypeShapeAndNumbers) {
  EXPECT_EQ(printed(Tensor<double>({2, 3}, {7, 2, 3, 4, 5, 6.5})),
            "Tensor<double>(2, 3) [[7, 2, 3], [4, 5, 6.5]]");
  EXPECT_EQ(printed(Tensor<float>(0.1f)), "Tensor<float>() 0.1");
  EXPECT_EQ(printed(Tensor<bool>{true, false}), "Tensor<bool>(2,) [true, false]");
  EXPECT_EQ(printed(Tensor<std::int64_t>()), "Tensor<int64>(0,) []");
  EXPECT_EQ(printed(Tensor<double>::zeros({2, 0})), "Tensor<double>(2, 0) []");
  EXPECT_EQ(printed(Tensor<std::int64_t>::arange(6)), "Tensor<int64>(6,) [0, 1, 2, 3, 4, 5]");
  EXPECT_EQ(printed(Tensor<std::int64_t>::arange(100)),
            "Tensor<int64>(100,) [0, 1, 2, …, 97, 98, 99]");
  EXPECT_EQ(printed(Tensor<Dual<double>>{{1, 2}}), "Tensor<Dual<double>>(1,) [1+2ε]");
}

TEST(Tensor, PrintsNothingOfAnEmptyArrayButItsShape) {
  EXPECT_EQ(printed(Tensor<double>::zeros({std::int64_t{1} << 40, 0})),
            "Tensor<double>(1099511627776, 0) []");
  const std::vector<std::int64_t> sizes = {7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
                                           7, 7, 7, 7, 7, 7, 7, 7, 7, 0};
  const Tensor<double> deep = Tensor<double>::zeros(Shape(std::span<const std::int64_t>(sizes)));
  EXPECT_TRUE(printed(deep).ends_with(" 0) []")) << "and at once";
}
