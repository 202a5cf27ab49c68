// Private, compiled once for each instruction set: sums of products for the gradient in σ.
#if defined(NABLUR_OPS_DETAIL_DOT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NABLUR_OPS_DETAIL_DOT_INL_H_
#undef NABLUR_OPS_DETAIL_DOT_INL_H_
#else
#define NABLUR_OPS_DETAIL_DOT_INL_H_
#endif

#include <algorithm>

#include <nablur/ops/detail/fold-inl.h>

HWY_BEFORE_NAMESPACE();
namespace nablur::detail::HWY_NAMESPACE {

// A vector of sums in double. Products of floats are added sixteen vectors at a time in float and
// then widened, so that the error stays that of a few roundings however large the image, at little
// more than the cost of a sum in float.
template <class T>
class Dot {
 public:
  // Adds Σ a[i] b[i] over `count` vectors.
  void Add(const T* a, const T* b, std::int64_t count) {
    constexpr std::int64_t kRun = 16;
    for (std::int64_t i = 0; i < count; i += kRun) {
      Widen(Products(a + i * kLanes<T>, b + i * kLanes<T>, std::min(kRun, count - i)));
    }
  }

  // The lanes' sums, from the first to the last: one order, whatever the instruction set of the
  // caller. How many lanes there are does depend on it.
  double Total() const {
    double total = 0;
    for (const double sum : sums_) total += sum;
    return total;
  }

 private:
  // Up to kRun vectors of products, in T. Two sums, since one would wait for itself: a multiply-add
  // takes four cycles before the next on the same sum may begin.
  static HWY_INLINE Vec<T> Products(const T* a, const T* b, std::int64_t count) {
    const hn::ScalableTag<T> d;
    Vec<T> even = hn::Zero(d);
    Vec<T> odd = hn::Zero(d);
    std::int64_t i = 0;
    for (; i + 1 < count; i += 2) {
      even = hn::MulAdd(hn::LoadU(d, a + i * kLanes<T>), hn::LoadU(d, b + i * kLanes<T>), even);
      odd = hn::MulAdd(hn::LoadU(d, a + (i + 1) * kLanes<T>), hn::LoadU(d, b + (i + 1) * kLanes<T>),
                       odd);
    }
    if (i < count)
      even = hn::MulAdd(hn::LoadU(d, a + i * kLanes<T>), hn::LoadU(d, b + i * kLanes<T>), even);
    return hn::Add(even, odd);
  }

  // Adds a vector to the sums in double. A vector of floats fills two of doubles: the lower half of
  // its lanes belongs to the first half of sums_, the upper to the second.
  HWY_INLINE void Widen(Vec<T> sum) {
    const hn::ScalableTag<double> wide;
    if constexpr (sizeof(T) == sizeof(double)) {
      hn::Store(hn::Add(hn::Load(wide, sums_), sum), wide, sums_);
    } else {
      const hn::Rebind<float, hn::ScalableTag<double>> half;
      double* const upper = sums_ + kLanes<double>;
      hn::Store(hn::Add(hn::Load(wide, sums_), hn::PromoteTo(wide, hn::LowerHalf(half, sum))), wide,
                sums_);
      hn::Store(hn::Add(hn::Load(wide, upper), hn::PromoteTo(wide, hn::UpperHalf(half, sum))), wide,
                upper);
    }
  }

  // In memory rather than in registers: read and written once in sixteen vectors, and the registers
  // are wanted elsewhere.
  alignas(64) double sums_[kLanes<T>] = {};
};

}  // namespace nablur::detail::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
