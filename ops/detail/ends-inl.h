// Private, compiled once for each instruction set: what the adjoints of mirror and replicate ask
// for at the ends of an axis.
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

template <class T>
void Scale(T* v, T factor) {
  const hn::ScalableTag<T> d;
  hn::Store(hn::Mul(hn::Load(d, v), hn::Set(d, factor)), d, v);
}

// to += Σ_(i < count) tail[i + 1] from[i·step]: replicate fed the samples near an end from the end
// sample also what they took from beyond it, and the adjoint returns it.
template <class T>
void AddTail(const T* from, std::int64_t step, const T* tail, std::int64_t count, T* to) {
  const hn::ScalableTag<T> d;
  auto sum = hn::Zero(d);
  for (std::int64_t i = count; i-- > 0;) {
    sum = hn::MulAdd(hn::Set(d, tail[i + 1]), hn::Load(d, from + i * step * kLanes<T>), sum);
  }
  hn::Store(hn::Add(hn::Load(d, to), sum), d, to);
}

// `in` and `out` are the vectors at an end; the next sample inwards is `step` vectors on.
template <class T>
void FinishEnd(const AxisFilter<T>& axis, const T* in, std::int64_t step, const T* tail, T* out) {
  if (out == nullptr) return;
  if (axis.mirror_adjoint) Scale(out, T(0.5));
  if (tail != nullptr) AddTail(in, step, tail, axis.tail_reach, out);
}

// `in`, `out` and `out_e` are the vectors at sample `first`; outputs up to `last` have been made.
// Null outputs are not wanted.
template <class T>
void FinishEnds(const AxisFilter<T>& axis, std::int64_t first, std::int64_t last, const T* in,
                T* out, T* out_e) {
  if (!axis.mirror_adjoint && axis.tail_reach == 0) return;
  if (first == 0) {
    FinishEnd(axis, in, 1, axis.w_tail, out);
    FinishEnd(axis, in, 1, axis.h_tail, out_e);
  }
  if (last == axis.n) {
    const std::int64_t end = (axis.n - 1 - first) * kLanes<T>;
    FinishEnd(axis, in + end, -1, axis.w_tail, out == nullptr ? out : out + end);
    FinishEnd(axis, in + end, -1, axis.h_tail, out_e == nullptr ? out_e : out_e + end);
  }
}

}  // namespace nablur::detail::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
