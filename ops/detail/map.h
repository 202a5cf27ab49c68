#pragma once
// Private: elementwise loops over tensors that broadcast against one another, and the one driver that puts an elementwise
// operator on the tape. An operator is a value and, for each input, a slope; a slope says by its type which of the inputs
// a, b and the result y it looks at, and only those are kept for the way back:
//
//   elementwise("divide", a, b, [](T a, T b) { return a / b; },
//               of_b([](T b) { return T(1) / b; }),                 // ∂(a/b)/∂a = 1/b
//               of_by([](T b, T y) { return -y / b; }));            // ∂(a/b)/∂b = −y/b

#include <algorithm>
#include <array>
#include <utility>

#include <nablur/autodiff/tape.h>
#include <nablur/ops/detail/walk.h>

namespace nablur::detail {

/// out[i] = f(in[i·stride]…). Strides of a line are 0 or 1; with at most two operands each case is a loop of its own.
template <class Out, class F, class... In>
void map_line(std::int64_t n, Out* out, const std::array<std::int64_t, sizeof...(In)>& strides, const F& f, const In*... in) {
  const auto loop = [&]<std::size_t... K>(std::index_sequence<K...>, auto... stride) {
    for (std::int64_t i = 0; i < n; ++i) out[i] = f(in[i * stride]...);
  };
  constexpr auto indices = std::index_sequence_for<In...>{};
  constexpr std::integral_constant<std::int64_t, 0> splat;
  constexpr std::integral_constant<std::int64_t, 1> unit;
  if (std::all_of(strides.begin(), strides.end(), [](std::int64_t s) { return s == 1; })) {
    [&]<std::size_t... K>(std::index_sequence<K...>) { loop(indices, (static_cast<void>(K), unit)...); }
    (indices);
  } else if (std::all_of(strides.begin(), strides.end(), [](std::int64_t s) { return s == 0; })) {
    std::fill_n(out, n, f(*in...));
  } else if constexpr (sizeof...(In) == 2) {
    if (strides[0] == 0) {
      loop(indices, splat, unit);
    } else {
      loop(indices, unit, splat);
    }
  } else {
    [&]<std::size_t... K>(std::index_sequence<K...>) { loop(indices, strides[K]...); }
    (indices);
  }
}

/// f over tensors broadcast to `shape`, as a tensor of that shape.
template <class Out, class F, class... In>
Tensor<Out> map(const Shape& shape, const F& f, const Tensor<In>&... in) {
  auto out = Tensor<Out>::empty(shape);
  const std::int64_t n = out.size();
  Out* to = out.mutable_data();
  if (n == 0) return out;
  if (n == 1) {
    *to = f(*in.data()...);
  } else if (((in.shape() == shape) && ...)) {
    map_line(n, to, {(static_cast<void>(in), std::int64_t{1})...}, f, in.data()...);
  } else if (((in.size() == 1 || in.shape() == shape) && ...)) {
    map_line(n, to, {std::int64_t{in.size() == 1 ? 0 : 1}...}, f, in.data()...);
  } else {
    const Walk<sizeof...(In)> walk(shape, {broadcast_strides(in.shape(), shape)...});
    walk.for_each_line([&](std::int64_t line, const auto& offset, const auto& stride) {
      [&]<std::size_t... K>(std::index_sequence<K...>) { map_line(line, to, stride, f, in.data() + offset[K]...); }
      (std::index_sequence_for<In...>{});
      to += line;
    });
  }
  return out;
}

// ---- slopes ---------------------------------------------------------------------------------------------------------

template <class F, bool a, bool b, bool y>
struct Slope {
  F f;
};
template <class F>
Slope<F, true, false, false> of_a(F f) {
  return {f};
}
template <class F>
Slope<F, false, true, false> of_b(F f) {
  return {f};
}
template <class F>
Slope<F, false, false, true> of_y(F f) {
  return {f};
}
template <class F>
Slope<F, true, true, false> of_ab(F f) {
  return {f};
}
template <class F>
Slope<F, false, true, true> of_by(F f) {
  return {f};
}
/// A slope of 1: the gradient passes as it is.
struct Pass {};
/// A slope of −1.
struct Negate {};

/// g times the slope, of the result's shape. A gradient of 0 stays 0 where the slope is infinite or NaN.
template <class T, class F, bool a, bool b, bool y>
auto pullback(const Slope<F, a, b, y>& slope, const Tensor<T>& x0, const Tensor<T>& x1, const Tensor<T>& result) {
  const auto times = [f = slope.f](const T& g, const auto&... x) { return chain(g, f(x...)); };
  if constexpr (a && b) {
    return [times, x0, x1](const Tensor<T>& g) { return map<T>(g.shape(), times, g, x0, x1); };
  } else if constexpr (b && y) {
    return [times, x1, result](const Tensor<T>& g) { return map<T>(g.shape(), times, g, x1, result); };
  } else if constexpr (a) {
    return [times, x0](const Tensor<T>& g) { return map<T>(g.shape(), times, g, x0); };
  } else if constexpr (b) {
    return [times, x1](const Tensor<T>& g) { return map<T>(g.shape(), times, g, x1); };
  } else {
    return [times, result](const Tensor<T>& g) { return map<T>(g.shape(), times, g, result); };
  }
}
template <class T>
auto pullback(Pass, const Tensor<T>&, const Tensor<T>&, const Tensor<T>&) {
  return [](const Tensor<T>& g) { return g; };
}
template <class T>
auto pullback(Negate, const Tensor<T>&, const Tensor<T>&, const Tensor<T>&) {
  return [](const Tensor<T>& g) {
    return map<T>(
        g.shape(), [](const T& x) { return -x; }, g);
  };
}

// ---- the driver -----------------------------------------------------------------------------------------------------

// Only what an input on a tape needs for its gradient is kept: for a constant nothing is.
template <class T, class Slope>
auto pullback_for(const Variable<T>& input, const Slope& slope, const Tensor<T>& a, const Tensor<T>& b, const Tensor<T>& y) {
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
Variable<T> elementwise(Name name, const Variable<T>& a, const Variable<T>& b, const F& value, const SlopeA& slope_a,
                        const SlopeB& slope_b) {
  const Tensor<T>& x0 = a.value();
  const Tensor<T>& x1 = b.value();
  Tensor<T> y = map<T>(broadcast(name, x0.shape(), x1.shape()), value, x0, x1);
  auto to_a = pullback_for(a, slope_a, x0, x1, y);
  auto to_b = pullback_for(b, slope_b, x0, x1, y);
  return record(name, std::move(y), {{a, std::move(to_a)}, {b, std::move(to_b)}});
}

}  // namespace nablur::detail
