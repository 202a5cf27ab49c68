#pragma once
// The bridge to Eigen: tensors as maps without a copy, and expressions evaluated into tensors.
//
//   as_matrix(t).row(0).sum()                     // Eigen looks at a tensor's numbers
//   as_mutable_matrix(t) *= 2.0;                  // and writes them
//   Tensor<double> t = from_eigen(a * b + c);     // evaluated into a new tensor
//
// The maps point into the tensor: keep it alive, and do not copy it while a mutable map is in use.

#include <Eigen/Core>

#include <nablur/autodiff/tensor.h>

namespace nablur {

template <class T>
using EigenArray = Eigen::Array<T, Eigen::Dynamic, 1>;
template <class T>
using EigenMatrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

namespace detail {

struct MatrixSize {
  Eigen::Index rows;
  Eigen::Index columns;
};

inline MatrixSize matrix_size(const Shape& shape) {
  if (shape.rank() > 2) fail("as_matrix: needs a rank of at most 2, got shape ", shape);
  return {shape.rank() > 0 ? shape[0] : 1, shape.rank() > 1 ? shape[1] : 1};
}

}  // namespace detail

/// All elements in row-major order. Any rank.
template <class T>
Eigen::Map<const EigenArray<T>> as_array(const Tensor<T>& t) {
  return {t.data(), t.size()};
}
template <class T>
Eigen::Map<EigenArray<T>> as_mutable_array(Tensor<T>& t) {
  return {t.mutable_data(), t.size()};
}
// A map of a tensor that is about to vanish would dangle.
template <class T>
void as_array(Tensor<T>&&) = delete;

/// (m, n) as an m×n matrix, (m) as a column, () as 1×1. Throws for a rank above 2.
template <class T>
Eigen::Map<const EigenMatrix<T>> as_matrix(const Tensor<T>& t) {
  const auto [rows, columns] = detail::matrix_size(t.shape());
  return {t.data(), rows, columns};
}
template <class T>
Eigen::Map<EigenMatrix<T>> as_mutable_matrix(Tensor<T>& t) {
  const auto [rows, columns] = detail::matrix_size(t.shape());
  return {t.mutable_data(), rows, columns};
}
template <class T>
void as_matrix(Tensor<T>&&) = delete;

/// The value of any dense expression, as a new tensor: rank 1 if its type is a vector, else rank 2.
template <class Derived>
Tensor<typename Derived::Scalar> from_eigen(const Eigen::DenseBase<Derived>& expression) {
  using T = typename Derived::Scalar;
  constexpr bool vector = Derived::IsVectorAtCompileTime;
  auto t = Tensor<T>::empty(vector ? Shape{expression.size()}
                                   : Shape{expression.rows(), expression.cols()});
  using Target = std::conditional_t<
      vector && Derived::RowsAtCompileTime == 1,
      Eigen::Array<T, 1, Eigen::Dynamic, Eigen::RowMajor>,
      std::conditional_t<vector, EigenArray<T>,
                         Eigen::Array<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>>;
  const auto value = [&]() -> decltype(auto) {
    if constexpr (std::is_base_of_v<Eigen::ArrayBase<Derived>, Derived>) {
      return expression.derived();
    } else {
      return expression.derived().array();
    }
  };
  detail::or_out_of_memory("from_eigen", [&] {
    Eigen::Map<Target>(t.mutable_data(), expression.rows(), expression.cols()) = value();
  });
  return t;
}

}  // namespace nablur

/// Dual numbers inside Eigen's matrices.
template <class T>
struct Eigen::NumTraits<nablur::Dual<T>> : Eigen::NumTraits<T> {
  using Real = nablur::Dual<T>;
  using NonInteger = nablur::Dual<T>;
  using Nested = nablur::Dual<T>;
  using Literal = nablur::Dual<T>;
  enum { RequireInitialization = 1, ReadCost = 2, AddCost = 2, MulCost = 6 };
};
