// Private, compiled once for each instruction set: the loops of all elementwise operators.
#if defined(NABLUR_OPS_DETAIL_ALL_LOOPS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NABLUR_OPS_DETAIL_ALL_LOOPS_INL_H_
#undef NABLUR_OPS_DETAIL_ALL_LOOPS_INL_H_
#else
#define NABLUR_OPS_DETAIL_ALL_LOOPS_INL_H_
#endif

#include <nablur/ops/detail/loops-inl.h>
#include <nablur/ops/detail/loops_table-inl.h>

#if NABLUR_HAS_PACKETS
HWY_BEFORE_NAMESPACE();
namespace nablur::detail::HWY_NAMESPACE::operators {

template <class T, class... Operator>
constexpr std::array<OperatorLoops<T>, sizeof...(Operator)> AllLoops(OperatorList<Operator...>) {
  return {LoopsOf<T, Operator>()...};
}
constinit const std::array<OperatorLoops<float>, Operators::size> kFloatLoops =
    AllLoops<float>(Operators());
constinit const std::array<OperatorLoops<double>, Operators::size> kDoubleLoops =
    AllLoops<double>(Operators());

}  // namespace nablur::detail::HWY_NAMESPACE::operators
HWY_AFTER_NAMESPACE();
#endif

#endif
