// Private: the elementwise parts of the reductions (ops/reduce.cpp), in one text for numbers, Duals
// and the packets of each instruction set.
#if defined(NABLUR_OPS_DETAIL_REDUCE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NABLUR_OPS_DETAIL_REDUCE_INL_H_
#undef NABLUR_OPS_DETAIL_REDUCE_INL_H_
#else
#define NABLUR_OPS_DETAIL_REDUCE_INL_H_
#endif

#include <nablur/ops/detail/numbers-inl.h>

HWY_BEFORE_NAMESPACE();
namespace nablur::detail::HWY_NAMESPACE::operators {

// e^(x − top), but 0 at the top itself, which may be infinite
struct ExpBelow {
  template <class V>
  static HWY_INLINE V value(V x, V top) {
    return select(x == top, V(0), exp(x - top));
  }
};

// g e^(x − top)/total for a finite top: what logsumexp hands back to x
struct TimesSoftmax {
  template <class V>
  static HWY_INLINE V value(V x, V top, V total, V g) {
    return chain(g, exp(x - top) / total);
  }
};

}  // namespace nablur::detail::HWY_NAMESPACE::operators
HWY_AFTER_NAMESPACE();

#endif
