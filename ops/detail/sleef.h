#pragma once
// Private: the elementary functions of SLEEF (N. Shibata, F. Petrogalli, "SLEEF: A Portable
// Vectorized Library of C Standard Mathematical Functions", IEEE TPDS 31, 2020), within 1 unit in
// the last place: f(x, y) writes one vector of the instruction set, y = f(x). ops/sleef/.

namespace nablur::detail::sleef {

template <class T>
using Unary = void(const T* x, T* y);
template <class T>
using Binary = void(const T* a, const T* b, T* y);

// The functions of one number.
#define NABLUR_SLEEF_FUNCTIONS(of) of(cos) of(erf) of(expm1) of(log) of(log1p) of(sin) of(tanh)

#define NABLUR_DECLARE(f) \
  Unary<double> f;        \
  Unary<float> f;
#define NABLUR_SLEEF_SET(set)            \
  namespace set {                        \
  NABLUR_SLEEF_FUNCTIONS(NABLUR_DECLARE) \
  Binary<double> pow;                    \
  Binary<float> pow;                     \
  }
NABLUR_SLEEF_SET(sse2)
NABLUR_SLEEF_SET(sse4)
NABLUR_SLEEF_SET(avx2)
NABLUR_SLEEF_SET(avx512f)
NABLUR_SLEEF_SET(advsimd)
#undef NABLUR_SLEEF_SET
#undef NABLUR_DECLARE

}  // namespace nablur::detail::sleef
