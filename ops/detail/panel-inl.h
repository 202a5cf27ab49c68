// Private, compiled once for each instruction set: some columns of a strip of rows, filtered across the rows.
#if defined(NABLUR_OPS_DETAIL_PANEL_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NABLUR_OPS_DETAIL_PANEL_INL_H_
#undef NABLUR_OPS_DETAIL_PANEL_INL_H_
#else
#define NABLUR_OPS_DETAIL_PANEL_INL_H_
#endif

#include <hwy/cache_control.h>

#include <algorithm>

#include <nablur/ops/detail/ends-inl.h>
#include <nablur/ops/detail/lines.h>

HWY_BEFORE_NAMESPACE();
namespace nablur::detail::HWY_NAMESPACE {

// Columns of the strip and of the rows that its outputs reach, copied with the borders in place: no loop below knows of borders
// or strides, and no stride makes the cache's sets collide. A vector holds neighbouring columns of one row; the vector of the
// next row follows it.
template <class T>
class Panel {
 public:
  static constexpr std::int64_t L = kLanes<T>;
  static constexpr std::int64_t kColumns = 240;

  // Rows first … last − 1 of the plane. u: the filtered rows are wanted; e: those with h.
  Panel(const Plane<T>& plane, std::int64_t first, std::int64_t last, bool u, bool e, T*& scratch)
      : plane_(plane), first_(first), rows_(last - first), height_(Height(plane, rows_)) {
    T* const images = scratch + Vectors(plane) * height_ * L;
    u_ = u ? images : nullptr;
    e_ = e ? images + Rows(rows_) * L : nullptr;
    panel_ = std::exchange(scratch, scratch + Size(plane, rows_));
  }

  static std::int64_t Size(const Plane<T>& plane, std::int64_t rows) {
    return (Vectors(plane) * Height(plane, rows) + 2 * Rows(rows)) * L;
  }

  std::int64_t columns() const { return Vectors(plane_) * L; }

  // The columns that place(q) names, q = 0 … count − 1, with place(q) = place(0) + q if they are contiguous.
  template <class Place>
  void Gather(std::int64_t count, bool contiguous, const Place& place) {
    const AxisFilter<T>& across = plane_.across;
    const hn::ScalableTag<T> d;
    const std::int64_t step = height_ * L;
    const std::int64_t vectors = (count + L - 1) / L;
    const std::int64_t whole = contiguous ? count / L : 0;
    const std::int64_t start = place(0);
    ahead_ = contiguous ? start + count : plane_.columns();
    ahead_row_ = std::max<std::int64_t>(0, first_ - across.radius);
    for (std::int64_t i = 0; i < rows_ + 2 * across.radius; ++i) {
      const std::int64_t row = border_index(first_ - across.radius + i, across.n, across.border);
      T* to = panel_ + i * L;
      if (row < 0) {
        for (std::int64_t v = 0; v < vectors; ++v, to += step) hn::Store(hn::Zero(d), d, to);
        continue;
      }
      const T* const from = plane_.in + row * plane_.pitch;
      for (std::int64_t v = 0; v < whole; ++v, to += step) hn::Store(hn::LoadU(d, from + start + v * L), d, to);
      for (std::int64_t q = whole * L; q < vectors * L; ++q) {
        to[(q / L - whole) * step + q % L] = q < count ? from[place(q)] : T(0);
      }
      if (across.mirror_adjoint && (row == 0 || row == across.n - 1)) {
        for (std::int64_t v = 0; v < vectors; ++v) Scale(panel_ + v * step + i * L, T(2));
      }
    }
  }

  // Filters vector v of what was gathered: u() and e() are its rows, and zeros up to a multiple of L.
  void Across(std::int64_t v) {
    const AxisFilter<T>& across = plane_.across;
    const T* const in = panel_ + (v * height_ + across.radius) * L;
    FoldAll(in, across.w, across.h, across.radius, rows_, u_, e_, [this] { PrefetchSome(); });
    FinishEnds(across, first_, first_ + rows_, in, u_, e_);
    for (T* const image : {u_, e_}) {
      if (image != nullptr) std::fill(image + rows_ * L, image + (rows_ + L - 1) / L * L * L, T(0));
    }
  }

  const T* u() const { return u_; }
  const T* e() const { return e_; }

 private:
  // What the next panel will gather, a little at a time: rows lie far apart, and the machine does not see it coming.
  HWY_INLINE void PrefetchSome() {
    constexpr std::int64_t kRows = 3;
    if (ahead_ + columns() > plane_.columns()) return;
    const std::int64_t last = std::min({plane_.across.n, first_ + rows_ + plane_.across.radius, ahead_row_ + kRows});
    for (; ahead_row_ < last; ++ahead_row_) {
      const T* const row = plane_.in + ahead_row_ * plane_.pitch + ahead_;
      for (std::int64_t c = 0; c < columns(); c += L) hwy::Prefetch(row + c);
    }
  }

  static std::int64_t Vectors(const Plane<T>& plane) { return (std::min(kColumns, plane.columns()) + L - 1) / L; }
  // An odd number, so that neighbouring vectors do not meet in the same sets of the cache.
  static std::int64_t Height(const Plane<T>& plane, std::int64_t rows) {
    return (rows + kSlack + 2 * plane.across.radius) | 1;
  }
  static std::int64_t Rows(std::int64_t rows) { return rows + std::max(L, kSlack); }

  const Plane<T>& plane_;
  const std::int64_t first_;
  const std::int64_t rows_;
  const std::int64_t height_;
  std::int64_t ahead_ = 0;      // the column after the panel's
  std::int64_t ahead_row_ = 0;  // the row from which on it is to be prefetched
  T* panel_;
  T* u_;
  T* e_;
};

}  // namespace nablur::detail::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
