#pragma once
// Reductions over chosen axes: all by default, negative ones counting from the end. The axes
// vanish, or stay with size 1 if keepdims is set. All throw Error for an axis that is not there or
// named twice.
//
//   sum(x)                 // rank 0
//   mean(x, -1)            // over the last axis
//   max(x, {0, 2}, true)   // keepdims

#include <nablur/autodiff/tape.h>

namespace nablur {
namespace compiled {
template <class T>
struct Reduce;  // at the end of this file
}

/// Pairwise sum (its rounding error grows with log n); 0 if there are no elements.
template <Operand X>
ResultOf<X> sum(const X& x, const Axes& axes = {}, bool keepdims = false) {
  return detail::result<X>(compiled::Reduce<Scalar<X>>::sum(x, axes, keepdims));
}
/// Sum divided by the count. Throws if the result has elements and x has none.
template <Operand X>
ResultOf<X> mean(const X& x, const Axes& axes = {}, bool keepdims = false) {
  return detail::result<X>(compiled::Reduce<Scalar<X>>::mean(x, axes, keepdims));
}
/// The greatest element; NaN if there is a NaN. Elements that tie share the gradient equally.
/// Throws if the result has elements and x has none.
template <Operand X>
ResultOf<X> max(const X& x, const Axes& axes = {}, bool keepdims = false) {
  return detail::result<X>(compiled::Reduce<Scalar<X>>::max(x, axes, keepdims));
}
/// The smallest element; otherwise as max.
template <Operand X>
ResultOf<X> min(const X& x, const Axes& axes = {}, bool keepdims = false) {
  return detail::result<X>(compiled::Reduce<Scalar<X>>::min(x, axes, keepdims));
}
/// ln Σ e^x without overflow; −∞ if there are no elements. The gradient is the softmax; if the
/// result is infinite, the elements equal to it share it equally.
template <Operand X>
ResultOf<X> logsumexp(const X& x, const Axes& axes = {}, bool keepdims = false) {
  return detail::result<X>(compiled::Reduce<Scalar<X>>::logsumexp(x, axes, keepdims));
}

// What the functions above call, compiled once in the library for each scalar.
namespace compiled {

template <class T>
struct NABLUR_API Reduce {
  static Variable<T> sum(const Variable<T>& x, const Axes& axes, bool keepdims);
  static Variable<T> mean(const Variable<T>& x, const Axes& axes, bool keepdims);
  static Variable<T> max(const Variable<T>& x, const Axes& axes, bool keepdims);
  static Variable<T> min(const Variable<T>& x, const Axes& axes, bool keepdims);
  static Variable<T> logsumexp(const Variable<T>& x, const Axes& axes, bool keepdims);
};

extern template struct Reduce<float>;
extern template struct Reduce<double>;
extern template struct Reduce<Dual<float>>;
extern template struct Reduce<Dual<double>>;

}  // namespace compiled

}  // namespace nablur
