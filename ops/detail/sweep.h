#pragma once
// Private: one sweep over memory that filters a plane along both of its axes at once, forward or
// adjoint. What it asks of an instruction set is in `Kernels`; strip-inl.h answers, once for each.

#include <cstdint>

#include <nablur/ops/border.h>

namespace nablur::detail {

/// A symmetric filter along one axis: Σ_d w_|d| x_(i+d), and beside it the same with h.
template <class T>
struct AxisFilter {
  std::int64_t n = 1;       ///< samples along the axis
  std::int64_t radius = 0;  ///< of w and h, whose elements belong to the distances 0 … radius
  const T* w = nullptr;
  const T* h = nullptr;          ///< null if no derivative is asked for
  Border border = Border::zero;  ///< of the samples that are read
  bool mirror_adjoint = false;   ///< the two end samples count double going in and half coming out
  const T* w_tail =
      nullptr;  ///< for the adjoint of replicate: Σ_(d ≥ i) w_d for i = 0 … tail_reach
  const T* h_tail = nullptr;
  std::int64_t tail_reach = 0;  ///< how many samples near an end give: 0 for none
};

/// rows × pixels × inner numbers, to be filtered along the rows' axis and along the pixels'.
/// Without `along_rows` (w null) only across rows. What is asked for is what is not null: e stands
/// for the result with h in place of w on one axis.
template <class T>
struct Plane {
  AxisFilter<T> across;    ///< from row to row
  AxisFilter<T> along;     ///< from pixel to pixel in a row; w null: none
  std::int64_t inner = 1;  ///< numbers in a pixel; or in a row, if nothing is filtered along it
  std::int64_t pitch = 0;  ///< numbers from the start of a row to that of the next
  const T* in = nullptr;
  T* out = nullptr;    ///< the result, from row `out_row` on
  T* out_e = nullptr;  ///< the result with across.h; only if nothing is filtered along rows
  std::int64_t out_row = 0;
  const T* x = nullptr;  ///< for the sums
  bool sum_result = false;
  bool fetch = false;   ///< read ahead: the images are larger than the nearer caches
  bool stream = false;  ///< write past the caches; out and pitch are multiples of 64 bytes

  std::int64_t columns() const { return along.w == nullptr ? inner : along.n * inner; }
};

/// Products with x, summed over a strip: of the result, and of the e of either axis. Only what is
/// asked for is set.
struct StripSums {
  double result = 0;
  double across = 0;
  double along = 0;
};

/// One contiguous line, for arrays with too few lines for a strip.
template <class T>
struct Line {
  AxisFilter<T> along;
  const T* in = nullptr;
  T* out = nullptr;
  const T* x = nullptr;  ///< for the sums
  bool sum_result = false;
};

/// What an instruction set does. Scratch is so many numbers of memory that begins at a multiple of
/// 64 bytes.
template <class T>
struct Kernels {
  std::int64_t lanes;  ///< numbers in a vector
  std::int64_t (*strip_scratch)(const Plane<T>& plane, std::int64_t rows);
  StripSums (*strip)(const Plane<T>& plane, std::int64_t first_row, std::int64_t last_row,
                     T* scratch);
  std::int64_t (*line_scratch)(const Line<T>& line, std::int64_t samples);
  StripSums (*line)(const Line<T>& line, std::int64_t first, std::int64_t last, T* scratch);
};

/// Kernels of the instruction set in use, or null for the plain loop.
template <class T>
const Kernels<T>* kernels();
template <>
const Kernels<float>* kernels<float>();
template <>
const Kernels<double>* kernels<double>();

}  // namespace nablur::detail
