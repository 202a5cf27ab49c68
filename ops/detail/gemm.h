#pragma once
// Private: products of matrices as an instruction set computes them (gemm-inl.h).

#include <cstdint>

namespace nablur::detail {

/// A matrix whose rows lie `stride` elements apart, or its transpose.
template <class T>
struct Matrix {
  const T* data;
  std::int64_t rows;
  std::int64_t columns;
  std::int64_t stride;
  bool transposed;  ///< then rows and columns are those of the transpose

  Matrix flipped() const { return {data, columns, rows, stride, !transposed}; }
  Matrix some_columns(std::int64_t begin, std::int64_t end) const {
    return {data + begin * (transposed ? stride : 1), rows, end - begin, stride, transposed};
  }
  Matrix some_rows(std::int64_t begin, std::int64_t end) const {
    return flipped().some_columns(begin, end).flipped();
  }
};

/// out = a·b, row-major. The order of the sums follows from the shapes and the instruction set.
/// Scratch is counted in elements and aligned to 64 bytes.
template <class T>
struct Gemm {
  std::int64_t (*scratch)(const Matrix<T>& a, const Matrix<T>& b);
  void (*multiply)(const Matrix<T>& a, const Matrix<T>& b, T* out, T* scratch);
};

}  // namespace nablur::detail
