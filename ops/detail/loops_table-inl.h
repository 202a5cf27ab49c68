// Private, compiled once for each instruction set: where its loops of elementwise operators are
// found. loops.cpp, which is compiled beside simd.cpp, makes them.
#if defined(NABLUR_OPS_DETAIL_LOOPS_TABLE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NABLUR_OPS_DETAIL_LOOPS_TABLE_INL_H_
#undef NABLUR_OPS_DETAIL_LOOPS_TABLE_INL_H_
#else
#define NABLUR_OPS_DETAIL_LOOPS_TABLE_INL_H_
#endif

#include <array>
#include <type_traits>

#include <nablur/ops/detail/operators-inl.h>

HWY_BEFORE_NAMESPACE();
namespace nablur::detail::HWY_NAMESPACE::operators {

#if NABLUR_HAS_PACKETS
extern const std::array<OperatorLoops<float>, Operators::size> kFloatLoops;
extern const std::array<OperatorLoops<double>, Operators::size> kDoubleLoops;
#endif

/// Null if the instruction set has none.
template <class T>
constexpr const OperatorLoops<T>* TableOfLoops() {
#if NABLUR_HAS_PACKETS
  if constexpr (std::is_same_v<T, float>) {
    return kFloatLoops.data();
  } else {
    return kDoubleLoops.data();
  }
#else
  return nullptr;
#endif
}

}  // namespace nablur::detail::HWY_NAMESPACE::operators
HWY_AFTER_NAMESPACE();

#endif
