#pragma once
// Arithmetic of two operands, elementwise, with NumPy's broadcasting. Operands are Variables,
// Tensors and numbers. All throw Error if the shapes do not broadcast.
//
//   auto r = sum(square(a * x + b - y));

#include <nablur/autodiff/tape.h>

namespace nablur {
namespace compiled {
template <class T>
struct Arithmetic;  // at the end of this file
}

template <class A, SignOperandBeside<A> B>
ResultOf<A, B> operator+(const A& a, const B& b) {
  return detail::result<A, B>(compiled::Arithmetic<Scalar<A, B>>::add(a, b));
}
template <class A, SignOperandBeside<A> B>
ResultOf<A, B> operator-(const A& a, const B& b) {
  return detail::result<A, B>(compiled::Arithmetic<Scalar<A, B>>::subtract(a, b));
}
template <class A, SignOperandBeside<A> B>
ResultOf<A, B> operator*(const A& a, const B& b) {
  return detail::result<A, B>(compiled::Arithmetic<Scalar<A, B>>::multiply(a, b));
}
/// IEEE division: x/0 is ±∞ or NaN.
template <class A, SignOperandBeside<A> B>
ResultOf<A, B> operator/(const A& a, const B& b) {
  return detail::result<A, B>(compiled::Arithmetic<Scalar<A, B>>::divide(a, b));
}
template <class T>
Variable<T> operator-(const Variable<T>& x) {
  return compiled::Arithmetic<T>::negate(x);
}
/// a becomes the new variable a + b; the old one stays on the tape, other copies of it are
/// untouched.
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

/// a^b as std::pow has it, 1 for b = 0 and for a = 1 even beside NaN. ∂/∂a = b a^(b−1), which is 0
/// at b = 0; ∂/∂b = a^b ln a, which is 0 if a^b is 0, 0 for a = b = 0, and else NaN for a < 0.
/// Values are within 1 unit in the last place, slopes within 3 (docs/accuracy.md).
template <class A, OperandBeside<A> B>
ResultOf<A, B> pow(const A& a, const B& b) {
  return detail::result<A, B>(compiled::Arithmetic<Scalar<A, B>>::pow(a, b));
}
/// The greater of the two; NaN if either is NaN. If they are equal each gets half of the
/// gradient.
template <class A, OperandBeside<A> B>
ResultOf<A, B> maximum(const A& a, const B& b) {
  return detail::result<A, B>(compiled::Arithmetic<Scalar<A, B>>::maximum(a, b));
}
/// The smaller of the two; NaN if either is NaN. If they are equal each gets half of the
/// gradient.
template <class A, OperandBeside<A> B>
ResultOf<A, B> minimum(const A& a, const B& b) {
  return detail::result<A, B>(compiled::Arithmetic<Scalar<A, B>>::minimum(a, b));
}
/// Mask of a > b, of the broadcast shape; false beside NaN. Of Duals the values are compared. Also
/// written a > b if one of the two is a Variable (between Tensors that is Tensor's own).
template <class A, OperandBeside<A> B>
Tensor<bool> greater(const A& a, const B& b) {
  return compiled::Arithmetic<Scalar<A, B>>::compare('>', a, b);
}
/// Mask of a < b, as greater.
template <class A, OperandBeside<A> B>
Tensor<bool> less(const A& a, const B& b) {
  return compiled::Arithmetic<Scalar<A, B>>::compare('<', a, b);
}
/// Mask of a >= b, as greater.
template <class A, OperandBeside<A> B>
Tensor<bool> greater_equal(const A& a, const B& b) {
  return compiled::Arithmetic<Scalar<A, B>>::compare('G', a, b);
}
/// Mask of a <= b, as greater.
template <class A, OperandBeside<A> B>
Tensor<bool> less_equal(const A& a, const B& b) {
  return compiled::Arithmetic<Scalar<A, B>>::compare('L', a, b);
}
/// Mask of a == b, as greater.
template <class A, OperandBeside<A> B>
Tensor<bool> equal(const A& a, const B& b) {
  return compiled::Arithmetic<Scalar<A, B>>::compare('=', a, b);
}
/// Mask of a != b: true beside NaN.
template <class A, OperandBeside<A> B>
Tensor<bool> not_equal(const A& a, const B& b) {
  return compiled::Arithmetic<Scalar<A, B>>::compare('!', a, b);
}
template <class A, SignOperandBeside<A> B>
Tensor<bool> operator>(const A& a, const B& b) {
  return greater(a, b);
}
template <class A, SignOperandBeside<A> B>
Tensor<bool> operator<(const A& a, const B& b) {
  return less(a, b);
}
template <class A, SignOperandBeside<A> B>
Tensor<bool> operator>=(const A& a, const B& b) {
  return greater_equal(a, b);
}
template <class A, SignOperandBeside<A> B>
Tensor<bool> operator<=(const A& a, const B& b) {
  return less_equal(a, b);
}
template <class A, SignOperandBeside<A> B>
Tensor<bool> operator==(const A& a, const B& b) {
  return equal(a, b);
}
template <class A, SignOperandBeside<A> B>
Tensor<bool> operator!=(const A& a, const B& b) {
  return not_equal(a, b);
}
/// a where the mask is true, b elsewhere; all three broadcast. The side not taken gets a gradient
/// of 0, and may be NaN or infinite there without harm.
template <class A, OperandBeside<A> B>
ResultOf<A, B> where(const Tensor<bool>& mask, const A& a, const B& b) {
  return detail::result<A, B>(compiled::Arithmetic<Scalar<A, B>>::where(mask, a, b));
}

/// The same of two numbers.
inline Tensor<double> where(const Tensor<bool>& mask, double a, double b) {
  return where(mask, Tensor<double>(a), Tensor<double>(b));
}

// What the functions above call, compiled once in the library for each scalar.
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
  static Tensor<bool> compare(char op, const Variable<T>& a, const Variable<T>& b);
  static Variable<T> where(const Tensor<bool>& mask, const Variable<T>& a, const Variable<T>& b);
};

extern template struct Arithmetic<float>;
extern template struct Arithmetic<double>;
extern template struct Arithmetic<Dual<float>>;
extern template struct Arithmetic<Dual<double>>;

}  // namespace compiled

}  // namespace nablur
