#pragma once
// Private: one sweep over an image filters it along both of its axes at once, forward or adjoint.
// `Kernels` is the interface that each instruction set implements (strip-inl.h, line-inl.h).

#include <cstdint>

#include <nablur/ops/border.h>
#include <nablur/ops/detail/correlate.h>
#include <nablur/ops/detail/gemm.h>
#include <nablur/ops/detail/loops.h>

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

/// rows × pixels × inner elements, filtered along the axis of the rows and along that of the
/// pixels, or across rows only (along.w null). Outputs that are null are not computed. "e" is the
/// result with h in place of w on one axis.
template <class T>
struct Plane {
  AxisFilter<T> across;    ///< from row to row
  AxisFilter<T> along;     ///< from pixel to pixel in a row; w null: none
  std::int64_t inner = 1;  ///< elements of a pixel; or in a row, if nothing is filtered along it
  std::int64_t pitch = 0;  ///< elements from the start of a row to the next
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

/// Sums over a strip of x times the result and times the e of either axis. Only those wanted are
/// set.
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

/// The work of one instruction set. Scratch is counted in elements and aligned to 64 bytes.
template <class T>
struct Kernels {
  std::int64_t lanes;  ///< elements of a vector
  std::int64_t (*strip_scratch)(const Plane<T>& plane, std::int64_t rows);
  StripSums (*strip)(const Plane<T>& plane, std::int64_t first_row, std::int64_t last_row,
                     T* scratch);
  std::int64_t (*line_scratch)(const Line<T>& line, std::int64_t samples);
  StripSums (*line)(const Line<T>& line, std::int64_t first, std::int64_t last, T* scratch);
  Gemm<T> gemm;
  Correlation<T> correlation;
  const OperatorLoops<T>* operators;  ///< of the elementwise operators, in the order of their list
};

/// Kernels of the instruction set in use, or null for the plain loop, which is all there is for
/// Duals.
template <class T>
const Kernels<T>* kernels() {
  return nullptr;
}
template <>
const Kernels<float>* kernels<float>();
template <>
const Kernels<double>* kernels<double>();

}  // namespace nablur::detail
