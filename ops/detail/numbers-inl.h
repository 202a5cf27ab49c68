// Private: what the text of the operators asks of its scalar beside + − · / and comparisons: for
// numbers and Duals here, for packets in packet_math-inl.h.
#if defined(NABLUR_OPS_DETAIL_NUMBERS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NABLUR_OPS_DETAIL_NUMBERS_INL_H_
#undef NABLUR_OPS_DETAIL_NUMBERS_INL_H_
#else
#define NABLUR_OPS_DETAIL_NUMBERS_INL_H_
#endif

#include <cmath>

#include <nablur/autodiff/dual.h>
#include <nablur/ops/detail/packet_math-inl.h>

HWY_BEFORE_NAMESPACE();
namespace nablur::detail::HWY_NAMESPACE::operators {

using nablur::chain;
using std::abs;
using std::cos;
using std::erf;
using std::exp;
using std::expm1;
using std::log;
using std::log1p;
using std::pow;
using std::sin;
using std::sqrt;
using std::tanh;

// Arguments by value: of references the compiler would choose an address, and leave a branch.
template <class V>
HWY_INLINE V select(bool condition, V a, V b) {
  return condition ? a : b;
}

HWY_INLINE bool all(bool condition) { return condition; }
template <class V>
HWY_INLINE bool is_normal(V x) {
  return std::isnormal(x);
}

// Of numbers and Duals no digits beyond the type's are computed.
template <int power = 0, class V>
HWY_INLINE Pair<V> exp_pair(V x) {
  return {exp(x) * V(1 << power), V(0)};
}
template <class V>
HWY_INLINE V product_error(V, V, V) {
  return V(0);
}
template <class V>
HWY_INLINE V quotient(Pair<V> a, V b) {
  return a.high / b;
}
template <class V>
HWY_INLINE V erf_slope(V x) {
  return V(1.1283791670955125739) * exp_of_minus_square(x);
}

/// x if it is NaN, else 0. Slopes with steps are sums with it.
template <class V>
HWY_INLINE V nan_or_zero(V x) {
  return select(x == x, V(0), x);
}

/// A NaN as the result of a step at the NaN x, for Duals with a tangent that is NaN too.
template <class V>
HWY_INLINE V not_a_number(V x) {
  return x;
}
template <class T>
HWY_INLINE Dual<T> not_a_number(Dual<T> x) {
  return x * x;
}

}  // namespace nablur::detail::HWY_NAMESPACE::operators
HWY_AFTER_NAMESPACE();

#endif
