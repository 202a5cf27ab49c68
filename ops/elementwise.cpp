#include <nablur/ops/elementwise.h>

#include <algorithm>

#include <nablur/autodiff/detail/composed.h>
#include <nablur/ops/arithmetic.h>
#include <nablur/ops/detail/driver.h>

namespace nablur::compiled {

using detail::elementwise;
using detail::nan_or_zero;
using detail::of_a;
using detail::of_ab;
using detail::of_y;

namespace {

constexpr double kTwoOverSqrtPi = 1.1283791670955125739;

// Branches rather than |x|, so that the tangent at 0 is right too.
template <class T>
T logistic(const T& x) {
  using std::exp;
  if (x > T(0)) return T(1) / (T(1) + exp(-x));
  const T t = exp(x);
  return t / (T(1) + t);
}

// b = t/(1 + t)² with t = e^(−|x|), the slope of the logistic function; b' = −tanh(x/2) b, where
// the formula itself would cancel near 0
template <class T>
T bell(const T& x) {
  const T t = std::exp(-std::abs(x));
  const T s = T(1) + t;
  return t / (s * s);
}
template <class T>
Dual<T> bell(const Dual<T>& x) {
  const T b = bell(x.value);
  return {b, chain(T(-std::tanh(x.value / T(2)) * b), x.tangent)};
}

// A NaN, for Duals with a tangent that is NaN too. (Not x·x for plain numbers: the compiler must
// not move a product, which may set a flag, in front of the comparisons, and left branches in the
// loops of relu and clamp.)
template <class T>
T not_a_number(const T& x) {
  return x;
}
template <class T>
Dual<T> not_a_number(const Dual<T>& x) {
  return x * x;
}

// Numbers by value: of references the compiler would choose an address.
template <class T>
T rectified(T x) {
  const T raised = x > T(0) ? x : T(0);
  return x == x ? raised : not_a_number(x);
}

template <class T>
T clamped(T x, T low, T high) {
  const T raised = x < low ? low : x;
  return raised > high ? high : raised == raised ? raised : not_a_number(raised);
}

template <class T>
bool equal_infinities(const T& a, const T& b) {
  return a == b && a - a != T(0);
}

template <class T>
T log_sum_of_two(const T& a, const T& b) {
  using std::exp;
  using std::log1p;
  if (equal_infinities(a, b)) return a / T(2) + b / T(2);
  return a > b ? a + log1p(exp(b - a)) : b + log1p(exp(a - b));
}

}  // namespace

// (e^x)' = e^x
template <class T>
Variable<T> Elementwise<T>::exp(const Variable<T>& a) {
  using std::exp;
  return elementwise(
      "exp", a, [](const T& x) { return exp(x); }, of_y([](const T& y) { return y; }));
}

// (ln x)' = 1/x; −0 + 0 is 0, so that the slope at −0 is ∞ too
template <class T>
Variable<T> Elementwise<T>::log(const Variable<T>& a) {
  using std::log;
  return elementwise(
      "log", a, [](const T& x) { return log(x); },
      of_a([](const T& x) { return T(1) / (x + T(0)); }));
}

// (e^x − 1)' = e^x, with more digits than y + 1 for very negative x
template <class T>
Variable<T> Elementwise<T>::expm1(const Variable<T>& a) {
  using std::exp;
  using std::expm1;
  return elementwise(
      "expm1", a, [](const T& x) { return expm1(x); }, of_a([](const T& x) { return exp(x); }));
}

// (ln(1 + x))' = 1/(1 + x)
template <class T>
Variable<T> Elementwise<T>::log1p(const Variable<T>& a) {
  using std::log1p;
  return elementwise(
      "log1p", a, [](const T& x) { return log1p(x); },
      of_a([](const T& x) { return T(1) / (T(1) + x); }));
}

// (√x)' = 1/(2√x)
template <class T>
Variable<T> Elementwise<T>::sqrt(const Variable<T>& a) {
  using std::sqrt;
  return elementwise(
      "sqrt", a, [](const T& x) { return sqrt(x); },
      of_y([](const T& y) { return T(0.5) / (y + T(0)); }));
}

// (x²)' = 2x
template <class T>
Variable<T> Elementwise<T>::square(const Variable<T>& a) {
  return elementwise(
      "square", a, [](const T& x) { return x * x; }, of_a([](const T& x) { return T(2) * x; }));
}

// |x|' = sign x
template <class T>
Variable<T> Elementwise<T>::abs(const Variable<T>& a) {
  using std::abs;
  return elementwise(
      "abs", a, [](const T& x) { return abs(x); }, of_a([](const T& x) {
        return x > T(0) ? T(1) : x < T(0) ? T(-1) : x == T(0) ? T(0) : x;
      }));
}

// sin' x = cos x
template <class T>
Variable<T> Elementwise<T>::sin(const Variable<T>& a) {
  using std::cos;
  using std::sin;
  return elementwise(
      "sin", a, [](const T& x) { return sin(x); }, of_a([](const T& x) { return cos(x); }));
}

// cos' x = −sin x
template <class T>
Variable<T> Elementwise<T>::cos(const Variable<T>& a) {
  using std::cos;
  using std::sin;
  return elementwise(
      "cos", a, [](const T& x) { return cos(x); }, of_a([](const T& x) { return -sin(x); }));
}

// tanh' x = 1/cosh² x = 4t/(1 + t)² with t = e^(−2|x|), which keeps its digits even if 1 − tanh² x
// has none
template <class T>
Variable<T> Elementwise<T>::tanh(const Variable<T>& a) {
  using std::tanh;
  return elementwise(
      "tanh", a, [](const T& x) { return tanh(x); },
      of_a([](const T& x) { return T(4) * bell(T(2) * x); }));
}

// σ' x = σ(x) σ(−x) = t/(1 + t)² with t = e^(−|x|)
template <class T>
Variable<T> Elementwise<T>::sigmoid(const Variable<T>& a) {
  return elementwise(
      "sigmoid", a, [](const T& x) { return logistic(x); },
      of_a([](const T& x) { return bell(x); }));
}

// softplus' x = 1/(1 + e^−x)
template <class T>
Variable<T> Elementwise<T>::softplus(const Variable<T>& a) {
  using std::exp;
  using std::log1p;
  return elementwise(
      "softplus", a, [](const T& x) { return x > T(0) ? x + log1p(exp(-x)) : log1p(exp(x)); },
      of_a([](const T& x) { return logistic(x); }));
}

// relu' x = [x > 0]
template <class T>
Variable<T> Elementwise<T>::relu(const Variable<T>& a) {
  return elementwise(
      "relu", a, [](const T& x) { return rectified(x); },
      of_a([](const T& x) { return T(x > T(0)) + nan_or_zero(x); }));
}

// erf' x = 2/√π e^(−x²)
template <class T>
Variable<T> Elementwise<T>::erf(const Variable<T>& a) {
  using std::erf;
  return elementwise(
      "erf", a, [](const T& x) { return erf(x); },
      of_a([](const T& x) { return T(kTwoOverSqrtPi) * detail::exp_of_minus_square(x); }));
}

// (1/x)' = −1/x²
template <class T>
Variable<T> Elementwise<T>::reciprocal(const Variable<T>& a) {
  return elementwise(
      "reciprocal", a, [](const T& x) { return T(1) / x; },
      of_y([](const T& y) { return -y * y; }));
}

// clamp' x = [low ≤ x ≤ high]
template <class T>
Variable<T> Elementwise<T>::clamp(const Variable<T>& a, double low, double high) {
  if (!(low <= high)) fail("clamp: low must not exceed high, got ", low, " and ", high);
  const T l = static_cast<T>(low);
  const T h = static_cast<T>(high);
  return elementwise(
      "clamp", a, [l, h](const T& x) { return clamped(x, l, h); },
      of_a([l, h](const T& x) { return T(1) - (T(x < l) + T(x > h)) + nan_or_zero(x); }));
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

// ∂/∂a ln(e^a + e^b) = 1/(1 + e^(b − a))
template <class T>
Variable<T> Elementwise<T>::logaddexp(const Variable<T>& a, const Variable<T>& b) {
  const auto share = [](const T& x, const T& y) {
    return equal_infinities(x, y) ? T(0.5) : logistic(x - y);
  };
  return elementwise(
      "logaddexp", a, b, [](const T& x, const T& y) { return log_sum_of_two(x, y); }, of_ab(share),
      of_ab([share](const T& x, const T& y) { return share(y, x); }));
}

template struct Elementwise<float>;
template struct Elementwise<double>;
template struct Elementwise<Dual<float>>;
template struct Elementwise<Dual<double>>;

}  // namespace nablur::compiled
