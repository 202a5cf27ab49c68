#pragma once
// Operators that move elements and do not change their values. Axes and indices may be negative and then count from the end,
// as in NumPy. All throw Error for axes, indices and shapes that do not fit.
//
//   auto rows = slice(x, {{1, -1}, {0, 10, 2}});       // x[1:-1, 0:10:2]
//   auto both = concatenate({rows, rows}, 1);

#include <limits>
#include <vector>

#include <nablur/autodiff/tape.h>

namespace nablur {

/// Indices begin, begin + step, … below end, as Python's begin:end:step: negative bounds count from the end, bounds past the
/// ends are cut. step is at least 1 (see flip for backwards).
struct Range {
  std::int64_t begin = 0;
  std::int64_t end = std::numeric_limits<std::int64_t>::max();
  std::int64_t step = 1;
};

/// How much to add before and after an axis.
struct Padding {
  std::int64_t before = 0;
  std::int64_t after = 0;
};

namespace compiled {

template <class T>
struct NABLUR_API Reshape {
  static Variable<T> reshape(const Variable<T>& x, std::span<const std::int64_t> sizes);
  static Variable<T> transpose(const Variable<T>& x, const Axes& axes);
  static Variable<T> slice(const Variable<T>& x, std::int64_t first_axis, std::span<const Range> ranges);
  static Variable<T> concatenate(std::span<const Variable<T>> parts, std::int64_t axis);
  static Variable<T> stack(std::span<const Variable<T>> parts, std::int64_t axis);
  static Variable<T> broadcast_to(const Variable<T>& x, const Shape& shape);
  static Variable<T> flip(const Variable<T>& x, const Axes& axes);
  static Variable<T> pad(const Variable<T>& x, std::span<const Padding> padding, double value);
  static Variable<T> take(const Variable<T>& x, const Tensor<std::int64_t>& indices, std::int64_t axis);
};

extern template struct Reshape<float>;
extern template struct Reshape<double>;
extern template struct Reshape<Dual<float>>;
extern template struct Reshape<Dual<double>>;

}  // namespace compiled

/// The same elements under another shape of the same size, in row-major order. No copy.
template <class X>
requires Operands<X> Variable<Scalar<X>> reshape(const X& x, const Shape& shape) {
  return compiled::Reshape<Scalar<X>>::reshape(detail::operand<Scalar<X>>(x), {shape.begin(), shape.end()});
}
/// The same with at most one size of -1, which is found from the others.
template <class X>
requires Operands<X> Variable<Scalar<X>> reshape(const X& x, std::initializer_list<std::int64_t> sizes) {
  return compiled::Reshape<Scalar<X>>::reshape(detail::operand<Scalar<X>>(x), {sizes.begin(), sizes.size()});
}
/// Axis i of the result is axis axes[i] of x; by default the axes in reverse order.
template <class X>
requires Operands<X> Variable<Scalar<X>> transpose(const X& x, const Axes& axes = {}) {
  return compiled::Reshape<Scalar<X>>::transpose(detail::operand<Scalar<X>>(x), axes);
}
/// One range for each leading axis; the other axes are taken whole. A slice of the first axis alone, with step 1, is no copy.
/// The gradient is added in place: a loop of slices costs as much as x and the slices together.
template <class X>
requires Operands<X> Variable<Scalar<X>> slice(const X& x, std::initializer_list<Range> ranges) {
  return compiled::Reshape<Scalar<X>>::slice(detail::operand<Scalar<X>>(x), 0, {ranges.begin(), ranges.size()});
}
/// A range of one axis.
template <class X>
requires Operands<X> Variable<Scalar<X>> slice(const X& x, std::int64_t axis, const Range& range) {
  return compiled::Reshape<Scalar<X>>::slice(detail::operand<Scalar<X>>(x), axis, {&range, 1});
}
/// Joins along an axis; the other axes must agree. The parts are all Variables or all Tensors (Variable(t) makes a constant of
/// a tensor). Throws for no parts.
template <class T>
Variable<T> concatenate(std::initializer_list<Variable<T>> parts, std::int64_t axis = 0) {
  return compiled::Reshape<T>::concatenate({parts.begin(), parts.size()}, axis);
}
template <class T>
Variable<T> concatenate(std::initializer_list<Tensor<T>> parts, std::int64_t axis = 0) {
  const std::vector<Variable<T>, pool::Allocator<Variable<T>>> constants(parts.begin(), parts.end());
  return compiled::Reshape<T>::concatenate(constants, axis);
}
template <class T>
Variable<T> concatenate(const std::vector<Variable<T>>& parts, std::int64_t axis = 0) {
  return compiled::Reshape<T>::concatenate(parts, axis);
}
/// Joins along a new axis, which is `axis` of the result; the parts have one shape. Throws for no parts.
template <class T>
Variable<T> stack(std::initializer_list<Variable<T>> parts, std::int64_t axis = 0) {
  return compiled::Reshape<T>::stack({parts.begin(), parts.size()}, axis);
}
template <class T>
Variable<T> stack(std::initializer_list<Tensor<T>> parts, std::int64_t axis = 0) {
  const std::vector<Variable<T>, pool::Allocator<Variable<T>>> constants(parts.begin(), parts.end());
  return compiled::Reshape<T>::stack(constants, axis);
}
template <class T>
Variable<T> stack(const std::vector<Variable<T>>& parts, std::int64_t axis = 0) {
  return compiled::Reshape<T>::stack(parts, axis);
}
/// x stretched to a shape under NumPy's rules, as a copy.
template <class X>
requires Operands<X> Variable<Scalar<X>> broadcast_to(const X& x, const Shape& shape) {
  return compiled::Reshape<Scalar<X>>::broadcast_to(detail::operand<Scalar<X>>(x), shape);
}
/// The order along the axes (all by default) reversed.
template <class X>
requires Operands<X> Variable<Scalar<X>> flip(const X& x, const Axes& axes = {}) {
  return compiled::Reshape<Scalar<X>>::flip(detail::operand<Scalar<X>>(x), axes);
}
/// x with constant numbers around it; one padding for each axis, at least 0.
template <class X>
requires Operands<X> Variable<Scalar<X>> pad(const X& x, std::initializer_list<Padding> padding, double value = 0) {
  return compiled::Reshape<Scalar<X>>::pad(detail::operand<Scalar<X>>(x), {padding.begin(), padding.size()}, value);
}
/// Elements by index along an axis (by default the first), which gives way to the axes of `indices` (any rank, repeats allowed), as
/// numpy.take.
template <class X>
requires Operands<X> Variable<Scalar<X>> take(const X& x, const Tensor<std::int64_t>& indices, std::int64_t axis = 0) {
  return compiled::Reshape<Scalar<X>>::take(detail::operand<Scalar<X>>(x), indices, axis);
}

}  // namespace nablur
