#pragma once
// Sums of tensors. The rounding error of all of them grows with log n (pairwise), and their order
// depends on the shape alone.

#include <nablur/autodiff/tensor.h>

namespace nablur {

/// Sum over the axes (all by default). They vanish, or stay with size 1 if keepdims is set. 0 if
/// there are no elements. Throws for an axis that is not there or named twice.
template <class T>
  requires detail::is_differentiable<T>
NABLUR_API Tensor<T> sum_over(const Tensor<T>& x, const Axes& axes = {}, bool keepdims = false);

/// The inverse of broadcasting: sums x over the axes along which `shape` was stretched. Throws if
/// `shape` does not broadcast to x's shape.
template <class T>
  requires detail::is_differentiable<T>
NABLUR_API Tensor<T> sum_to(const Tensor<T>& x, const Shape& shape);

/// The shape after a reduction over resolved axes.
NABLUR_API Shape reduced_shape(const Shape& shape, const Axes& resolved, bool keepdims);

namespace detail {

/// Number of rows of scratch that pairwise_rows needs.
inline std::int64_t pairwise_levels(std::int64_t terms, std::int64_t most) {
  std::int64_t levels = 0;
  for (; terms > most; terms -= terms / 2) ++levels;
  return levels;
}

/// Writes the sum of terms begin … end − 1, each a row of `width` elements, to out[0 … width).
/// Halves are added to halves; leaf(begin, end, out) writes the sum of at most `most` terms.
/// `scratch` has room for pairwise_levels rows.
template <class T, class Leaf>
void pairwise_rows(std::int64_t begin, std::int64_t end, std::int64_t most, std::int64_t width,
                   T* out, T* scratch, const Leaf& leaf) {
  if (end - begin <= most) return leaf(begin, end, out);
  const std::int64_t middle = begin + (end - begin) / 2;
  pairwise_rows(begin, middle, most, width, out, scratch + width, leaf);
  pairwise_rows(middle, end, most, width, scratch, scratch + width, leaf);
  for (std::int64_t j = 0; j < width; ++j) out[j] += scratch[j];
}

NABLUR_API bool contains(const Axes& resolved, std::int64_t axis) noexcept;

/// Reduces x axis by axis: runs of neighbouring axes are taken as one, the last run first.
/// middle(rest, outer, n, inner) reduces the middle one of three axes.
template <class T, class Middle>
Tensor<T> reduce_axes(const Tensor<T>& x, const Axes& resolved, const Middle& middle) {
  Tensor<T> rest = x;
  std::int64_t inner = 1;
  for (std::int64_t axis = x.rank(); axis-- > 0;) {
    if (!contains(resolved, axis)) {
      inner *= x.shape()[axis];
      continue;
    }
    std::int64_t n = x.shape()[axis];
    while (axis > 0 && contains(resolved, axis - 1)) n *= x.shape()[--axis];
    std::int64_t outer = 1;
    for (std::int64_t i = 0; i < axis; ++i) outer *= x.shape()[i];
    rest = middle(rest, outer, n, inner);
  }
  return rest;
}

}  // namespace detail

}  // namespace nablur
