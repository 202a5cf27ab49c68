#include <nablur/ops/arithmetic.h>

#include <nablur/ops/detail/driver.h>

namespace nablur::compiled {

using detail::elementwise;
using detail::map;
using detail::nan_or_zero;
using detail::Negate;
using detail::of_a;
using detail::of_ab;
using detail::of_b;
using detail::of_by;
using detail::Pass;

namespace {

// The value that two equal Duals share; the mean of their tangents, as half of the gradient goes to
// each.
template <class T>
Dual<T> at_tie(const Dual<T>& a, const Dual<T>& b) {
  return {a.value, a.tangent / 2 + b.tangent / 2};
}

// Numbers by value: of references the compiler would choose an address.
template <class T>
T greater_of(T a, T b) {
  const T greater = b > a ? b : a;
  return b == b ? greater : b;
}
template <class T>
Dual<T> greater_of(const Dual<T>& a, const Dual<T>& b) {
  if (a > b) return a;
  if (b > a) return b;
  const Dual<T> neither = a + b;  // a NaN, whose tangent must be NaN too
  return a == b ? at_tie(a, b) : neither * neither;
}

using detail::power_by_a;
using detail::power_by_b;

// ∂²a^b/∂a∂b = a^(b−1) (b ln a + 1), without its logarithm if ∂/∂b is 0 by convention. Not the
// derivative of the product a^b · ln a: a^b may underflow although a^(b−1) does not.
template <class T>
T power_by_ab(const T& a, const T& b) {
  const bool by_convention = a == T(0) && b >= T(1);
  return chain(T(std::pow(a, b - T(1))), by_convention ? T(1) : chain(b, T(std::log(a))) + T(1));
}
// ∂²a^b/∂a² = b (b − 1) a^(b−2)
template <class T>
Dual<T> power_by_a(const Dual<T>& a, const Dual<T>& b) {
  const T by_aa = chain(T(b.value * (b.value - T(1))), T(std::pow(a.value, b.value - T(2))));
  return {power_by_a(a.value, b.value),
          chain(by_aa, a.tangent) + chain(power_by_ab(a.value, b.value), b.tangent)};
}
// ∂²a^b/∂b² = a^b ln² a
template <class T>
Dual<T> power_by_b(const Dual<T>& a, const Dual<T>& b) {
  const T by_bb = chain(power_by_b(a.value, b.value), T(std::log(a.value)));
  return {power_by_b(a.value, b.value),
          chain(power_by_ab(a.value, b.value), a.tangent) + chain(by_bb, b.tangent)};
}

// 1 if a comes first, ½ if both are equal, NaN if one is NaN
template <class T>
T share(bool first, const T& a, const T& b) {
  return T(first) + T(0.5) * T(a == b) + (nan_or_zero(a) + nan_or_zero(b));
}

}  // namespace

template <class T>
Variable<T> Arithmetic<T>::add(const Variable<T>& a, const Variable<T>& b) {
  return elementwise("add", a, b, [](const T& x, const T& y) { return x + y; }, Pass{}, Pass{});
}

template <class T>
Variable<T> Arithmetic<T>::subtract(const Variable<T>& a, const Variable<T>& b) {
  return elementwise(
      "subtract", a, b, [](const T& x, const T& y) { return x - y; }, Pass{}, Negate{});
}

// ∂(ab)/∂a = b, ∂(ab)/∂b = a
template <class T>
Variable<T> Arithmetic<T>::multiply(const Variable<T>& a, const Variable<T>& b) {
  return elementwise(
      "multiply", a, b, [](const T& x, const T& y) { return x * y; },  //
      of_b([](const T& y) { return y; }), of_a([](const T& x) { return x; }));
}

// ∂(a/b)/∂a = 1/b, ∂(a/b)/∂b = −(a/b)/b
template <class T>
Variable<T> Arithmetic<T>::divide(const Variable<T>& a, const Variable<T>& b) {
  return elementwise(
      "divide", a, b, [](const T& x, const T& y) { return x / y; },  //
      of_b([](const T& y) { return T(1) / y; }),
      of_by([](const T& y, const T& z) { return -z / y; }));
}

template <class T>
Variable<T> Arithmetic<T>::negate(const Variable<T>& x) {
  return elementwise("negate", x, [](const T& a) { return -a; }, Negate{});
}

// ∂a^b/∂a = b a^(b−1), ∂a^b/∂b = a^b ln a
template <class T>
Variable<T> Arithmetic<T>::pow(const Variable<T>& a, const Variable<T>& b) {
  using std::pow;
  return elementwise(
      "pow", a, b, [](const T& x, const T& p) { return pow(x, p); },
      of_ab([](const T& x, const T& p) { return power_by_a(x, p); }),
      of_ab([](const T& x, const T& p) { return power_by_b(x, p); }));
}

// ∂max(a, b)/∂a = [a > b] + ½ [a = b]
template <class T>
Variable<T> Arithmetic<T>::maximum(const Variable<T>& a, const Variable<T>& b) {
  return elementwise(
      "maximum", a, b, [](const T& x, const T& y) { return greater_of(x, y); },
      of_ab([](const T& x, const T& y) { return share(x > y, x, y); }),
      of_ab([](const T& x, const T& y) { return share(y > x, x, y); }));
}

// ∂min(a, b)/∂a = [a < b] + ½ [a = b]
template <class T>
Variable<T> Arithmetic<T>::minimum(const Variable<T>& a, const Variable<T>& b) {
  return elementwise(
      "minimum", a, b, [](const T& x, const T& y) { return -greater_of(-x, -y); },
      of_ab([](const T& x, const T& y) { return share(x < y, x, y); }),
      of_ab([](const T& x, const T& y) { return share(y < x, x, y); }));
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
