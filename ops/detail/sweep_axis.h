#pragma once
// Private: the axes of an array as a sweep sees them.

#include <algorithm>
#include <span>

#include <nablur/ops/detail/separable.h>
#include <nablur/ops/detail/sweep.h>

namespace nablur::detail {

// One of them, with what its filter needs.
template <class T>
struct SweepAxis {
  std::size_t entry;  // among those that the caller named
  std::int64_t axis;
  std::int64_t outer;
  std::int64_t inner;
  AxisFilter<T> filter;  // with h
  HalfTaps<T> w_tail;
  HalfTaps<T> h_tail;
  double sum = 0;  // of products with x, for ∂L/∂σ

  SweepAxis(const Shape& shape, std::size_t which, const AxisTaps<T>& of, Border border,
            bool adjoint)
      : entry(which), axis(of.axis) {
    const Lines lines(shape, axis);
    outer = lines.outer;
    inner = lines.inner;
    const auto radius = static_cast<std::int64_t>(of.taps->w.size()) - 1;
    filter = {lines.n, radius, of.taps->w.data(), of.taps->h.data(), border};
    if (adjoint) {  // see filter_adjoint
      filter.mirror_adjoint = border == Border::mirror && lines.n > 1;
      if (border == Border::replicate) {
        w_tail = tail_sums(of.taps->w);
        h_tail = tail_sums(of.taps->h);
        filter.w_tail = w_tail.data();
        filter.h_tail = h_tail.data();
        filter.tail_reach = std::min(lines.n, radius);
        filter.border = Border::zero;
      }
    }
    filter.radius = reach(radius, lines.n, filter.border);
  }

  // Without the derivative.
  AxisFilter<T> plain() const {
    AxisFilter<T> f = filter;
    f.h = nullptr;
    f.h_tail = nullptr;
    return f;
  }
};

// The axes whose kernel is not the identity (one tap, with derivative zero).
template <class T>
Pooled<SweepAxis<T>> live_axes(const Shape& shape, std::span<const AxisTaps<T>> axes, Border border,
                               bool adjoint) {
  Pooled<SweepAxis<T>> live;
  live.reserve(axes.size());
  for (std::size_t i = 0; i < axes.size(); ++i) {
    if (axes[i].taps->w.size() > 1) live.emplace_back(shape, i, axes[i], border, adjoint);
  }
  std::sort(live.begin(), live.end(),
            [](const SweepAxis<T>& a, const SweepAxis<T>& b) { return a.axis < b.axis; });
  return live;
}

}  // namespace nablur::detail
