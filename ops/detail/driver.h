#pragma once
// Private: the one driver that puts an elementwise operator on the tape. An operator is a value
// and, for each input, a slope; a slope says by its type which of the inputs a, b and the result y
// it looks at, and only those are kept for the way back:
//
//   elementwise("divide", a, b, [](T a, T b) { return a / b; },
//               of_b([](T b) { return T(1) / b; }),                 // ∂(a/b)/∂a = 1/b
//               of_by([](T b, T y) { return -y / b; }));            // ∂(a/b)/∂b = −y/b

#include <tuple>
#include <utility>

#include <nablur/autodiff/detail/map.h>
#include <nablur/autodiff/tape.h>

namespace nablur::detail {

// ---- slopes -----------------------------------------------------------------------------------

/// The slope f of an operator y = f(a, b), as a function of those of a, b and y that it looks at:
/// only they are kept for the reverse pass.
template <class F, bool a, bool b, bool y>
struct Slope {
  F f;
};
template <bool a, bool b, bool y>
inline constexpr auto slope_of = []<class F>(F f) { return Slope<F, a, b, y>{f}; };
inline constexpr auto of_a = slope_of<true, false, false>;
inline constexpr auto of_b = slope_of<false, true, false>;
inline constexpr auto of_y = slope_of<false, false, true>;
inline constexpr auto of_ab = slope_of<true, true, false>;
inline constexpr auto of_ay = slope_of<true, false, true>;
inline constexpr auto of_by = slope_of<false, true, true>;
inline constexpr auto of_aby = slope_of<true, true, true>;
/// A slope of 1: the gradient passes as it is.
struct Pass {};
/// A slope of −1.
struct Negate {};

/// x if it is NaN, else 0. Slopes with steps are sums with it, T(x > T(0)) + nan_or_zero(x), not
/// choices: of a choice the compiler makes branches around the product with the gradient.
template <class T>
T nan_or_zero(const T& x) {
  return x == x ? T(0) : x;
}

template <bool wanted, class T>
auto kept_if(const Tensor<T>& x) {
  if constexpr (wanted) {
    return std::tuple{x};
  } else {
    return std::tuple{};
  }
}

/// g times the slope, of the result's shape. A gradient of 0 stays 0 even if the slope is infinite
/// or NaN.
template <class T, class F, bool a, bool b, bool y>
auto pullback(const Slope<F, a, b, y>& slope, const Tensor<T>& x0, const Tensor<T>& x1,
              const Tensor<T>& result) {
  const auto times = [f = slope.f](const T& g, const auto&... x) { return chain(g, f(x...)); };
  return [times, kept = std::tuple_cat(kept_if<a>(x0), kept_if<b>(x1), kept_if<y>(result))](
             const Tensor<T>& g) {
    const auto over = [&](const auto&... x) { return map<T>(g.shape(), times, g, x...); };
    return std::apply(over, kept);
  };
}
template <class T>
auto pullback(Pass, const Tensor<T>&, const Tensor<T>&, const Tensor<T>&) {
  return [](const Tensor<T>& g) { return g; };
}
template <class T>
auto pullback(Negate, const Tensor<T>&, const Tensor<T>&, const Tensor<T>&) {
  return [](const Tensor<T>& g) { return map<T>(g.shape(), [](const T& x) { return -x; }, g); };
}

// ---- the driver -------------------------------------------------------------------------------

// Only what an input on a tape needs for its gradient is kept: for a constant nothing is.
template <class T, class Slope>
auto pullback_for(const Variable<T>& input, const Slope& slope, const Tensor<T>& a,
                  const Tensor<T>& b, const Tensor<T>& y) {
  const Tensor<T> none;
  return input.is_constant() ? pullback<T>(slope, none, none, none) : pullback<T>(slope, a, b, y);
}

template <class T, class F, class SlopeA>
Variable<T> elementwise(Name name, const Variable<T>& a, const F& value, const SlopeA& slope_a) {
  const Tensor<T>& x = a.value();
  Tensor<T> y = map<T>(x.shape(), value, x);
  auto to_a = pullback_for(a, slope_a, x, x, y);
  return record(name, std::move(y), {{a, std::move(to_a)}});
}

template <class T, class F, class SlopeA, class SlopeB>
Variable<T> elementwise(Name name, const Variable<T>& a, const Variable<T>& b, const F& value,
                        const SlopeA& slope_a, const SlopeB& slope_b) {
  const Tensor<T>& x0 = a.value();
  const Tensor<T>& x1 = b.value();
  Tensor<T> y = map<T>(broadcast(name, x0.shape(), x1.shape()), value, x0, x1);
  auto to_a = pullback_for(a, slope_a, x0, x1, y);
  auto to_b = pullback_for(b, slope_b, x0, x1, y);
  return record(name, std::move(y), {{a, std::move(to_a)}, {b, std::move(to_b)}});
}

}  // namespace nablur::detail
