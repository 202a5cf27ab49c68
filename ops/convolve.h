#pragma once
// Convolution with a kernel of one's own.
//
//   auto y = convolve(x, kernel, -1, Border::mirror);

#include <nablur/autodiff/tape.h>
#include <nablur/ops/border.h>

namespace nablur {
namespace compiled {
template <class T>
struct Convolve;  // at the end of this file
}

/// Convolution of x with a kernel of rank 1 and odd length 2R + 1 along one axis: y_i = Σ_d
/// kernel_(R+d) x_(i−d), same shape as x, even if the kernel is longer. (numpy.convolve in mode
/// "same" gives the longer of the two instead.) Differentiable in x and in the kernel. Throws Error
/// for a kernel of another rank or of even length, and for a number that is none of the borders.
template <class X, OperandBeside<X> K>
ResultOf<X, K> convolve(const X& x, const K& kernel, std::int64_t axis = -1,
                        Border border = Border::zero) {
  return detail::result<X, K>(compiled::Convolve<Scalar<X, K>>::convolve(x, kernel, axis, border));
}

// What the functions above call, compiled once in the library for each scalar.
namespace compiled {

template <class T>
struct NABLUR_API Convolve {
  static Variable<T> convolve(const Variable<T>& x, const Variable<T>& kernel, std::int64_t axis,
                              Border border);
};

extern template struct Convolve<float>;
extern template struct Convolve<double>;
extern template struct Convolve<Dual<float>>;
extern template struct Convolve<Dual<double>>;

}  // namespace compiled

}  // namespace nablur
