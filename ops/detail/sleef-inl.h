// Private, compiled once for each instruction set: the functions of detail/sleef.h for packets.
#if defined(NABLUR_OPS_DETAIL_SLEEF_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NABLUR_OPS_DETAIL_SLEEF_INL_H_
#undef NABLUR_OPS_DETAIL_SLEEF_INL_H_
#else
#define NABLUR_OPS_DETAIL_SLEEF_INL_H_
#endif

#include <nablur/ops/detail/packet-inl.h>
#include <nablur/ops/detail/sleef.h>

#if NABLUR_HAS_PACKETS
HWY_BEFORE_NAMESPACE();
namespace nablur::detail::HWY_NAMESPACE::operators::sleef {

#if HWY_ARCH_X86 && HWY_MAX_BYTES == 64
namespace set = nablur::detail::sleef::avx512f;
#elif HWY_ARCH_X86 && HWY_MAX_BYTES == 32
namespace set = nablur::detail::sleef::avx2;
#elif HWY_ARCH_X86 && HWY_TARGET == HWY_SSE4
namespace set = nablur::detail::sleef::sse4;
#elif HWY_ARCH_X86
namespace set = nablur::detail::sleef::sse2;
#else
namespace set = nablur::detail::sleef::advsimd;
#endif

template <class T>
using Lanes = T[static_cast<std::size_t>(Packet<T>::lanes)];

#define NABLUR_FUNCTION(f)              \
  template <class T>                    \
  HWY_INLINE Packet<T> f(Packet<T> x) { \
    HWY_ALIGN Lanes<T> lanes;           \
    x.store(lanes);                     \
    set::f(lanes, lanes);               \
    return Packet<T>::load(lanes);      \
  }
NABLUR_SLEEF_FUNCTIONS(NABLUR_FUNCTION)
#undef NABLUR_FUNCTION

template <class T>
HWY_INLINE Packet<T> pow(Packet<T> a, Packet<T> b) {
  HWY_ALIGN Lanes<T> first;
  HWY_ALIGN Lanes<T> second;
  a.store(first);
  b.store(second);
  set::pow(first, second, first);
  return Packet<T>::load(first);
}

}  // namespace nablur::detail::HWY_NAMESPACE::operators::sleef
HWY_AFTER_NAMESPACE();
#endif

#endif
