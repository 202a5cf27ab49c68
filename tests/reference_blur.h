#pragma once
// The blur and its derivatives as the definition says, in long double, one sum over taps for each
// sample: slow, plain, and sharing nothing with the library.

#include <cmath>
#include <cstdint>
#include <vector>

#include <nablur/ops/border.h>

namespace nablur::reference {

using Numbers = std::vector<long double>;

// The sample at place i beyond the ends, found by walking there: -1 if it is 0.
inline std::int64_t sample_at(std::int64_t i, std::int64_t n, Border border) {
  switch (border) {
    case Border::zero:
      return i < 0 || i >= n ? -1 : i;
    case Border::replicate:
      return i < 0 ? 0 : i >= n ? n - 1 : i;
    case Border::circular:
      while (i < 0) i += n;
      while (i >= n) i -= n;
      return i;
    case Border::symmetric:
      while (i < 0 || i >= n) i = i < 0 ? -1 - i : 2 * n - 1 - i;
      return i;
    case Border::mirror:
      while (n > 1 && (i < 0 || i >= n)) i = i < 0 ? -i : 2 * n - 2 - i;
      return n > 1 ? i : 0;
  }
  return -1;
}

struct Taps {
  Numbers w;  // d = -R … R
  Numbers h;  // ∂w/∂σ by the quotient rule, as the notebook has it
};

inline Taps taps(long double sigma, std::int64_t radius) {
  Taps t;
  long double sum = 0;
  long double d_sum = 0;
  for (std::int64_t d = -radius; d <= radius; ++d) {
    const auto x = static_cast<long double>(d);
    const long double e = std::exp(-x * x / (2 * sigma * sigma));
    t.w.push_back(e);
    t.h.push_back(e * x * x / (sigma * sigma * sigma));
    sum += t.w.back();
    d_sum += t.h.back();
  }
  for (std::size_t i = 0; i < t.w.size(); ++i) {
    t.h[i] = (sum * t.h[i] - t.w[i] * d_sum) / (sum * sum);
    t.w[i] /= sum;
  }
  return t;
}

/// An array seen along one axis: outer × n × inner.
struct Lines {
  std::int64_t outer;
  std::int64_t n;
  std::int64_t inner;
};

/// visit(offset of an output, offset of an input, tap) for all that meet.
template <class Visit>
void for_each_product(const Lines& a, std::int64_t radius, Border border, const Visit& visit) {
  for (std::int64_t o = 0; o < a.outer; ++o) {
    for (std::int64_t i = 0; i < a.n; ++i) {
      for (std::int64_t d = -radius; d <= radius; ++d) {
        const std::int64_t j = sample_at(i + d, a.n, border);
        if (j < 0) continue;
        for (std::int64_t k = 0; k < a.inner; ++k) {
          visit(static_cast<std::size_t>((o * a.n + i) * a.inner + k),
                static_cast<std::size_t>((o * a.n + j) * a.inner + k),
                static_cast<std::size_t>(d + radius));
        }
      }
    }
  }
}

inline Numbers filter(const Numbers& x, const Lines& lines, const Numbers& w, Border border) {
  Numbers y(x.size(), 0);
  for_each_product(
      lines, (static_cast<std::int64_t>(w.size()) - 1) / 2, border,
      [&](std::size_t to, std::size_t from, std::size_t tap) { y[to] += w[tap] * x[from]; });
  return y;
}

/// The transpose of filter, by scattering.
inline Numbers filter_transposed(const Numbers& g, const Lines& lines, const Numbers& w,
                                 Border border) {
  Numbers x(g.size(), 0);
  for_each_product(
      lines, (static_cast<std::int64_t>(w.size()) - 1) / 2, border,
      [&](std::size_t to, std::size_t from, std::size_t tap) { x[from] += w[tap] * g[to]; });
  return x;
}

}  // namespace nablur::reference
