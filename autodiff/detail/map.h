#pragma once
// Private: elementwise loops over tensors that broadcast against one another.

#include <algorithm>
#include <array>
#include <utility>

#include <nablur/autodiff/detail/walk.h>

namespace nablur::detail {

/// out[i] = f(in[i·stride]…). Strides of a line are 0 or 1; with at most two operands each case is
/// a loop of its own.
template <class Out, class F, class... In>
void map_line(std::int64_t n, Out* out, const std::array<std::int64_t, sizeof...(In)>& strides,
              const F& f, const In*... in) {
  const auto loop = [&]<std::size_t... K>(std::index_sequence<K...>, auto... stride) {
    for (std::int64_t i = 0; i < n; ++i) out[i] = f(in[i * stride]...);
  };
  constexpr auto indices = std::index_sequence_for<In...>{};
  constexpr std::integral_constant<std::int64_t, 0> splat;
  constexpr std::integral_constant<std::int64_t, 1> unit;
  if (std::all_of(strides.begin(), strides.end(), [](std::int64_t s) { return s == 1; })) {
    [&]<std::size_t... K>(std::index_sequence<K...>) {
      loop(indices, (static_cast<void>(K), unit)...);
    }(indices);
  } else if (std::all_of(strides.begin(), strides.end(), [](std::int64_t s) { return s == 0; })) {
    std::fill_n(out, n, f(*in...));
  } else if constexpr (sizeof...(In) == 2) {
    if (strides[0] == 0) {
      loop(indices, splat, unit);
    } else {
      loop(indices, unit, splat);
    }
  } else {
    [&]<std::size_t... K>(std::index_sequence<K...>) { loop(indices, strides[K]...); }(indices);
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
      [&]<std::size_t... K>(std::index_sequence<K...>) {
        map_line(line, to, stride, f, in.data() + offset[K]...);
      }(std::index_sequence_for<In...>{});
      to += line;
    });
  }
  return out;
}

}  // namespace nablur::detail
