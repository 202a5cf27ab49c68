// Compiled once for each instruction set: the table of the kernels' stages.
#if defined(NABLUR_TESTS_OPS_STAGES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NABLUR_TESTS_OPS_STAGES_INL_H_
#undef NABLUR_TESTS_OPS_STAGES_INL_H_
#else
#define NABLUR_TESTS_OPS_STAGES_INL_H_
#endif

#include <hwy/highway.h>

#include "stages.h"

#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128 && !HWY_HAVE_SCALABLE && HWY_HAVE_FLOAT64
#include <nablur/ops/detail/line-inl.h>
#include <nablur/ops/detail/strip-inl.h>

HWY_BEFORE_NAMESPACE();
namespace nablur::detail::HWY_NAMESPACE {

template <class T>
void FoldStage(const T* in, const T* w, const T* h, std::int64_t radius, std::int64_t count, T* out,
               T* out_e) {
  FoldAll(in, w, h, radius, count, out, out_e, [] {});
}

template <class T>
void TransposeStage(const T* in, T* out) {
  auto square = LoadAll<T, kSide<T>>(in, kLanes<T>);
  Transpose<T>(square);
  StoreAll<T>(square, out, kLanes<T>);
}

template <class T>
void EndsStage(const AxisFilter<T>& axis, std::int64_t first, std::int64_t last, const T* in,
               T* out, T* out_e) {
  FinishEnds(hn::ScalableTag<T>(), axis, first, last, in, out, out_e);
}

template <class T>
void EndsOfLineStage(const AxisFilter<T>& axis, std::int64_t first, std::int64_t last, const T* in,
                     T* out, T* out_e) {
  FinishEnds(hn::CappedTag<T, 1>(), axis, first, last, in, out, out_e);
}

template <class T>
double DotStage(const T* a, const T* b, std::int64_t count) {
  Dot<T> sum;
  sum.Add(a, b, count);
  return sum.Total();
}

template <class T>
void PanelStage(const Plane<T>& plane, std::int64_t first, std::int64_t last, std::int64_t columns,
                T* scratch, T* out) {
  constexpr std::int64_t L = kLanes<T>;
  Panel<T> panel(plane, first, last, true, false, scratch);
  panel.Gather(0, columns);
  for (std::int64_t v = 0; v * L < columns; ++v) {
    panel.Across(v, [] {});
    for (std::int64_t row = 0; row < last - first; ++row) {
      for (std::int64_t i = 0; i < L && v * L + i < columns; ++i) {
        out[row * columns + v * L + i] = panel.u()[row * L + i];
      }
    }
  }
}

template <class T>
inline constexpr stages::Stages<T> kStages{kLanes<T>,      FoldStage<T>,       TransposeStage<T>,
                                           EndsStage<T>,   EndsOfLineStage<T>, DotStage<T>,
                                           Panel<T>::Size, PanelStage<T>};

}  // namespace nablur::detail::HWY_NAMESPACE

namespace nablur::detail::stages {

template <>
struct TargetStages<HWY_TARGET> {
  static constexpr const Stages<float>* floats = &HWY_NAMESPACE::kStages<float>;
  static constexpr const Stages<double>* doubles = &HWY_NAMESPACE::kStages<double>;
};

}  // namespace nablur::detail::stages
HWY_AFTER_NAMESPACE();

#endif
#endif
