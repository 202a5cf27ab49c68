// Private, compiled once for each instruction set: the inner loops of convolve.
//
// Layout: the lanes of a vector are neighbouring elements of a line, whichever axis of the array it
// runs along (then `step` is the size of what lies inside that axis). A tap meets them `step`
// elements further than the tap before it, so every load is unaligned, and nothing is turned.
#if defined(NABLUR_OPS_DETAIL_CORRELATE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NABLUR_OPS_DETAIL_CORRELATE_INL_H_
#undef NABLUR_OPS_DETAIL_CORRELATE_INL_H_
#else
#define NABLUR_OPS_DETAIL_CORRELATE_INL_H_
#endif

#include <utility>

#include <nablur/ops/detail/correlate.h>
#include <nablur/ops/detail/fold-inl.h>

HWY_BEFORE_NAMESPACE();
namespace nablur::detail::HWY_NAMESPACE {

// sizeof...(i) vectors of outputs, which hide the latency of one another's multiply-adds. The tag
// may have a single lane: that rounds as a whole vector does, and reads no element more.
template <class D, class T, std::size_t... i>
HWY_INLINE void FilterSome(D d, const T* in, std::int64_t step, const T* w, std::int64_t taps,
                           T* out, std::index_sequence<i...>) {
  constexpr auto lanes = static_cast<std::int64_t>(hn::MaxLanes(D()));
  hn::Vec<D> sums[] = {(static_cast<void>(i), hn::Zero(d))...};
  for (std::int64_t m = 0; m < taps; ++m, in += step) {
    const auto tap = hn::Set(d, w[m]);
    ((sums[i] = hn::MulAdd(tap, hn::LoadU(d, in + static_cast<std::int64_t>(i) * lanes), sums[i])),
     ...);
  }
  (hn::StoreU(sums[i], d, out + static_cast<std::int64_t>(i) * lanes), ...);
}

template <class T>
void Filter(const T* in, std::int64_t step, const T* w, std::int64_t taps, std::int64_t n, T* out) {
  constexpr std::int64_t L = kLanes<T>;
  constexpr std::int64_t kBlock = 8;  // vectors
  std::int64_t j = 0;
  for (; j + kBlock * L <= n; j += kBlock * L)
    FilterSome(hn::ScalableTag<T>(), in + j, step, w, taps, out + j,
               std::make_index_sequence<kBlock>());
  for (; j + L <= n; j += L)
    FilterSome(hn::ScalableTag<T>(), in + j, step, w, taps, out + j, std::index_sequence<0>());
  for (; j < n; ++j)
    FilterSome(hn::CappedTag<T, 1>(), in + j, step, w, taps, out + j, std::index_sequence<0>());
}

// sizeof...(m) taps at once: a vector of g serves all of them.
template <class T, std::size_t... m>
HWY_INLINE void WeighSome(const T* g, const T* in, std::int64_t step, std::int64_t n, T* sums,
                          std::index_sequence<m...>) {
  constexpr std::int64_t L = kLanes<T>;
  const hn::ScalableTag<T> d;
  Registers<Vec<T>, sizeof...(m)> lanes;
  ((lanes.v[m] = hn::Zero(d)), ...);
  std::int64_t j = 0;
  for (; j + L <= n; j += L) {
    const Vec<T> weights = hn::LoadU(d, g + j);
    ((lanes.v[m] = hn::MulAdd(weights, hn::LoadU(d, in + j + static_cast<std::int64_t>(m) * step),
                              lanes.v[m])),
     ...);
  }
  ((sums[m] = hn::GetLane(hn::SumOfLanes(d, lanes.v[m]))), ...);
  for (; j < n; ++j) ((sums[m] += g[j] * in[j + static_cast<std::int64_t>(m) * step]), ...);
}

template <class T>
void Weigh(const T* g, const T* in, std::int64_t step, std::int64_t taps, std::int64_t n, T* sums) {
  std::int64_t m = 0;
  const auto some = [&](auto count) {
    for (; m + static_cast<std::int64_t>(count.size()) <= taps;
         m += static_cast<std::int64_t>(count.size()))
      WeighSome(g, in + m * step, step, n, sums + m, count);
  };
  some(std::make_index_sequence<8>());
  some(std::make_index_sequence<4>());
  some(std::make_index_sequence<1>());
}

}  // namespace nablur::detail::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
