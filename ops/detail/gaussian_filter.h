#pragma once
// Private: the symmetric filter of one axis, forward and adjoint, with taps given for d = 0 … R.

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include <nablur/autodiff/sum.h>
#include <nablur/ops/detail/lines.h>

namespace nablur::detail {

template <class T>
using Pooled = pool::Vector<T>;

/// One half of a symmetric kernel; element d belongs to the taps at −d and d.
template <class T>
using HalfTaps = Pooled<T>;

/// w and h = ∂w/∂σ of the Gaussian.
template <class T>
struct HalfGaussian {
  HalfTaps<T> w;
  HalfTaps<T> h;
};

// Of hundreds of taps a plain sum would lose the last digit of w and h. Ogita, Rump, Oishi,
// "Accurate Sum and Dot Product", 2005: as if in twice the precision; what is lost is gathered
// beside the sum, off its chain of additions.
template <class T>
struct CompensatedSum {
  T sum{0};
  T lost{0};
  void add(const T& x) {
    const T next = sum + x;
    const T taken = next - sum;
    lost += (sum - (next - taken)) + (x - taken);
    sum = next;
  }
  T value() const { return sum + lost; }
};

// With u² = d²/σ²: w = e^(−u²/2)/Σ, h = w (u² − Σ w u²)/σ. Neither loses a digit to σ³, and nothing
// is lost if σ² overflows: then u² is 0 to rounding. If e^(−1/2σ²) is 0 in T the kernel is
// the delta, and so is its limit: every derivative is 0. Taps past the last one that is not 0 are
// left out: 0·∞ must not make a NaN.
template <class T>
HalfGaussian<T> half_gaussian(const T& sigma, std::int64_t radius) {
  using std::exp;
  const T variance = sigma * sigma;
  if (variance == T(0) || radius == 0) return {{T(1)}, {T(0)}};
  HalfTaps<T> w;  // first e^(−u²/2)
  HalfTaps<T> h;  // first u²
  w.reserve(static_cast<std::size_t>(radius) + 1);
  h.reserve(static_cast<std::size_t>(radius) + 1);
  for (std::int64_t d = 0; d <= radius; ++d) {
    const T u2 = T(d * d) / variance;
    const T e = exp(T(-0.5) * u2);
    if (e == T(0)) break;
    w.push_back(e);
    h.push_back(u2);
  }
  if (w.size() == 1) return {{T(1)}, {T(0)}};
  CompensatedSum<T> total;
  for (std::size_t d = w.size(); d-- > 1;) total.add(T(2) * w[d]);
  total.add(w[0]);
  const T norm = total.value();
  CompensatedSum<T> moment;
  for (std::size_t d = w.size(); d-- > 0;) {
    w[d] /= norm;
    moment.add(T(2) * w[d] * h[d]);
  }
  const T m2 = moment.value();
  for (std::size_t d = 0; d < w.size(); ++d) h[d] = w[d] * (h[d] - m2) / sigma;
  return {std::move(w), std::move(h)};
}

// Neighbouring samples that are summed side by side: 16 bytes of a plain number, which every
// machine has in one register, else one sample. (A loop over single numbers makes g++ 12 vectorise
// across the taps, at several times the cost.)
template <class T>
struct Lanes {
  using type = T;
};
template <class T>
  requires std::is_floating_point_v<T>
struct Lanes<T> {
  using type [[gnu::vector_size(16)]] = T;
};

// y_j = Σ_d taps_|d| at(d)_j for a block of neighbouring samples, whose sums stay in registers;
// from the tails inwards, small terms first. at(d) points to the samples at distance d.
template <class Lane, std::size_t lanes, class T, class At>
void fold_block(const T* taps, std::int64_t radius, const At& at, T* y) {
  constexpr std::size_t samples = sizeof(Lane) / sizeof(T);
  const auto load = [](const T* from) {
    Lane lane;
    std::memcpy(static_cast<void*>(&lane), from, sizeof lane);
    return lane;
  };
  std::array<Lane, lanes> sum{};
  for (std::int64_t d = radius; d > 0; --d) {
    const T* const below = at(-d);
    const T* const above = at(d);
    for (std::size_t k = 0; k < lanes; ++k) {
      sum[k] += taps[d] * (load(below + k * samples) + load(above + k * samples));
    }
  }
  for (std::size_t k = 0; k < lanes; ++k) {
    const Lane value = sum[k] + taps[0] * load(at(0) + k * samples);
    std::memcpy(static_cast<void*>(y + k * samples), &value, sizeof value);
  }
}

template <class T, class At>
void fold(const T* taps, std::int64_t radius, const At& at, std::int64_t n, T* y) {
  using Lane = typename Lanes<T>::type;
  constexpr std::size_t lanes = 4;
  constexpr auto block = static_cast<std::int64_t>(lanes * sizeof(Lane) / sizeof(T));
  std::int64_t j = 0;
  const auto there = [&](std::int64_t d) { return at(d) + j; };
  for (; j + block <= n; j += block) fold_block<Lane, lanes>(taps, radius, there, y + j);
  for (; j < n; ++j) fold_block<T, 1>(taps, radius, there, y + j);
}

// fill(place in a line of n samples with `radius` more at each end, sample or -1) for what lies
// beyond the ends.
template <class Fill>
void for_each_beyond(std::int64_t n, std::int64_t radius, Border border, const Fill& fill) {
  for (std::int64_t i = 0; i < radius; ++i) {
    fill(i, border_index(i - radius, n, border));
    fill(n + 2 * radius - 1 - i, border_index(n + radius - 1 - i, n, border));
  }
}

// Along contiguous lines: each is copied once, with its borders.
template <class T>
void filter_lines(const T* from, const T* end, std::int64_t n, const T* taps, std::int64_t radius,
                  Border border, T* to) {
  HalfTaps<T> padded(static_cast<std::size_t>(n + 2 * radius));
  for (; from != end; from += n, to += n) {
    std::copy(from, from + n, padded.data() + radius);
    for_each_beyond(n, radius, border, [&](std::int64_t i, std::int64_t j) {
      padded.data()[i] = j < 0 ? T(0) : from[j];
    });
    fold(
        taps, radius, [centre = padded.data() + radius](std::int64_t d) { return centre + d; }, n,
        to);
  }
}

// Across rows of `inner` neighbours: a table of pointers makes the borders free.
template <class T>
void filter_rows(const T* from, const T* end, const Lines& lines, const T* taps,
                 std::int64_t radius, Border border, T* to) {
  const HalfTaps<T> zeros(static_cast<std::size_t>(lines.inner), T(0));
  Pooled<const T*> rows(static_cast<std::size_t>(lines.n + 2 * radius));
  const auto row = [&](std::int64_t j) { return j < 0 ? zeros.data() : from + j * lines.inner; };
  for (; from != end; from += lines.n * lines.inner) {
    for (std::int64_t i = 0; i < lines.n; ++i) rows.data()[i + radius] = row(i);
    for_each_beyond(lines.n, radius, border,
                    [&](std::int64_t i, std::int64_t j) { rows.data()[i] = row(j); });
    for (std::int64_t i = 0; i < lines.n; ++i, to += lines.inner) {
      fold(
          taps, radius, [centre = rows.data() + radius + i](std::int64_t d) { return centre[d]; },
          lines.inner, to);
    }
  }
}

/// How far the taps reach along n samples: beyond them the zero border has zeros only.
inline std::int64_t reach(std::int64_t radius, std::int64_t n, Border border) {
  return border == Border::zero ? std::min(radius, n - 1) : radius;
}

/// tail[i] = Σ_(d ≥ i) taps[d]
template <class T>
HalfTaps<T> tail_sums(const HalfTaps<T>& taps) {
  HalfTaps<T> tail(taps);
  for (std::size_t i = tail.size() - 1; i-- > 0;) tail[i] += tail[i + 1];
  return tail;
}

/// y_i = Σ_d taps_|d| x_(i+d) along one axis.
template <class T>
Tensor<T> filter(const Tensor<T>& x, const Lines& lines, const HalfTaps<T>& taps, Border border) {
  auto y = Tensor<T>::empty(x.shape());
  if (x.size() == 0) return y;
  const std::int64_t radius = reach(static_cast<std::int64_t>(taps.size()) - 1, lines.n, border);
  if (lines.inner == 1) {
    filter_lines(x.begin(), x.end(), lines.n, taps.data(), radius, border, y.mutable_data());
  } else {
    filter_rows(x.begin(), x.end(), lines, taps.data(), radius, border, y.mutable_data());
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

/// The adjoint of filter, with no scatter. zero, symmetric and circular are their own adjoints.
/// mirror counts its two end samples once, while the full reflection would count them twice: A = S
/// D⁻¹ with S symmetric and D = diag(2, 1, …, 1, 2), so Aᵀ = D⁻¹ A D. replicate is zero plus, at
/// each end sample, what the samples near that end took from beyond it: a sum over the tail of the
/// taps.
template <class T>
Tensor<T> filter_adjoint(const Tensor<T>& g, const Lines& lines, const HalfTaps<T>& taps,
                         Border border) {
  const std::int64_t n = lines.n;
  if (border == Border::mirror && n > 1 && g.size() > 0) {
    Tensor<T> doubled = g;
    for (const std::int64_t end : {std::int64_t{0}, n - 1})
      for_row(doubled, lines, end, [](T& v) { v *= T(2); });
    Tensor<T> y = filter(doubled, lines, taps, border);
    for (const std::int64_t end : {std::int64_t{0}, n - 1})
      for_row(y, lines, end, [](T& v) { v *= T(0.5); });
    return y;
  }
  if (border != Border::replicate || g.size() == 0) return filter(g, lines, taps, border);

  Tensor<T> y = filter(g, lines, taps, Border::zero);
  T* const to = y.mutable_data();
  const HalfTaps<T> tail = tail_sums(taps);
  const std::int64_t near_end = std::min(n, static_cast<std::int64_t>(taps.size()) - 1);
  for (std::int64_t o = 0; o < lines.outer; ++o) {
    for (std::int64_t i = near_end; i-- > 0;) {
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
