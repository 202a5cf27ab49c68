#pragma once
// Products of vectors, matrices and batches of matrices.
//
//   matmul(a, b)       // (m, k)·(k, n) → (m, n); leading axes broadcast

#include <nablur/autodiff/tape.h>

namespace nablur {
namespace compiled {
template <class T>
struct Matmul;  // at the end of this file
}

/// Matrix product as numpy.matmul: the last two axes are the matrix, the axes before them
/// broadcast. A vector on the left is a row, on the right a column, and its axis vanishes from the
/// result: (k)·(k) → (), (m, k)·(k) → (m), (k)·(k, n) → (n). A product over an axis of size 0 is 0.
/// float and double run on the machine's vectors (simd.h). Throws Error for rank 0 and if the inner
/// sizes differ.
template <class A, OperandBeside<A> B>
ResultOf<A, B> matmul(const A& a, const B& b) {
  return detail::result<A, B>(compiled::Matmul<Scalar<A, B>>::matmul(a, b));
}

// What the functions above call, compiled once in the library for each scalar.
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

}  // namespace nablur
