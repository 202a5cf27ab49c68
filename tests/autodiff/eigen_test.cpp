#include <gtest/gtest.h>
#include <nablur/autodiff/eigen.h>

#include <Eigen/Dense>

using namespace nablur;

namespace {

// A map of a temporary would dangle.
template <class X>
concept MapsToArray = requires(X&& x) { as_array(std::forward<X>(x)); };
template <class X>
concept MapsToMatrix = requires(X&& x) { as_matrix(std::forward<X>(x)); };
static_assert(MapsToArray<Tensor<double>&> && !MapsToArray<Tensor<double>>);
static_assert(MapsToMatrix<const Tensor<double>&> && !MapsToMatrix<Tensor<double>>);

}  // namespace

TEST(Eigen, LooksAtATensorWithoutACopy) {
  const Tensor<double> t({2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(as_matrix(t).data(), t.data());
  EXPECT_EQ(as_array(t).data(), t.data());
  EXPECT_EQ(as_matrix(t)(1, 0), 4);
  EXPECT_EQ(as_matrix(t).row(0).sum(), 6);
  EXPECT_EQ(as_array(t).sum(), 21);
}

TEST(Eigen, SeesVectorsAsColumnsAndNumbersAsOneByOne) {
  const Tensor<double> v{1, 2, 3};
  EXPECT_EQ(as_matrix(v).rows(), 3);
  EXPECT_EQ(as_matrix(v).cols(), 1);
  const Tensor<double> number = 5.0;
  EXPECT_EQ(as_matrix(number).size(), 1);
  EXPECT_EQ(as_matrix(number)(0, 0), 5);
  const Tensor<double> none({0, 3}, {});
  EXPECT_EQ(as_matrix(none).cols(), 3);
  EXPECT_EQ(as_array(none).size(), 0);
}

TEST(Eigen, RefusesMatricesOfMoreThanTwoAxes) {
  Tensor<double> t = Tensor<double>::ones({2, 2, 2});
  EXPECT_EQ(as_array(t).size(), 8);
  EXPECT_THROW(as_matrix(t), Error);
  EXPECT_THROW(as_mutable_matrix(t), Error);
}

TEST(Eigen, WritesATensorAndLeavesItsCopiesAlone) {
  Tensor<double> t({2, 2}, {1, 2, 3, 4});
  const Tensor<double> copy = t;
  as_mutable_matrix(t) *= 2.0;
  as_mutable_array(t)[3] = 0;
  EXPECT_EQ(t(0, 1), 4);
  EXPECT_EQ(t(1, 1), 0);
  EXPECT_EQ(copy(0, 1), 2);
}

TEST(Eigen, EvaluatesExpressionsInRowMajorOrder) {
  Eigen::MatrixXd column_major(2, 3);
  column_major << 1, 2, 3, 4, 5, 6;
  const Tensor<double> t = from_eigen(column_major);
  EXPECT_EQ(t.shape(), (Shape{2, 3}));
  for (std::int64_t i = 0; i < 6; ++i) EXPECT_EQ(t.data()[i], static_cast<double>(i + 1));
  EXPECT_EQ(from_eigen(column_major.transpose())(2, 1), 6);
  EXPECT_EQ(from_eigen(column_major * column_major.transpose())(0, 1), 1 * 4 + 2 * 5 + 3 * 6);
  EXPECT_EQ(from_eigen(column_major.array() + 1)(1, 2), 7);
}

TEST(Eigen, GivesVectorsRankOne) {
  const Eigen::Vector3d column(1, 2, 3);
  const Eigen::RowVector3d row(4, 5, 6);
  EXPECT_EQ(from_eigen(column).shape(), Shape{3});
  EXPECT_EQ(from_eigen(column)(2), 3);
  EXPECT_EQ(from_eigen(row).shape(), Shape{3});
  EXPECT_EQ(from_eigen(row * 2)(0), 8);
  EXPECT_EQ(from_eigen(column.array().square())(1), 4);
  EXPECT_EQ(from_eigen(Eigen::MatrixXf(0, 2)).shape(), (Shape{0, 2}));
}

TEST(Eigen, ComesBackAsItWent) {
  const auto t = Tensor<float>::arange(12).reshaped({3, 4});
  const auto back = from_eigen(as_matrix(t));
  EXPECT_EQ(back.shape(), t.shape());
  EXPECT_TRUE((as_array(back) == as_array(t)).all());
}

TEST(Eigen, MultipliesMatricesOfDuals) {
  using D = Dual<double>;
  const Tensor<D> a({1, 2}, {D(1, 10), D(2, 20)});
  const Tensor<D> b({2, 1}, {D(3, 30), D(4, 40)});
  const Tensor<D> c = from_eigen(as_matrix(a) * as_matrix(b));
  EXPECT_EQ(c(0, 0).value, 1 * 3 + 2 * 4);
  EXPECT_EQ(c(0, 0).tangent, 10 * 3 + 1 * 30 + 20 * 4 + 2 * 40);
}
