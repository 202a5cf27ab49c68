#include <nablur/ops/arithmetic.h>

#include <nablur/ops/detail/driver.h>

// Values and slopes stand in detail/arithmetic-inl.h.
namespace nablur::compiled {

using detail::elementwise;
using detail::map;
namespace operators = detail::operators;

template <class T>
Variable<T> Arithmetic<T>::add(const Variable<T>& a, const Variable<T>& b) {
  return elementwise<operators::Add>("add", a, b);
}

template <class T>
Variable<T> Arithmetic<T>::subtract(const Variable<T>& a, const Variable<T>& b) {
  return elementwise<operators::Subtract>("subtract", a, b);
}

template <class T>
Variable<T> Arithmetic<T>::multiply(const Variable<T>& a, const Variable<T>& b) {
  return elementwise<operators::Multiply>("multiply", a, b);
}

template <class T>
Variable<T> Arithmetic<T>::divide(const Variable<T>& a, const Variable<T>& b) {
  return elementwise<operators::Divide>("divide", a, b);
}

template <class T>
Variable<T> Arithmetic<T>::pow(const Variable<T>& a, const Variable<T>& b) {
  return elementwise<operators::Power>("pow", a, b);
}

template <class T>
Variable<T> Arithmetic<T>::maximum(const Variable<T>& a, const Variable<T>& b) {
  return elementwise<operators::Maximum>("maximum", a, b);
}

template <class T>
Variable<T> Arithmetic<T>::minimum(const Variable<T>& a, const Variable<T>& b) {
  return elementwise<operators::Minimum>("minimum", a, b);
}

template <class T>
Variable<T> Arithmetic<T>::negate(const Variable<T>& x) {
  return elementwise<operators::Negative>("negate", x);
}

template <class T>
Tensor<bool> Arithmetic<T>::compare(char op, const Variable<T>& a, const Variable<T>& b) {
  return detail::TensorOperators<T>::compare(op, a.value(), b.value());
}

// ∂/∂a = [mask], ∂/∂b = [not mask]
template <class T>
Variable<T> Arithmetic<T>::where(const Tensor<bool>& mask, const Variable<T>& a,
                                 const Variable<T>& b) {
  const Shape shape = broadcast("where", mask.shape(), broadcast("where", a.shape(), b.shape()));
  const auto pick = [](bool m, const T& x, const T& y) { return m ? x : y; };
  const auto taken = [mask](bool side) {
    return [mask, side](const Tensor<T>& g) {
      return map<T>(
          g.shape(), [side](const T& x, bool m) { return m == side ? x : T(0); }, g, mask);
    };
  };
  return record("where", map<T>(shape, pick, mask, a.value(), b.value()),
                {{a, taken(true)}, {b, taken(false)}});
}

template struct Arithmetic<float>;
template struct Arithmetic<double>;
template struct Arithmetic<Dual<float>>;
template struct Arithmetic<Dual<double>>;

}  // namespace nablur::compiled
