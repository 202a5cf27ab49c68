#pragma once
// Operators that give the same elements another shape or order. Axes may be negative and then count
// from the end, as in NumPy. All throw Error for axes and shapes that do not fit.
//
//   auto columns = transpose(reshape(x, {-1, 3}));

#include <nablur/autodiff/tape.h>

namespace nablur {
namespace compiled {
template <class T>
struct Reshape;  // at the end of this file
}

/// The same elements under another shape of the same size, in row-major order. No copy.
template <Operand X>
ResultOf<X> reshape(const X& x, const Shape& shape) {
  return detail::result<X>(compiled::Reshape<Scalar<X>>::reshape(x, shape.sizes()));
}
/// The same with at most one size of -1, which is found from the others.
template <Operand X>
ResultOf<X> reshape(const X& x, std::initializer_list<std::int64_t> sizes) {
  return detail::result<X>(compiled::Reshape<Scalar<X>>::reshape(x, detail::IntList(sizes)));
}
template <Operand X, detail::IntegerList L>
ResultOf<X> reshape(const X& x, const L& sizes) {
  return detail::result<X>(compiled::Reshape<Scalar<X>>::reshape(x, detail::IntList(sizes)));
}
/// Without the axes of size 1, or without those named, whose size must be 1. No copy.
template <Operand X>
ResultOf<X> squeeze(const X& x, const Axes& axes = {}) {
  return detail::result<X>(compiled::Reshape<Scalar<X>>::squeeze(x, axes));
}
/// With new axes of size 1, which are `axes` of the result. No copy. Throws if none is named.
template <Operand X>
ResultOf<X> expand_dims(const X& x, const Axes& axes) {
  return detail::result<X>(compiled::Reshape<Scalar<X>>::expand_dims(x, axes));
}
/// Axis i of the result is axis axes[i] of x; by default the axes in reverse order.
template <Operand X>
ResultOf<X> transpose(const X& x, const Axes& axes = {}) {
  return detail::result<X>(compiled::Reshape<Scalar<X>>::transpose(x, axes));
}
/// Two axes exchanged.
template <Operand X>
ResultOf<X> swapaxes(const X& x, std::int64_t a, std::int64_t b) {
  return detail::result<X>(compiled::Reshape<Scalar<X>>::swapaxes(x, a, b));
}
/// The order along the axes (all by default) reversed.
template <Operand X>
ResultOf<X> flip(const X& x, const Axes& axes = {}) {
  return detail::result<X>(compiled::Reshape<Scalar<X>>::flip(x, axes));
}
/// Elements moved by `shift` places along an axis; those that leave at one end come back at the
/// other: y_i = x_(i − shift).
template <Operand X>
ResultOf<X> roll(const X& x, std::int64_t shift, std::int64_t axis) {
  return detail::result<X>(compiled::Reshape<Scalar<X>>::roll(x, shift, axis));
}
/// x stretched to a shape under NumPy's rules, as a copy.
template <Operand X>
ResultOf<X> broadcast_to(const X& x, const Shape& shape) {
  return detail::result<X>(compiled::Reshape<Scalar<X>>::broadcast_to(x, shape));
}
/// x repeated counts[i] times along axis i. As in numpy.tile, missing leading counts are 1, and
/// missing leading axes have size 1.
template <Operand X>
ResultOf<X> tile(const X& x, std::initializer_list<std::int64_t> counts) {
  return detail::result<X>(compiled::Reshape<Scalar<X>>::tile(x, detail::IntList(counts)));
}
/// The last axis (of a number: a new one) repeated.
template <Operand X>
ResultOf<X> tile(const X& x, std::int64_t count) {
  return tile(x, {count});
}
template <Operand X, detail::IntegerList L>
ResultOf<X> tile(const X& x, const L& counts) {
  return detail::result<X>(compiled::Reshape<Scalar<X>>::tile(x, detail::IntList(counts)));
}
/// The last two axes as matrices: elements above (tril) or below (triu) the k-th diagonal become 0.
/// Diagonal 0 is the main one, 1 the one above it. Throws for rank 0 and 1.
template <Operand X>
ResultOf<X> tril(const X& x, std::int64_t k = 0) {
  return detail::result<X>(compiled::Reshape<Scalar<X>>::tril(x, k));
}
template <Operand X>
ResultOf<X> triu(const X& x, std::int64_t k = 0) {
  return detail::result<X>(compiled::Reshape<Scalar<X>>::triu(x, k));
}

// What the functions above call, compiled once in the library for each scalar.
namespace compiled {

template <class T>
struct NABLUR_API Reshape {
  static Variable<T> reshape(const Variable<T>& x, const detail::IntList& sizes);
  static Variable<T> squeeze(const Variable<T>& x, const Axes& axes);
  static Variable<T> expand_dims(const Variable<T>& x, const Axes& axes);
  static Variable<T> transpose(const Variable<T>& x, const Axes& axes);
  static Variable<T> swapaxes(const Variable<T>& x, std::int64_t a, std::int64_t b);
  static Variable<T> flip(const Variable<T>& x, const Axes& axes);
  static Variable<T> roll(const Variable<T>& x, std::int64_t shift, std::int64_t axis);
  static Variable<T> broadcast_to(const Variable<T>& x, const Shape& shape);
  static Variable<T> tile(const Variable<T>& x, const detail::IntList& counts);
  static Variable<T> tril(const Variable<T>& x, std::int64_t k);
  static Variable<T> triu(const Variable<T>& x, std::int64_t k);
};

extern template struct Reshape<float>;
extern template struct Reshape<double>;
extern template struct Reshape<Dual<float>>;
extern template struct Reshape<Dual<double>>;

}  // namespace compiled

}  // namespace nablur
