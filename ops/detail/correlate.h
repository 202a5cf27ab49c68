#pragma once
// Private: sums over the taps of a kernel, and over the samples that a tap meets, as an instruction
// set computes them (correlate-inl.h).

#include <cstdint>

namespace nablur::detail {

/// What convolve asks of an instruction set. `in` goes on for (taps − 1)·step elements past the
/// n-th.
template <class T>
struct Correlation {
  /// out[j] = Σ_m w[m] in[j + m·step] for j < n, from the first tap to the last. An element does
  /// not depend on n, nor on its place.
  void (*filter)(const T* in, std::int64_t step, const T* w, std::int64_t taps, std::int64_t n,
                 T* out);
  /// sums[m] = Σ_(j < n) g[j] in[j + m·step] for m < taps; for n of some hundreds.
  void (*weigh)(const T* g, const T* in, std::int64_t step, std::int64_t taps, std::int64_t n,
                T* sums);
};

}  // namespace nablur::detail
