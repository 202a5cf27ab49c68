#pragma once
// A number with a tangent: forward-mode differentiation as a scalar type.
//
//   const auto y = sin(Dual<double>(x, 1.0));      // y.value == sin x, y.tangent == cos x
//
// f(v + tε) = f(v) + f'(v) t ε. A zero tangent stays zero in every scalar operation, even times
// infinity or NaN: a constant has no derivative. Comparisons use the values only; isnan, isinf and
// isfinite look at the tangent too.

#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include <nablur/support/export.h>

namespace nablur {

/// a·b, but 0 if either is 0, also beside infinity or NaN: the product of the chain rule.
template <class T>
constexpr T chain(const T& a, const T& b) {
  const T product = a * b;
  // A zero factor matters only if the product is NaN. Written so, loops over it vectorise.
  const T zero(0);
  return product == product ? product : ((a == zero) | (b == zero)) ? zero : product;
}

/// A value and its tangent (derivative along one direction); T is float or double.
template <class T>
struct NABLUR_API Dual {
  static_assert(std::is_same_v<T, float> || std::is_same_v<T, double>,
                "Dual<T>: T is float or double");

  T value{};
  T tangent{};

  constexpr Dual() = default;
  /// A constant: tangent 0.
  template <class N>
    requires std::is_arithmetic_v<N>
  constexpr Dual(N number) : value(static_cast<T>(number)) {}
  constexpr Dual(T v, T t) : value(v), tangent(t) {}

  friend constexpr Dual operator-(const Dual& a) { return {-a.value, -a.tangent}; }
  friend constexpr Dual operator+(const Dual& a, const Dual& b) {
    return {a.value + b.value, a.tangent + b.tangent};
  }
  friend constexpr Dual operator-(const Dual& a, const Dual& b) {
    return {a.value - b.value, a.tangent - b.tangent};
  }
  // (ab)' = a' b + b' a
  friend constexpr Dual operator*(const Dual& a, const Dual& b) {
    return {a.value * b.value,
            nablur::chain(a.tangent, b.value) + nablur::chain(b.tangent, a.value)};
  }
  // y = a/b: y' = (a' − b' y) / b
  friend constexpr Dual operator/(const Dual& a, const Dual& b) {
    const T y = a.value / b.value;
    const T numerator = a.tangent - nablur::chain(b.tangent, y);
    return {y, numerator == T(0) ? T(0) : numerator / b.value};
  }
  constexpr Dual& operator+=(const Dual& b) { return *this = *this + b; }
  constexpr Dual& operator-=(const Dual& b) { return *this = *this - b; }
  constexpr Dual& operator*=(const Dual& b) { return *this = *this * b; }
  constexpr Dual& operator/=(const Dual& b) { return *this = *this / b; }

