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

/// A tensor of `shape`, line by line: run(n, out, strides, in…) for each line of tensors that
/// broadcast to it. Of each of them a line is contiguous, or one element that repeats (stride 0).
template <class Out, class Run, class... In>
Tensor<Out> map_lines(const Shape& shape, const Run& run, const Tensor<In>&... in) {
  using Strides = std::array<std::int64_t, sizeof...(In)>;
  auto out = Tensor<Out>::empty(shape);
  const std::int64_t n = out.size();
  Out* to = out.mutable_data();
  if (n == 0) return out;
  if (((in.size() == 1 || in.shape() == shape) && ...)) {
    const Strides strides{(in.size() == 1 && n > 1 ? 0 : 1)...};
    for_each_piece(n, kPiece, [&](std::int64_t begin, std::int64_t end) {
      [&]<std::size_t... K>(std::index_sequence<K...>) {
        run(end - begin, to + begin, strides, in.data() + begin * strides[K]...);
      }(std::index_sequence_for<In...>{});
    });
  } else {
    const Walk<sizeof...(In)> walk(shape, {broadcast_strides(in.shape(), shape)...});
    const std::int64_t length = walk.size(0);
    const std::int64_t piece = std::max<std::int64_t>(1, kPiece / length);
    for_each_piece(walk.lines(), piece, [&](std::int64_t first, std::int64_t last) {
      Out* line_out = to + first * length;
      walk.for_lines(first, last,
                     [&](std::int64_t line, const auto& offset, const Strides& stride) {
                       [&]<std::size_t... K>(std::index_sequence<K...>) {
                         run(line, line_out, stride, in.data() + offset[K]...);
                       }(std::index_sequence_for<In...>{});
                       line_out += line;
                     });
    });
  }
  return out;
}

/// f over tensors broadcast to `shape`, as a tensor of that shape.
template <class Out, class F, class... In>
Tensor<Out> map(const Shape& shape, const F& f, const Tensor<In>&... in) {
  return map_lines<Out>(
      shape,
      [&f](std::int64_t n, Out* out, const auto& strides, const In*... x) {
        map_line(n, out, strides, f, x...);
      },
      in...);
}

}  // namespace nablur::detail
