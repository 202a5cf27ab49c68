// Private, compiled once for each instruction set: some columns of a strip of rows, filtered across
// the rows.
#if defined(NABLUR_OPS_DETAIL_PANEL_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NABLUR_OPS_DETAIL_PANEL_INL_H_
#undef NABLUR_OPS_DETAIL_PANEL_INL_H_
#else
#define NABLUR_OPS_DETAIL_PANEL_INL_H_
#endif

#include <hwy/cache_control.h>

#include <algorithm>
#include <cstring>

#include <nablur/ops/detail/ends-inl.h>
#include <nablur/ops/detail/lines.h>

HWY_BEFORE_NAMESPACE();
namespace nablur::detail::HWY_NAMESPACE {

// Prefetches a part of an image, a few lines at a time between other work. Its rows are far apart,
// so the hardware prefetcher does not find them; and all at once they would block other accesses.
template <class T>
class Prefetcher {
 public:
  // Columns first … last − 1 of `rows` rows, in about `calls` calls.
  void Start(const T* image, std::int64_t pitch, std::int64_t rows, std::int64_t first,
             std::int64_t last, std::int64_t calls) {
    next_ = image + first;
    end_ = image + last;
    width_ = last - first;
    pitch_ = pitch;
    left_ = last > first ? rows : 0;
    // Rounded up to whole cache lines, so that a few calls too many find nothing left, which is
    // better than a few too few.
    piece_ = (left_ * (last - first + kLine) / (calls + 1) / kLine + 1) * kLine;
  }

  // The next piece of the current row; at its end, on to the next row.
  HWY_INLINE void operator()() {
    if (left_ == 0) return;
    const T* const stop = std::min(next_ + piece_, end_);
    for (const T* line = next_; line < stop; line += kLine) hwy::Prefetch(line);
    next_ = stop;
    if (stop < end_) return;
    --left_;
    next_ = end_ - width_ + pitch_;
    end_ += pitch_;
  }

 private:
  static constexpr std::int64_t kLine = 64 / sizeof(T);

  const T* next_ = nullptr;
  const T* end_ = nullptr;  // of the row
  std::int64_t width_ = 0;
  std::int64_t pitch_ = 0;
  std::int64_t left_ = 0;   // rows
  std::int64_t piece_ = 0;  // elements in a call
};

// Some columns of the strip and of the rows that its filter reaches, copied with the border's
// samples in place, so that no loop behind it knows borders or strides.
//
// Layout: a vector is L neighbouring columns of one row; the vector of the next row follows it. So
// the panel is a row of towers, kColumns / L of them, each height_ vectors high:
//
//   panel_                     panel_ + height_·L
//   row first − R, columns 0…  row first − R, columns L…
//   row first − R + 1          row first − R + 1
//   …                          …
//   row last − 1 + R           row last − 1 + R
//   slack that Fold may read   slack
//
// The height is odd, so that the towers do not compete for the same sets of the cache, whatever the
// image's pitch (at 4 KiB, rows of the image itself all would).
template <class T>
class Panel {
 public:
  static constexpr std::int64_t L = kLanes<T>;
  static constexpr std::int64_t kColumns = 64;

  // Rows first … last − 1 of the plane. u: the filtered rows are wanted; e: those with h. Takes its
  // memory off the front of `scratch`: the panel, then u, then e, each one tower of L columns (one
  // vector of the panel is filtered, used and overwritten by the next).
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

