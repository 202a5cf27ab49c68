#pragma once
// Functions of each element. Same shape out as in; NaN in, NaN out. Values and slopes are
// within 1.5 units in the last place over the whole range (logaddexp: see there; of Duals and on
// "PLAIN", values within 4 and slopes within 6: docs/accuracy.md), without a NaN or an infinity
// that the mathematics does not have, and depend on the element alone, never on its place in the
// array.
//
//   auto y = tanh(log1p(square(x)));

#include <nablur/autodiff/tape.h>

namespace nablur {
namespace compiled {
template <class T>
struct Elementwise;  // at the end of this file
}

/// e^x: 0 at −∞, ∞ above ln of the largest number.
template <Operand X>
ResultOf<X> exp(const X& x) {
  return detail::result<X>(compiled::Elementwise<Scalar<X>>::exp(x));
}
/// Natural logarithm, for x > 0; −∞ at 0, NaN below. The slope is 1/x everywhere, ∞ at 0.
template <Operand X>
ResultOf<X> log(const X& x) {
  return detail::result<X>(compiled::Elementwise<Scalar<X>>::log(x));
}
/// e^x − 1, exact to rounding near 0 as well.
template <Operand X>
ResultOf<X> expm1(const X& x) {
  return detail::result<X>(compiled::Elementwise<Scalar<X>>::expm1(x));
}
/// ln(1 + x), exact to rounding near 0 as well, for x > −1; −∞ at −1, NaN below. The slope is 1/(1
/// + x).
template <Operand X>
ResultOf<X> log1p(const X& x) {
  return detail::result<X>(compiled::Elementwise<Scalar<X>>::log1p(x));
}
/// Square root, for x ≥ 0; NaN below. The slope at 0 is ∞.
template <Operand X>
ResultOf<X> sqrt(const X& x) {
  return detail::result<X>(compiled::Elementwise<Scalar<X>>::sqrt(x));
}
/// x².
template <Operand X>
ResultOf<X> square(const X& x) {
  return detail::result<X>(compiled::Elementwise<Scalar<X>>::square(x));
}
/// |x|. The slope at 0 is 0.
template <Operand X>
ResultOf<X> abs(const X& x) {
  return detail::result<X>(compiled::Elementwise<Scalar<X>>::abs(x));
}
/// Sine, x in radians; NaN at ±∞.
template <Operand X>
ResultOf<X> sin(const X& x) {
  return detail::result<X>(compiled::Elementwise<Scalar<X>>::sin(x));
}
/// Cosine, x in radians; NaN at ±∞.
template <Operand X>
ResultOf<X> cos(const X& x) {
  return detail::result<X>(compiled::Elementwise<Scalar<X>>::cos(x));
}
/// Hyperbolic tangent: ±1 at ±∞. The slope keeps its digits even if the value has reached ±1.
template <Operand X>
ResultOf<X> tanh(const X& x) {
  return detail::result<X>(compiled::Elementwise<Scalar<X>>::tanh(x));
}
/// Logistic function 1/(1 + e^−x): 0 at −800, 1 at +800. The slope keeps its digits even if the
/// value has reached 0 or 1.
template <Operand X>
ResultOf<X> sigmoid(const X& x) {
  return detail::result<X>(compiled::Elementwise<Scalar<X>>::sigmoid(x));
}
/// ln(1 + e^x): x for large x, e^x for very negative x, 0 at −∞.
template <Operand X>
ResultOf<X> softplus(const X& x) {
  return detail::result<X>(compiled::Elementwise<Scalar<X>>::softplus(x));
}
/// max(x, 0); NaN at NaN. The slope at 0 is 0.
template <Operand X>
ResultOf<X> relu(const X& x) {
  return detail::result<X>(compiled::Elementwise<Scalar<X>>::relu(x));
}
/// Error function 2/√π ∫₀ˣ e^−t² dt.
template <Operand X>
ResultOf<X> erf(const X& x) {
  return detail::result<X>(compiled::Elementwise<Scalar<X>>::erf(x));
}
/// 1/x; ±∞ at ±0.
template <Operand X>
ResultOf<X> reciprocal(const X& x) {
  return detail::result<X>(compiled::Elementwise<Scalar<X>>::reciprocal(x));
}
/// x limited to [low, high]. The slope is 1 from low to high, both included, and 0 outside. Throws
/// unless low ≤ high.
template <Operand X>
ResultOf<X> clamp(const X& x, double low, double high) {
  return detail::result<X>(compiled::Elementwise<Scalar<X>>::clamp(x, low, high));
}
/// The same with bounds that broadcast with x. Where x is outside, the bound gets the gradient.
/// Throws unless low ≤ high everywhere.
template <class X, class L, class H>
  requires Operands<X, L, H>
ResultOf<X, L, H> clamp(const X& x, const L& low, const H& high) {
  return detail::result<X, L, H>(compiled::Elementwise<Scalar<X, L, H>>::clamp(x, low, high));
}
/// ln(e^a + e^b) of two operands that broadcast, without overflow: never less than the greater of
/// the two. The error is a few units in the last place of the greater operand: the result may
/// cancel if e^a + e^b is near 1. The relative error of the slopes grows with |a − b|. Between
/// equal infinities each gets half of the gradient.
template <class A, OperandBeside<A> B>
ResultOf<A, B> logaddexp(const A& a, const B& b) {
  return detail::result<A, B>(compiled::Elementwise<Scalar<A, B>>::logaddexp(a, b));
}

// What the functions above call, compiled once in the library for each scalar.
namespace compiled {

template <class T>
struct NABLUR_API Elementwise {
  static Variable<T> exp(const Variable<T>& x);
  static Variable<T> log(const Variable<T>& x);
  static Variable<T> expm1(const Variable<T>& x);
  static Variable<T> log1p(const Variable<T>& x);
  static Variable<T> sqrt(const Variable<T>& x);
  static Variable<T> square(const Variable<T>& x);
  static Variable<T> abs(const Variable<T>& x);
  static Variable<T> sin(const Variable<T>& x);
  static Variable<T> cos(const Variable<T>& x);
  static Variable<T> tanh(const Variable<T>& x);
  static Variable<T> sigmoid(const Variable<T>& x);
  static Variable<T> softplus(const Variable<T>& x);
  static Variable<T> relu(const Variable<T>& x);
  static Variable<T> erf(const Variable<T>& x);
  static Variable<T> reciprocal(const Variable<T>& x);
  static Variable<T> clamp(const Variable<T>& x, double low, double high);
  static Variable<T> clamp(const Variable<T>& x, const Variable<T>& low, const Variable<T>& high);
  static Variable<T> logaddexp(const Variable<T>& a, const Variable<T>& b);
};

extern template struct Elementwise<float>;
extern template struct Elementwise<double>;
extern template struct Elementwise<Dual<float>>;
extern template struct Elementwise<Dual<double>>;

}  // namespace compiled

}  // namespace nablur
