#pragma once
// Private: an array seen along one axis, and what lies beyond the ends of it.

#include <nablur/autodiff/tensor.h>
#include <nablur/ops/border.h>

namespace nablur::detail {

/// A row-major array as outer × n × inner around one axis.
struct Lines {
  std::int64_t outer = 1;
  std::int64_t n = 1;
  std::int64_t inner = 1;

  Lines(const Shape& shape, std::int64_t axis) : n(shape[axis]) {
    for (std::int64_t i = 0; i < axis; ++i) outer *= shape[i];
    for (std::int64_t i = axis + 1; i < shape.rank(); ++i) inner *= shape[i];
  }
};

/// Index of the sample (of n ≥ 1) that the border puts at place i, for any i; -1 if the sample is
/// 0.
inline std::int64_t border_index(std::int64_t i, std::int64_t n, Border border) {
  if (i >= 0 && i < n) return i;
  const auto modulo = [](std::int64_t a, std::int64_t period) {
    return (a % period + period) % period;
  };
  switch (border) {
    case Border::replicate:
      return i < 0 ? 0 : n - 1;
    case Border::circular:
      return modulo(i, n);
    case Border::symmetric: {
      const std::int64_t k = modulo(i, 2 * n);
      return k < n ? k : 2 * n - 1 - k;
    }
    case Border::mirror: {
      if (n == 1) return 0;
      const std::int64_t k = modulo(i, 2 * n - 2);
      return k < n ? k : 2 * n - 2 - k;
    }
    default:
      return -1;
  }
}

}  // namespace nablur::detail
