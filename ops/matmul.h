#pragma once
// Products of vectors, matrices and batches of matrices.
//
//   matmul(a, b)       // (m, k)·(k, n) → (m, n); (…, m, k)·(…, k, n) with the leading axes broadcast

#include <nablur/autodiff/tape.h>

namespace nablur {
namespace compiled {

template <class T>
struct NABLUR_API Matmul {
  static Variable<T> matmul(const Variable<T>& a, const Variable<T>& b);
};

extern template struct Matmul<float>;
extern template struct Matmul<double>;
extern template struct Matmul<Dual<float>>;
extern template struct Matmul<Dual<double>>;

}  // namespace compiled

/// Matrix product as numpy.matmul: the last two axes are the matrix, the axes before them broadcast. A vector on the left is a
/// row, on the right a column, and its axis vanishes from the result: (k)·(k) → (), (m, k)·(k) → (m), (k)·(k, n) → (n).
/// A product over an axis of size 0 is 0. Throws Error for rank 0 and where the inner sizes differ.
template <class A, class B>
requires Operands<A, B> Variable<Scalar<A, B>> matmul(const A& a, const B& b) {
  using T = Scalar<A, B>;
  return compiled::Matmul<T>::matmul(detail::operand<T>(a), detail::operand<T>(b));
}

}  // namespace nablur
