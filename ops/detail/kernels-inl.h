// Private, compiled once for each instruction set: the table that simd.cpp chooses from.
//
// Everything in an -inl.h file lies in a namespace named after the instruction set, so that the
// linker cannot take the AVX3 copy of a template for the SSE4 one. That holds for our own names
// only: a function of std or of a header compiled once (std::min, border_index) may be merged over
// all of them, and then carries whatever instructions the compiler was allowed in the file.
// simd.cpp is compiled for the baseline, and only what stands between HWY_BEFORE_NAMESPACE and
// HWY_AFTER_NAMESPACE for more, so the shared functions stay safe to run anywhere.
#if defined(NABLUR_OPS_DETAIL_KERNELS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NABLUR_OPS_DETAIL_KERNELS_INL_H_
#undef NABLUR_OPS_DETAIL_KERNELS_INL_H_
#else
#define NABLUR_OPS_DETAIL_KERNELS_INL_H_
#endif

#include <hwy/highway.h>

#include <nablur/ops/detail/sweep.h>
#include <nablur/ops/detail/targets.h>

// Vectors of one element, or of a size that is not known when compiling, leave the work to the
// plain loop.
#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128 && !HWY_HAVE_SCALABLE && HWY_HAVE_FLOAT64
#include <nablur/ops/detail/across-inl.h>
#include <nablur/ops/detail/correlate-inl.h>
#include <nablur/ops/detail/gemm-inl.h>
#include <nablur/ops/detail/line-inl.h>
#include <nablur/ops/detail/loops_table-inl.h>
#include <nablur/ops/detail/strip-inl.h>

HWY_BEFORE_NAMESPACE();
namespace nablur::detail::HWY_NAMESPACE {

// What nablur/ops/detail/sweep.h asks of an instruction set. A plane with one filtered axis needs
// neither bands nor tiles: it takes a way of its own (across-inl.h).
template <class T>
std::int64_t StripScratch(const Plane<T>& plane, std::int64_t rows) {
  return plane.along.w == nullptr ? Panel<T>::Size(plane, rows)
                                  : Strip<T>::ScratchSize(plane, rows);
}

template <class T>
StripSums RunStrip(const Plane<T>& plane, std::int64_t first, std::int64_t last, T* scratch) {
  if (plane.along.w == nullptr) return AcrossOnly(plane, first, last, scratch);
  return Strip<T>(plane, first, last, scratch).Run();
}

template <class T>
inline constexpr Kernels<T> kKernels{kLanes<T>,
                                     StripScratch<T>,
                                     RunStrip<T>,
                                     LineScratch<T>,
                                     RunLine<T>,
                                     {MultiplyScratch<T>, Multiply<T>},
                                     {Filter<T>, Weigh<T>},
                                     operators::TableOfLoops<T>()};

}  // namespace nablur::detail::HWY_NAMESPACE

namespace nablur::detail {

template <>
struct TargetKernels<HWY_TARGET> {
  static constexpr const Kernels<float>* floats = &HWY_NAMESPACE::kKernels<float>;
  static constexpr const Kernels<double>* doubles = &HWY_NAMESPACE::kKernels<double>;
};

}  // namespace nablur::detail
HWY_AFTER_NAMESPACE();

#endif
#endif
