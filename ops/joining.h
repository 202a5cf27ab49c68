#pragma once
// Operators that put arrays together, and something around them. Axes may be negative and then
// count from the end, as in NumPy. All throw Error for axes and shapes that do not fit.
//
//   auto both = concatenate({x, y}, 1);                  // Variables and Tensors, mixed
//   auto framed = pad(x, {{1, 1}, {2, 2}}, Border::mirror);

#include <vector>

#include <nablur/autodiff/tape.h>
#include <nablur/ops/border.h>

namespace nablur {

/// How much to add before and after an axis.
struct Padding {
  std::int64_t before = 0;
  std::int64_t after = 0;
};

namespace compiled {
template <class T>
struct Joining;  // at the end of this file
}

/// Joins along an axis; the other axes must agree. Throws if there are no parts.
template <class T>
Variable<T> concatenate(std::initializer_list<Variable<T>> parts, std::int64_t axis = 0) {
  return compiled::Joining<T>::concatenate({parts.begin(), parts.size()}, axis);
}
template <class T>
Variable<T> concatenate(const std::vector<Variable<T>>& parts, std::int64_t axis = 0) {
  return compiled::Joining<T>::concatenate(parts, axis);
}
template <class T>
Tensor<T> concatenate(std::initializer_list<Tensor<T>> parts, std::int64_t axis = 0) {
  const pool::Vector<Variable<T>> constants(parts.begin(), parts.end());
  return compiled::Joining<T>::concatenate(constants, axis).value();
}
template <class T>
Tensor<T> concatenate(const std::vector<Tensor<T>>& parts, std::int64_t axis = 0) {
  const pool::Vector<Variable<T>> constants(parts.begin(), parts.end());
  return compiled::Joining<T>::concatenate(constants, axis).value();
}
/// Joins along a new axis, which is `axis` of the result; the parts have one shape. Throws if there
/// are no parts.
template <class T>
Variable<T> stack(std::initializer_list<Variable<T>> parts, std::int64_t axis = 0) {
  return compiled::Joining<T>::stack({parts.begin(), parts.size()}, axis);
}
template <class T>
Variable<T> stack(const std::vector<Variable<T>>& parts, std::int64_t axis = 0) {
  return compiled::Joining<T>::stack(parts, axis);
}
template <class T>
Tensor<T> stack(std::initializer_list<Tensor<T>> parts, std::int64_t axis = 0) {
  const pool::Vector<Variable<T>> constants(parts.begin(), parts.end());
  return compiled::Joining<T>::stack(constants, axis).value();
}
template <class T>
Tensor<T> stack(const std::vector<Tensor<T>>& parts, std::int64_t axis = 0) {
  const pool::Vector<Variable<T>> constants(parts.begin(), parts.end());
  return compiled::Joining<T>::stack(constants, axis).value();
}

/// x with constant numbers around it; one padding for each axis, at least 0.
template <Operand X>
ResultOf<X> pad(const X& x, std::initializer_list<Padding> padding, double value = 0) {
  return detail::result<X>(
      compiled::Joining<Scalar<X>>::pad(x, {padding.begin(), padding.size()}, value));
}
/// The same for a list that is known at run time, such as a std::vector<Padding>.
template <Operand X>
ResultOf<X> pad(const X& x, std::span<const Padding> padding, double value = 0) {
  return detail::result<X>(compiled::Joining<Scalar<X>>::pad(x, padding, value));
}
/// The same width at both ends of every axis.
template <Operand X>
ResultOf<X> pad(const X& x, std::int64_t width, double value = 0) {
  return detail::result<X>(compiled::Joining<Scalar<X>>::pad(x, width, value));
}
/// x continued beyond its ends by a border's rule, any number of times. Throws if an axis has no
/// element to continue.
template <Operand X>
ResultOf<X> pad(const X& x, std::initializer_list<Padding> padding, Border border) {
  return detail::result<X>(
      compiled::Joining<Scalar<X>>::pad(x, {padding.begin(), padding.size()}, border));
}
template <Operand X>
ResultOf<X> pad(const X& x, std::span<const Padding> padding, Border border) {
  return detail::result<X>(compiled::Joining<Scalar<X>>::pad(x, padding, border));
}
template <Operand X>
ResultOf<X> pad(const X& x, std::int64_t width, Border border) {
  return detail::result<X>(compiled::Joining<Scalar<X>>::pad(x, width, border));
}

// What the functions above call, compiled once in the library for each scalar.
namespace compiled {

template <class T>
struct NABLUR_API Joining {
  static Variable<T> concatenate(std::span<const Variable<T>> parts, std::int64_t axis);
  static Variable<T> stack(std::span<const Variable<T>> parts, std::int64_t axis);
  static Variable<T> pad(const Variable<T>& x, std::span<const Padding> padding, double value);
  static Variable<T> pad(const Variable<T>& x, std::span<const Padding> padding, Border border);
  static Variable<T> pad(const Variable<T>& x, std::int64_t width, double value);
  static Variable<T> pad(const Variable<T>& x, std::int64_t width, Border border);
};

extern template struct Joining<float>;
extern template struct Joining<double>;
extern template struct Joining<Dual<float>>;
extern template struct Joining<Dual<double>>;

}  // namespace compiled

// Lists in braces that mix Variables and Tensors name no scalar for the templates above, so each
// has its own function here. Of two that fit, the one that is no template is chosen:
// {Variable<double>, Tensor<double>} is not taken for a list of Duals.
inline Variable<float> concatenate(std::initializer_list<Variable<float>> parts,
                                   std::int64_t axis = 0) {
  return concatenate<float>(parts, axis);
}
inline Variable<double> concatenate(std::initializer_list<Variable<double>> parts,
                                    std::int64_t axis = 0) {
  return concatenate<double>(parts, axis);
}
template <class = void>
Variable<Dual<float>> concatenate(std::initializer_list<Variable<Dual<float>>> parts,
                                  std::int64_t axis = 0) {
  return compiled::Joining<Dual<float>>::concatenate({parts.begin(), parts.size()}, axis);
}
template <class = void>
Variable<Dual<double>> concatenate(std::initializer_list<Variable<Dual<double>>> parts,
                                   std::int64_t axis = 0) {
  return compiled::Joining<Dual<double>>::concatenate({parts.begin(), parts.size()}, axis);
}
inline Variable<float> stack(std::initializer_list<Variable<float>> parts, std::int64_t axis = 0) {
  return stack<float>(parts, axis);
}
inline Variable<double> stack(std::initializer_list<Variable<double>> parts,
                              std::int64_t axis = 0) {
  return stack<double>(parts, axis);
}
template <class = void>
Variable<Dual<float>> stack(std::initializer_list<Variable<Dual<float>>> parts,
                            std::int64_t axis = 0) {
  return compiled::Joining<Dual<float>>::stack({parts.begin(), parts.size()}, axis);
}
template <class = void>
Variable<Dual<double>> stack(std::initializer_list<Variable<Dual<double>>> parts,
                             std::int64_t axis = 0) {
  return compiled::Joining<Dual<double>>::stack({parts.begin(), parts.size()}, axis);
}

}  // namespace nablur
