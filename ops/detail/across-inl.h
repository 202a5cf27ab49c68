// Private, compiled once for each instruction set: a strip of rows of a plane, filtered across the
// rows only.
//
//   plane ──gather──▶ panel ──fold──▶ u, e ──▶ plane
#if defined(NABLUR_OPS_DETAIL_ACROSS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NABLUR_OPS_DETAIL_ACROSS_INL_H_
#undef NABLUR_OPS_DETAIL_ACROSS_INL_H_
#else
#define NABLUR_OPS_DETAIL_ACROSS_INL_H_
#endif

#include <hwy/cache_control.h>

#include <nablur/ops/detail/band-inl.h>
#include <nablur/ops/detail/dot-inl.h>
#include <nablur/ops/detail/panel-inl.h>

HWY_BEFORE_NAMESPACE();
namespace nablur::detail::HWY_NAMESPACE {

// A strip of a plane, filtered across the rows only. Vector by vector of columns: the panel's u and
// e have the plane's own layout (neighbours in a row side by side), so they are written as they
// are, and multiplied by x as it is read; nothing is turned.
template <class T>
StripSums AcrossOnly(const Plane<T>& p, std::int64_t first, std::int64_t last, T* scratch) {
  constexpr std::int64_t L = kLanes<T>;
  Panel<T> panel(p, first, last, p.out != nullptr || p.sum_result, p.across.h != nullptr, scratch);
  Dot<T> result;
  Dot<T> across;
  for (std::int64_t c = 0; c < p.inner; c += L) {
    if (c % panel.columns() == 0) {
      panel.Gather(c, std::min(panel.columns(), p.inner - c));
    }
    panel.Across(c % panel.columns() / L, [] {});
    const std::int64_t columns = std::min(L, p.inner - c);
    for (std::int64_t r = first; r < last; r += L) {
      const std::int64_t at = r * p.pitch + c;
      const std::int64_t rows = std::min(L, last - r);
      const auto write = [&](const T* from, T* to) {
        if (to != nullptr) {
          WriteSquare<T>(LoadAll<T, kSide<T>>(from + (r - first) * L, L),
                         to + at - p.out_row * p.pitch, p.pitch, rows, columns, p.stream);
        }
      };
      write(panel.u(), p.out);
      write(panel.e(), p.out_e);
      if (p.x == nullptr) continue;
      alignas(64) T x[kLanes<T> * kLanes<T>];
      StoreAll<T>(ReadSquare(p.x + at, p.pitch, rows, columns), x, L);
      if (p.sum_result) result.Add(panel.u() + (r - first) * L, x, L);
      if (p.across.h != nullptr) across.Add(panel.e() + (r - first) * L, x, L);
    }
  }
  if (p.stream) hwy::FlushStream();
  return {result.Total(), across.Total(), 0};
}

}  // namespace nablur::detail::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
