// Private, compiled once for each instruction set: the end corrections of the adjoints of mirror
// and replicate.
#if defined(NABLUR_OPS_DETAIL_ENDS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NABLUR_OPS_DETAIL_ENDS_INL_H_
#undef NABLUR_OPS_DETAIL_ENDS_INL_H_
#else
#define NABLUR_OPS_DETAIL_ENDS_INL_H_
#endif

#include <nablur/ops/detail/fold-inl.h>
#include <nablur/ops/detail/sweep.h>

HWY_BEFORE_NAMESPACE();
namespace nablur::detail::HWY_NAMESPACE {

// The adjoints of mirror and replicate are the filter itself, but for a correction at the two end
// samples (docs/blur.md). It is written once, for a tag D: with a whole vector it corrects as many
// lines at once as there are lanes, element k of a line in vector k; with one lane it corrects one
// contiguous line. Both round alike, so a line gives the same alone and among others.

// v *= factor. For mirror: an end sample, which the border shows once and all others twice, goes in
// doubled and comes out halved, and between the two the filter is its own adjoint.
template <class D, class T>
void Scale(D d, T* v, T factor) {
  hn::Store(hn::Mul(hn::Load(d, v), hn::Set(d, factor)), d, v);
}

// to += Σ_(i < count) tail[i + 1] from[i·step]. Of replicate: the end sample stood in for those
// beyond the end, so the adjoint returns to it what the samples near the end took from there.
template <class D, class T>
void AddTail(D d, const T* from, std::int64_t step, const T* tail, std::int64_t count, T* to) {
  constexpr std::int64_t width = hn::MaxLanes(D());
  // From the far samples inwards, as every sum over taps here.
  auto sum = hn::Zero(d);
  for (std::int64_t i = count; i-- > 0;) {
    sum = hn::MulAdd(hn::Set(d, tail[i + 1]), hn::Load(d, from + i * step * width), sum);
  }
  hn::Store(hn::Add(hn::Load(d, to), sum), d, to);
}

// `in` and `out` point to an end sample; the next sample inwards is `step` vectors further. A null
// tail: this kernel (w or h) was not asked for, or the border has no tail.
template <class D, class T>
void FinishEnd(D d, const AxisFilter<T>& axis, const T* in, std::int64_t step, const T* tail,
               T* out) {
  if (out == nullptr) return;
  if (axis.mirror_adjoint) Scale(d, out, T(0.5));
  if (tail != nullptr) AddTail(d, in, step, tail, axis.tail_reach, out);
}

// Corrects those of the samples first … last − 1 of an axis that are its ends. `in`, `out` and
// `out_e` point to sample `first`; a null output is not wanted. The input's end samples were
// doubled for mirror before they were filtered. Trap: `in` must still hold the samples that were
// filtered, up to tail_reach − 1 from either end; a piece that does not contain an end sample has
// nothing to correct, however near to the end it lies.
template <class D, class T>
void FinishEnds(D d, const AxisFilter<T>& axis, std::int64_t first, std::int64_t last, const T* in,
                T* out, T* out_e) {
  if (!axis.mirror_adjoint && axis.tail_reach == 0) return;
  if (first == 0) {
    FinishEnd(d, axis, in, 1, axis.w_tail, out);
    FinishEnd(d, axis, in, 1, axis.h_tail, out_e);
  }
  if (last == axis.n) {
    const std::int64_t end = (axis.n - 1 - first) * static_cast<std::int64_t>(hn::MaxLanes(D()));
    FinishEnd(d, axis, in + end, -1, axis.w_tail, out == nullptr ? out : out + end);
    FinishEnd(d, axis, in + end, -1, axis.h_tail, out_e == nullptr ? out_e : out_e + end);
  }
}

}  // namespace nablur::detail::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
