#include <nablur/ops/elementwise.h>

#include <algorithm>

#include <nablur/autodiff/detail/composed.h>
#include <nablur/ops/arithmetic.h>
#include <nablur/ops/detail/driver.h>

// Values and slopes stand in detail/elementwise-inl.h.
namespace nablur::compiled {

using detail::elementwise;
namespace operators = detail::operators;

template <class T>
Variable<T> Elementwise<T>::exp(const Variable<T>& x) {
  return elementwise<operators::Exp>("exp", x);
}

template <class T>
Variable<T> Elementwise<T>::log(const Variable<T>& x) {
  return elementwise<operators::Log>("log", x);
}

template <class T>
Variable<T> Elementwise<T>::expm1(const Variable<T>& x) {
  return elementwise<operators::Expm1>("expm1", x);
}

template <class T>
Variable<T> Elementwise<T>::log1p(const Variable<T>& x) {
  return elementwise<operators::Log1p>("log1p", x);
}

template <class T>
Variable<T> Elementwise<T>::sqrt(const Variable<T>& x) {
  return elementwise<operators::Sqrt>("sqrt", x);
}

template <class T>
Variable<T> Elementwise<T>::square(const Variable<T>& x) {
  return elementwise<operators::Square>("square", x);
}

template <class T>
Variable<T> Elementwise<T>::reciprocal(const Variable<T>& x) {
  return elementwise<operators::Reciprocal>("reciprocal", x);
}

template <class T>
Variable<T> Elementwise<T>::abs(const Variable<T>& x) {
  return elementwise<operators::Abs>("abs", x);
}

template <class T>
Variable<T> Elementwise<T>::sin(const Variable<T>& x) {
  return elementwise<operators::Sin>("sin", x);
}

template <class T>
Variable<T> Elementwise<T>::cos(const Variable<T>& x) {
  return elementwise<operators::Cos>("cos", x);
}

template <class T>
Variable<T> Elementwise<T>::tanh(const Variable<T>& x) {
  return elementwise<operators::Tanh>("tanh", x);
}

template <class T>
Variable<T> Elementwise<T>::sigmoid(const Variable<T>& x) {
  return elementwise<operators::Sigmoid>("sigmoid", x);
}

template <class T>
Variable<T> Elementwise<T>::softplus(const Variable<T>& x) {
  return elementwise<operators::Softplus>("softplus", x);
}

template <class T>
Variable<T> Elementwise<T>::relu(const Variable<T>& x) {
  return elementwise<operators::Relu>("relu", x);
}

template <class T>
Variable<T> Elementwise<T>::erf(const Variable<T>& x) {
  return elementwise<operators::Erf>("erf", x);
}

template <class T>
Variable<T> Elementwise<T>::clamp(const Variable<T>& x, double low, double high) {
  if (!(low <= high)) fail("clamp: low must not exceed high, got ", low, " and ", high);
  return elementwise<operators::Clamp>("clamp", x, Tensor<T>(low), Tensor<T>(high));
}

// ∂/∂x = [low ≤ x ≤ high], ∂/∂low = [x < low], ∂/∂high = [x > high]
template <class T>
Variable<T> Elementwise<T>::clamp(const Variable<T>& x, const Variable<T>& low,
                                  const Variable<T>& high) {
  const Tensor<bool> in_order = low.value() <= high.value();
  if (std::find(in_order.begin(), in_order.end(), false) != in_order.end()) {
    fail("clamp: low must not exceed high, in bounds of shapes ", low.shape(), " and ",
         high.shape());
  }
  const Variable<T>& on_tape = !x.is_constant() ? x : !low.is_constant() ? low : high;
  return detail::composed("clamp", on_tape,
                          [&] { return where(x < low, low, where(x > high, high, x)); });
}

template <class T>
Variable<T> Elementwise<T>::logaddexp(const Variable<T>& a, const Variable<T>& b) {
  return elementwise<operators::Logaddexp>("logaddexp", a, b);
}

template struct Elementwise<float>;
template struct Elementwise<double>;
template struct Elementwise<Dual<float>>;
template struct Elementwise<Dual<double>>;

}  // namespace nablur::compiled