  // `count` columns from `start` on. Rows that the image has are copied in one go; those beyond its
  // ends one by one, each from the row that the border names.
  void Gather(std::int64_t start, std::int64_t count) {
    const AxisFilter<T>& across = plane_.across;
    const std::int64_t first = first_ - across.radius;
    const std::int64_t last = first_ + rows_ + across.radius;
    const std::int64_t inside = std::max<std::int64_t>(first, 0);
    const std::int64_t inside_end = std::min(last, across.n);
    const T* const image = plane_.in + start;
    CopyRows(image + inside * plane_.pitch, inside_end - inside, count,
             panel_ + (inside - first) * L);
    const auto beyond = [&](std::int64_t i) {
      const std::int64_t row = border_index(i, across.n, across.border);
      T* const to = panel_ + (i - first) * L;
      if (row < 0) {
        for (std::int64_t q = 0; q < count; q += L)
          std::fill(to + q * height_, to + q * height_ + L, T(0));
      } else {
        CopyRows(image + row * plane_.pitch, 1, count, to);
      }
    };
    for (std::int64_t i = first; i < inside; ++i) beyond(i);
    for (std::int64_t i = inside_end; i < last; ++i) beyond(i);
    if (!across.mirror_adjoint) return;
    // Every copy of an end row is doubled, also those that the border made.
    for (std::int64_t i = first; i < last; ++i) {
      const std::int64_t row = border_index(i, across.n, across.border);
      if (row != 0 && row != across.n - 1) continue;
      for (std::int64_t q = 0; q < count; q += L)
        Scale(hn::ScalableTag<T>(), panel_ + q * height_ + (i - first) * L, T(2));
    }
  }

  // Filters vector v of what was gathered: u() and e() are its rows, and zeros up to a multiple of
  // L.
  template <class Between>
  void Across(std::int64_t v, Between&& between) {
    const AxisFilter<T>& across = plane_.across;
    const T* const in = panel_ + (v * height_ + across.radius) * L;
    FoldAll(in, across.w, across.h, across.radius, rows_, u_, e_, between);
    FinishEnds(hn::ScalableTag<T>(), across, first_, first_ + rows_, in, u_, e_);
    for (T* const image : {u_, e_}) {
      if (image != nullptr) std::fill(image + rows_ * L, image + (rows_ + L - 1) / L * L * L, T(0));
    }
  }

  const T* u() const { return u_; }
  const T* e() const { return e_; }

 private:
  // Copies `count` consecutive elements of each of `rows` rows into the panel; the rest of a last
  // vector is zero.
  void CopyRows(const T* from, std::int64_t rows, std::int64_t count, T* to) const {
    const hn::ScalableTag<T> d;
    const std::int64_t step = height_ * L;
    // The common case with a constant number of vectors: a row of the panel is one cache line or a
    // few, loaded whole before the towers scatter it.
    if (count == kColumns) {
      for (std::int64_t i = 0; i < rows; ++i, from += plane_.pitch, to += L) {
        StoreAll<T>(LoadAll<T, kColumns / L>(from, L), to, step);
      }
      return;
    }
    const std::int64_t whole = count / L;
    const auto rest = static_cast<std::size_t>(count - whole * L) * sizeof(T);
    for (std::int64_t i = 0; i < rows; ++i, from += plane_.pitch, to += L) {
      for (std::int64_t v = 0; v < whole; ++v)
        hn::Store(hn::LoadU(d, from + v * L), d, to + v * step);
      if (rest == 0) continue;
      hn::Store(hn::Zero(d), d, to + whole * step);
      std::memcpy(to + whole * step, from + whole * L, rest);
    }
  }

  static std::int64_t Vectors(const Plane<T>& plane) {
    return (std::min(kColumns, plane.columns()) + L - 1) / L;
  }
  static std::int64_t Height(const Plane<T>& plane, std::int64_t rows) {
    return (rows + kSlack + 2 * plane.across.radius) | 1;
  }
  // Of u and e: the last block of Fold writes up to kSlack vectors past the end, and whoever turns
  // them reads whole squares of L.
  static std::int64_t Rows(std::int64_t rows) { return rows + std::max(L, kSlack); }

  const Plane<T>& plane_;
  const std::int64_t first_;
  const std::int64_t rows_;
  const std::int64_t height_;
  T* panel_;
  T* u_;
  T* e_;
};

}  // namespace nablur::detail::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
