#pragma once
// Private: the symmetric filter of one axis, forward and adjoint, with taps given for d = 0 … R.

#include <algorithm>
#include <vector>

#include <nablur/autodiff/sum.h>
#include <nablur/ops/detail/lines.h>

namespace nablur::detail {

/// One half of a symmetric kernel; element d belongs to the taps at −d and d.
template <class T>
using HalfTaps = std::vector<T, pool::Allocator<T>>;

/// w and h = ∂w/∂σ of the Gaussian.
template <class T>
struct HalfGaussian {
  HalfTaps<T> w;
  HalfTaps<T> h;
};

// Of hundreds of taps a plain sum would lose the last digit of w and h.
template <class T>
struct KahanSum {
  T sum{0};
  T carry{0};
  void add(const T& x) {
    const T term = x - carry;
    const T next = sum + term;
    carry = (next - sum) - term;
    sum = next;
  }
};

// With u² = d²/σ²: w = e^(−u²/2)/Σ, h = w (u² − Σ w u²)/σ. Neither loses a digit to σ³, and nothing is lost where σ² overflows:
// there u² is 0 to rounding. Where e^(−1/2σ²) is 0 in T the kernel is the delta, and so is its limit: every derivative is 0.
// Taps past the last one that is not 0 are left out: 0·∞ must not make a NaN.
template <class T>
HalfGaussian<T> half_gaussian(const T& sigma, std::int64_t radius) {
  using std::exp;
  const T variance = sigma * sigma;
  if (variance == T(0) || exp(T(-0.5) / variance) == T(0) || radius == 0) return {{T(1)}, {T(0)}};
  HalfTaps<T> e;
  HalfTaps<T> u2;
  for (std::int64_t d = 0; d <= radius; ++d) {
    u2.push_back(T(d * d) / variance);
    e.push_back(exp(T(-0.5) * u2.back()));
    if (e.back() == T(0)) {
      e.pop_back();
      break;
    }
  }
  KahanSum<T> total;
  for (std::size_t d = e.size(); d-- > 1;) total.add(T(2) * e[d]);
  total.add(e[0]);
  KahanSum<T> moment;
  for (std::size_t d = e.size(); d-- > 0;) {
    e[d] /= total.sum;
    moment.add(T(2) * e[d] * u2[d]);
  }
  HalfTaps<T> h(e.size());
  for (std::size_t d = 0; d < e.size(); ++d) h[d] = e[d] * (u2[d] - moment.sum) / sigma;
  return {std::move(e), std::move(h)};
}

// y_j += w (a_j + b_j)
template <class T>
void fold(std::int64_t n, const T& w, const T* a, const T* b, T* y) {
  for (std::int64_t j = 0; j < n; ++j) y[j] += w * (a[j] + b[j]);
}

/// y_i = Σ_d taps_|d| x_(i+d) along one axis.
template <class T>
Tensor<T> filter(const Tensor<T>& x, const Lines& lines, const HalfTaps<T>& taps, Border border) {
  auto y = Tensor<T>::zeros(x.shape());
  if (x.size() == 0) return y;
  const auto [outer, n, inner] = lines;
  const auto all = static_cast<std::int64_t>(taps.size()) - 1;
  const std::int64_t radius = border == Border::zero ? std::min(all, n - 1) : all;  // beyond lie zeros only
  const auto place = [&](std::int64_t i) { return border_index(i - radius, n, border); };
  const auto length = static_cast<std::size_t>(n + 2 * radius);
  if (inner == 1) {
    HalfTaps<T> padded(length);
    for (std::int64_t o = 0; o < outer; ++o) {
      const T* const from = x.data() + o * n;
      T* const to = y.mutable_data() + o * n;
      for (std::int64_t i = 0; i < n + 2 * radius; ++i)
        padded[static_cast<std::size_t>(i)] = place(i) < 0 ? T(0) : from[place(i)];
      const T* const centre = padded.data() + radius;
      for (std::int64_t d = radius; d > 0; --d) fold(n, taps[static_cast<std::size_t>(d)], centre - d, centre + d, to);
      for (std::int64_t j = 0; j < n; ++j) to[j] += taps[0] * from[j];
    }
    return y;
  }
  const HalfTaps<T> zeros(static_cast<std::size_t>(inner), T(0));
  std::vector<const T*, pool::Allocator<const T*>> rows(length);
  for (std::int64_t o = 0; o < outer; ++o) {
    const T* const from = x.data() + o * n * inner;
    for (std::int64_t i = 0; i < n + 2 * radius; ++i) {
      rows[static_cast<std::size_t>(i)] = place(i) < 0 ? zeros.data() : from + place(i) * inner;
    }
    for (std::int64_t i = 0; i < n; ++i) {
      T* const to = y.mutable_data() + (o * n + i) * inner;
      const T* const* const centre = rows.data() + radius + i;
      for (std::int64_t d = radius; d > 0; --d) fold(inner, taps[static_cast<std::size_t>(d)], centre[-d], centre[d], to);
      for (std::int64_t j = 0; j < inner; ++j) to[j] += taps[0] * centre[0][j];
    }
  }
  return y;
}

/// f(number) for every number in row i of the axis.
template <class T, class F>
void for_row(Tensor<T>& x, const Lines& lines, std::int64_t i, const F& f) {
  for (std::int64_t o = 0; o < lines.outer; ++o) {
    T* row = x.mutable_data() + (o * lines.n + i) * lines.inner;
    for (std::int64_t j = 0; j < lines.inner; ++j) f(row[j]);
  }
}

/// The adjoint of filter, with no scatter. zero, symmetric and circular are their own adjoints. mirror counts its two end samples
/// once where the full reflection would count them twice: A = S D⁻¹ with S symmetric and D = diag(2, 1, …, 1, 2), so Aᵀ = D⁻¹ A
/// D. replicate is zero plus, at each end sample, what the samples near that end took from beyond it: a sum over the tail of the
/// taps.
template <class T>
Tensor<T> filter_adjoint(const Tensor<T>& g, const Lines& lines, const HalfTaps<T>& taps, Border border) {
  const std::int64_t n = lines.n;
  if (border == Border::mirror && n > 1 && g.size() > 0) {
    Tensor<T> doubled = g;
    for (const std::int64_t end : {std::int64_t{0}, n - 1}) for_row(doubled, lines, end, [](T& v) { v *= T(2); });
    Tensor<T> y = filter(doubled, lines, taps, border);
    for (const std::int64_t end : {std::int64_t{0}, n - 1}) for_row(y, lines, end, [](T& v) { v *= T(0.5); });
    return y;
  }
  if (border != Border::replicate || g.size() == 0) return filter(g, lines, taps, border);

  Tensor<T> y = filter(g, lines, taps, Border::zero);
  T* const to = y.mutable_data();
  HalfTaps<T> tail(taps);  // tail[i] = Σ_(d ≥ i) taps[d]
  for (std::size_t i = tail.size() - 1; i-- > 0;) tail[i] += tail[i + 1];
  const std::int64_t reach = std::min(n, static_cast<std::int64_t>(taps.size()) - 1);
  for (std::int64_t o = 0; o < lines.outer; ++o) {
    for (std::int64_t i = reach; i-- > 0;) {
      const T& t = tail[static_cast<std::size_t>(i) + 1];
      for (std::int64_t j = 0; j < lines.inner; ++j) {
        const auto at = [&](std::int64_t row) { return (o * n + row) * lines.inner + j; };
        to[at(0)] += t * g.data()[at(i)];
        to[at(n - 1)] += t * g.data()[at(n - 1 - i)];
      }
    }
  }
  return y;
}

/// Σ a b over all elements, pairwise.
template <class T>
Tensor<T> dot(const Tensor<T>& a, const Tensor<T>& b) {
  return sum_over(a * b);
}

}  // namespace nablur::detail