  friend constexpr bool operator==(const Dual& a, const Dual& b) { return a.value == b.value; }
  friend constexpr bool operator<(const Dual& a, const Dual& b) { return a.value < b.value; }
  friend constexpr bool operator>(const Dual& a, const Dual& b) { return a.value > b.value; }
  friend constexpr bool operator<=(const Dual& a, const Dual& b) { return a.value <= b.value; }
  friend constexpr bool operator>=(const Dual& a, const Dual& b) { return a.value >= b.value; }
};

template <class T>
inline constexpr bool is_dual = false;
template <class T>
inline constexpr bool is_dual<Dual<T>> = true;

namespace detail {

template <class T>
struct Plain {
  using type = T;
};
template <class T>
struct Plain<Dual<T>> {
  using type = T;
};

// The scalars that operators are compiled for.
template <class T>
inline constexpr bool is_differentiable = std::is_same_v<typename Plain<T>::type, float> ||
                                          std::is_same_v<typename Plain<T>::type, double>;

// What tensors may hold: masks and indices, too.
template <class T>
inline constexpr bool is_element =
    is_differentiable<T> || std::is_same_v<T, bool> || std::is_same_v<T, std::int64_t>;

}  // namespace detail

template <class T>
constexpr Dual<T> chain(const Dual<T>& a, const Dual<T>& b) {
  return {chain(a.value, b.value), chain(a.tangent, b.value) + chain(a.value, b.tangent)};
}

namespace detail {

// y = f(x): y' = f'(x) x'
template <class T>
Dual<T> along(const Dual<T>& x, T value, T slope) {
  return {value, chain(slope, x.tangent)};
}

// factor·e^(−x²). The rounding of x² would be multiplied by x²; so x is split into a part whose
// square is exact and a small rest (T. J. Dekker, Numerische Mathematik 18, 1971). The root a of
// e^(−high²) keeps its digits if the square is denormal.
template <class T>
T exp_of_minus_square(const T& x, T factor = T(1)) {
  if (std::abs(x) > T(40)) return T(0);  // below the least denormal
  const T scaled = x * T((std::int64_t{1} << (std::numeric_limits<T>::digits + 1) / 2) + 1);
  const T high = scaled - (scaled - x);
  const T a = std::exp(-high * high / T(2));
  return (factor * a) * (a * std::exp(-(x - high) * (x + high)));
}
template <class T>
Dual<T> exp_of_minus_square(const Dual<T>& x) {
  return along(x, exp_of_minus_square(x.value), exp_of_minus_square(x.value, T(T(-2) * x.value)));
}

}  // namespace detail

// (e^x)' = e^x
template <class T>
Dual<T> exp(const Dual<T>& x) {
  const T y = std::exp(x.value);
  return detail::along(x, y, y);
}
// (e^x − 1)' = e^x
template <class T>
Dual<T> expm1(const Dual<T>& x) {
  return detail::along(x, std::expm1(x.value), std::exp(x.value));
}
// (ln x)' = 1/x
template <class T>
Dual<T> log(const Dual<T>& x) {
  return detail::along(x, std::log(x.value), T(1) / (x.value + T(0)));  // -0 + 0 is 0
}
// (ln(1 + x))' = 1/(1 + x)
template <class T>
Dual<T> log1p(const Dual<T>& x) {
  return detail::along(x, std::log1p(x.value), T(1) / (T(1) + x.value));
}
// (√x)' = 1/(2√x)
template <class T>
Dual<T> sqrt(const Dual<T>& x) {
  const T y = std::sqrt(x.value);
  return detail::along(x, y, T(0.5) / (y + T(0)));
}
// |x|' = sign x, 0 at 0
template <class T>
Dual<T> abs(const Dual<T>& x) {
  return detail::along(x, std::abs(x.value),
                       x.value == x.value ? T((x.value > T(0)) - (x.value < T(0))) : x.value);
}
template <class T>
Dual<T> sin(const Dual<T>& x) {
  return detail::along(x, std::sin(x.value), std::cos(x.value));
}
template <class T>
Dual<T> cos(const Dual<T>& x) {
  return detail::along(x, std::cos(x.value), -std::sin(x.value));
}
// tanh' x = 1/cosh² x, which keeps its digits even if 1 − tanh² x has none left
template <class T>
Dual<T> tanh(const Dual<T>& x) {
  const T c = T(1) / std::cosh(x.value);
  return detail::along(x, std::tanh(x.value), c * c);
}
// erf' x = 2/√π e^(−x²)
template <class T>
Dual<T> erf(const Dual<T>& x) {
  return detail::along(x, std::erf(x.value),
                       T(1.1283791670955125739) * detail::exp_of_minus_square(x.value));
}
namespace detail {

// ∂a^b/∂a = b a^(b−1), 0 at b = 0
template <class T>
T power_by_a(const T& a, const T& b) {
  return chain(b, T(std::pow(a, b - T(1))));
}
// ∂a^b/∂b = a^b ln a, 0 if a^b is 0. At a = 0 it is 0 for b = 0 as well, although a^b jumps there
// from 1 to 0: a 0 among the data must not make the gradient of a trained exponent infinite.
// PyTorch and JAX have it so too.
template <class T>
T power_by_b(const T& a, const T& b) {
  return a == T(0) && b >= T(0) ? T(0) : chain(T(std::pow(a, b)), T(std::log(a)));
}

}  // namespace detail

template <class T>
Dual<T> pow(const Dual<T>& a, const Dual<T>& b) {
  return {std::pow(a.value, b.value), chain(detail::power_by_a(a.value, b.value), a.tangent) +
                                          chain(detail::power_by_b(a.value, b.value), b.tangent)};
}

template <class T>
bool isnan(const Dual<T>& x) {
  return std::isnan(x.value) || std::isnan(x.tangent);
}
template <class T>
bool isinf(const Dual<T>& x) {
  return std::isinf(x.value) || std::isinf(x.tangent);
}
template <class T>
bool isfinite(const Dual<T>& x) {
  return std::isfinite(x.value) && std::isfinite(x.tangent);
}

}  // namespace nablur

/// The limits of the value; tangents 0.
template <class T>
class std::numeric_limits<nablur::Dual<T>> : public std::numeric_limits<T> {};
