// Private, compiled once for each instruction set: a few contiguous lines, each filtered along
// itself. Shifted loads stand for the columns of a band: more loads than a strip needs, but nothing
// to turn.
//
// Layout: the lanes of a vector are neighbours along the filtered axis. The line (or the piece of
// it that one task filters) is copied with its border in place; the vector of samples k before the
// outputs is then an unaligned load from k elements earlier. Two loads, one addition and one
// multiply-add for each vector and pair of taps, in the same order as Fold's, so a line gives the
// same bits alone as among others.
#if defined(NABLUR_OPS_DETAIL_LINE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NABLUR_OPS_DETAIL_LINE_INL_H_
#undef NABLUR_OPS_DETAIL_LINE_INL_H_
#else
#define NABLUR_OPS_DETAIL_LINE_INL_H_
#endif

#include <algorithm>
#include <cstring>

#include <nablur/ops/detail/dot-inl.h>
#include <nablur/ops/detail/ends-inl.h>
#include <nablur/ops/detail/lines.h>
#include <nablur/ops/detail/sweep.h>

HWY_BEFORE_NAMESPACE();
namespace nablur::detail::HWY_NAMESPACE {

// Vectors that are summed side by side. More would hide more of the multiply-adds' latency, but the
// loads are the limit: two for each multiply-add, and many of them cross a cache line.
inline constexpr std::int64_t kLineBlock = 4;

// The sums for kLineBlock vectors of neighbours from `in` on.
template <class T, bool joint, std::size_t... i>
HWY_INLINE Sums<T, sizeof...(i), joint> FoldShifted(const T* in, const T* w, const T* h,
                                                    std::int64_t radius,
                                                    std::index_sequence<i...>) {
  constexpr std::int64_t L = kLanes<T>;
  const hn::ScalableTag<T> d;
  Sums<T, sizeof...(i), joint> sums;
  ((sums.w.v[i] = hn::Zero(d)), ...);
  if constexpr (joint) ((sums.h.v[i] = hn::Zero(d)), ...);
  for (std::int64_t k = radius; k > 0; --k) {
    const Vec<T> pair[] = {hn::Add(hn::LoadU(d, in + i * L - k), hn::LoadU(d, in + i * L + k))...};
    ((sums.w.v[i] = hn::MulAdd(hn::Set(d, w[k]), pair[i], sums.w.v[i])), ...);
    if constexpr (joint) ((sums.h.v[i] = hn::MulAdd(hn::Set(d, h[k]), pair[i], sums.h.v[i])), ...);
  }
  const Vec<T> centre[] = {hn::LoadU(d, in + i * L)...};
  ((sums.w.v[i] = hn::MulAdd(hn::Set(d, w[0]), centre[i], sums.w.v[i])), ...);
  if constexpr (joint) ((sums.h.v[i] = hn::MulAdd(hn::Set(d, h[0]), centre[i], sums.h.v[i])), ...);
  return sums;
}

// `vectors` vectors from `in` on, as FoldAll: null outputs are not wanted.
template <std::size_t vectors, class T>
HWY_INLINE void FoldShifted(const T* in, const T* w, const T* h, std::int64_t radius, T* out,
                            T* out_e) {
  using Block = std::make_index_sequence<vectors>;
  if (out != nullptr && out_e != nullptr) {
    const auto sums = FoldShifted<T, true>(in, w, h, radius, Block());
    StoreAll<T>(sums.w, out, kLanes<T>);
    StoreAll<T>(sums.h, out_e, kLanes<T>);
  } else {
    const T* const taps = out != nullptr ? w : h;
    StoreAll<T>(FoldShifted<T, false>(in, taps, taps, radius, Block()).w,
                out != nullptr ? out : out_e, kLanes<T>);
  }
}

// `count` numbers; reads up to the end of a vector, and writes exactly `count`: blocks first, then
// vectors, then the last one by way of an array, for `out` may be the caller's.
template <class T>
void FoldLine(const T* in, const T* w, const T* h, std::int64_t radius, std::int64_t count, T* out,
              T* out_e) {
  constexpr std::int64_t L = kLanes<T>;
  const auto at = [](T* image, std::int64_t i) { return image == nullptr ? image : image + i; };
  std::int64_t i = 0;
  for (; i + kLineBlock * L <= count; i += kLineBlock * L)
    FoldShifted<kLineBlock>(in + i, w, h, radius, at(out, i), at(out_e, i));
  for (; i + L <= count; i += L) FoldShifted<1>(in + i, w, h, radius, at(out, i), at(out_e, i));
  if (i == count) return;
  alignas(64) T last[kLanes<T>];
  alignas(64) T last_e[kLanes<T>];
  FoldShifted<1>(in + i, w, h, radius, out == nullptr ? nullptr : last,
                 out_e == nullptr ? nullptr : last_e);
  const auto size = static_cast<std::size_t>(count - i) * sizeof(T);
  if (out != nullptr) std::memcpy(out + i, last, size);
  if (out_e != nullptr) std::memcpy(out_e + i, last_e, size);
}

// Σ a[i] b[i]
template <class T>
double DotLine(const T* a, const T* b, std::int64_t count) {
  constexpr std::int64_t L = kLanes<T>;
  const std::int64_t whole = count / L;
  Dot<T> sum;
  sum.Add(a, b, whole);
  if (whole * L < count) {
    alignas(64) T last_a[kLanes<T>] = {};
    alignas(64) T last_b[kLanes<T>] = {};
    const auto size = static_cast<std::size_t>(count - whole * L) * sizeof(T);
    std::memcpy(last_a, a + whole * L, size);
    std::memcpy(last_b, b + whole * L, size);
    sum.Add(last_a, last_b, 1);
  }
  return sum.Total();
}

// A length in numbers, up to a whole vector.
template <class T>
std::int64_t PaddedLine(std::int64_t n) {
  return (n + kLanes<T> - 1) / kLanes<T> * kLanes<T>;
}

// The padded line (and the vector that FoldLine reads past its end), then e, then the result if the
// caller wants only its sum.
template <class T>
std::int64_t LineScratch(const Line<T>& line, std::int64_t samples) {
  return PaddedLine<T>(samples + 2 * line.along.radius) + kLanes<T> + 2 * PaddedLine<T>(samples);
}

// Samples begin … end − 1 of the line, which may lie beyond its ends; for the adjoint of mirror its
// end samples, and their copies, doubled.
template <class T>
void CopyLine(const Line<T>& line, std::int64_t begin, std::int64_t end, T* to) {
  const std::int64_t n = line.along.n;
  const auto beyond = [&](std::int64_t i) {
    const std::int64_t from = border_index(i, n, line.along.border);
    return from < 0 ? T(0) : line.in[from];
  };
  const std::int64_t inside = std::max<std::int64_t>(begin, 0);
  const std::int64_t inside_end = std::min(end, n);
  for (std::int64_t i = begin; i < inside; ++i) to[i - begin] = beyond(i);
  std::memcpy(to + inside - begin, line.in + inside,
              static_cast<std::size_t>(inside_end - inside) * sizeof(T));
  for (std::int64_t i = inside_end; i < end; ++i) to[i - begin] = beyond(i);
  if (!line.along.mirror_adjoint) return;
  for (std::int64_t i = begin; i < end; ++i) {
    const std::int64_t from = border_index(i, n, line.along.border);
    if (from == 0 || from == n - 1) to[i - begin] *= T(2);
  }
}

// Samples first … last − 1: the interface of sweep.h.
template <class T>
StripSums RunLine(const Line<T>& line, std::int64_t first, std::int64_t last, T* scratch) {
  const AxisFilter<T>& along = line.along;
  const std::int64_t n = last - first;
  T* const padded = scratch;
  T* const e = padded + PaddedLine<T>(n + 2 * along.radius) + kLanes<T>;
  T* const w = line.out != nullptr ? line.out + first : e + PaddedLine<T>(n);
  T* const centre = padded + along.radius;
  CopyLine(line, first - along.radius, last + along.radius, padded);
  T* const to_w = line.out != nullptr || line.sum_result ? w : nullptr;
  T* const to_e = along.h != nullptr ? e : nullptr;
  FoldLine(centre, along.w, along.h, along.radius, n, to_w, to_e);
  FinishEnds(hn::CappedTag<T, 1>(), along, first, last, centre, to_w, to_e);
  StripSums sums;
  if (line.sum_result) sums.result = DotLine(w, line.x + first, n);
  if (along.h != nullptr) sums.along = DotLine(e, line.x + first, n);
  return sums;
}

}  // namespace nablur::detail::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
