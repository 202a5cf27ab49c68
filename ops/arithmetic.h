#pragma once
// Arithmetic of two operands, elementwise, with NumPy's broadcasting. Operands are Variables, Tensors and numbers; the operators
// + − * / need at least one Variable (between two Tensors they are Tensor's own, which do not broadcast). All throw Error if the
// shapes do not broadcast.
//
//   auto r = sum(square(a * x + b - y));

#include <nablur/autodiff/tape.h>

namespace nablur {
namespace compiled {

template <class T>
struct NABLUR_API Arithmetic {
  static Variable<T> add(const Variable<T>& a, const Variable<T>& b);
  static Variable<T> subtract(const Variable<T>& a, const Variable<T>& b);
  static Variable<T> multiply(const Variable<T>& a, const Variable<T>& b);
  static Variable<T> divide(const Variable<T>& a, const Variable<T>& b);
  static Variable<T> negate(const Variable<T>& x);
  static Variable<T> pow(const Variable<T>& a, const Variable<T>& b);
  static Variable<T> maximum(const Variable<T>& a, const Variable<T>& b);
  static Variable<T> minimum(const Variable<T>& a, const Variable<T>& b);
  static Tensor<bool> greater(const Variable<T>& a, const Variable<T>& b);
  static Tensor<bool> less(const Variable<T>& a, const Variable<T>& b);
  static Tensor<bool> equal(const Variable<T>& a, const Variable<T>& b);
  static Variable<T> where(const Tensor<bool>& mask, const Variable<T>& a, const Variable<T>& b);
};

extern template struct Arithmetic<float>;
extern template struct Arithmetic<double>;
extern template struct Arithmetic<Dual<float>>;
extern template struct Arithmetic<Dual<double>>;

}  // namespace compiled

/// Operands of + − * /: valid together, at least one a Variable.
template <class A, class B>
concept SignOperands = Operands<A, B> &&(detail::is_variable<A> || detail::is_variable<B>);

template <class A, class B>
requires SignOperands<A, B> Variable<Scalar<A, B>>
operator+(const A& a, const B& b) {
  using T = Scalar<A, B>;
  return compiled::Arithmetic<T>::add(detail::operand<T>(a), detail::operand<T>(b));
}
template <class A, class B>
requires SignOperands<A, B> Variable<Scalar<A, B>>
operator-(const A& a, const B& b) {
  using T = Scalar<A, B>;
  return compiled::Arithmetic<T>::subtract(detail::operand<T>(a), detail::operand<T>(b));
}
template <class A, class B>
requires SignOperands<A, B> Variable<Scalar<A, B>>
operator*(const A& a, const B& b) {
  using T = Scalar<A, B>;
  return compiled::Arithmetic<T>::multiply(detail::operand<T>(a), detail::operand<T>(b));
}
/// IEEE division: x/0 is ±∞ or NaN.
template <class A, class B>
requires SignOperands<A, B> Variable<Scalar<A, B>>
operator/(const A& a, const B& b) {
  using T = Scalar<A, B>;
  return compiled::Arithmetic<T>::divide(detail::operand<T>(a), detail::operand<T>(b));
}
template <class T>
Variable<T> operator-(const Variable<T>& x) {
  return compiled::Arithmetic<T>::negate(x);
}
/// a becomes the new variable a + b; the old one stays on the tape, other copies of it are untouched.
template <class T, OperandOf<T> B>
Variable<T>& operator+=(Variable<T>& a, const B& b) {
  return a = a + b;
}
template <class T, OperandOf<T> B>
Variable<T>& operator-=(Variable<T>& a, const B& b) {
  return a = a - b;
}
template <class T, OperandOf<T> B>
Variable<T>& operator*=(Variable<T>& a, const B& b) {
  return a = a * b;
}
template <class T, OperandOf<T> B>
Variable<T>& operator/=(Variable<T>& a, const B& b) {
  return a = a / b;
}

/// a^b as std::pow has it, 1 for b = 0 and for a = 1 even beside NaN. ∂/∂a = b a^(b−1), which is 0 at b = 0; ∂/∂b = a^b ln a, which
/// is 0 where a^b is 0, 0 for a = b = 0, and else NaN for a < 0.
template <class A, class B>
requires Operands<A, B> Variable<Scalar<A, B>> pow(const A& a, const B& b) {
  using T = Scalar<A, B>;
  return compiled::Arithmetic<T>::pow(detail::operand<T>(a), detail::operand<T>(b));
}
/// The greater of the two; NaN where either is NaN. Where they are equal each gets half of the gradient.
template <class A, class B>
requires Operands<A, B> Variable<Scalar<A, B>> maximum(const A& a, const B& b) {
  using T = Scalar<A, B>;
  return compiled::Arithmetic<T>::maximum(detail::operand<T>(a), detail::operand<T>(b));
}
/// The smaller of the two; NaN where either is NaN. Where they are equal each gets half of the gradient.
template <class A, class B>
requires Operands<A, B> Variable<Scalar<A, B>> minimum(const A& a, const B& b) {
  using T = Scalar<A, B>;
  return compiled::Arithmetic<T>::minimum(detail::operand<T>(a), detail::operand<T>(b));
}
/// Mask of a > b, of the broadcast shape; false beside NaN. Of Duals the values are compared.
template <class A, class B>
requires Operands<A, B> Tensor<bool> greater(const A& a, const B& b) {
  using T = Scalar<A, B>;
  return compiled::Arithmetic<T>::greater(detail::operand<T>(a), detail::operand<T>(b));
}
/// Mask of a < b, as greater.
template <class A, class B>
requires Operands<A, B> Tensor<bool> less(const A& a, const B& b) {
  using T = Scalar<A, B>;
  return compiled::Arithmetic<T>::less(detail::operand<T>(a), detail::operand<T>(b));
}
/// Mask of a == b, as greater.
template <class A, class B>
requires Operands<A, B> Tensor<bool> equal(const A& a, const B& b) {
  using T = Scalar<A, B>;
  return compiled::Arithmetic<T>::equal(detail::operand<T>(a), detail::operand<T>(b));
}
/// a where the mask is true, b elsewhere; all three broadcast. The side not taken gets a gradient of 0, and may be NaN or
/// infinite there without harm.
template <class A, class B>
requires Operands<A, B> Variable<Scalar<A, B>> where(const Tensor<bool>& mask, const A& a, const B& b) {
  using T = Scalar<A, B>;
  return compiled::Arithmetic<T>::where(mask, detail::operand<T>(a), detail::operand<T>(b));
}

}  // namespace nablur
