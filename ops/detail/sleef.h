#pragma once
// Private: the elementary functions of SLEEF (N. Shibata, F. Petrogalli, "SLEEF: A Portable
// Vectorized Library of C Standard Mathematical Functions", IEEE TPDS 31, 2020), within 1 unit in
// the last place: f(x, y) writes one vector of the instruction set, y = f(x). ops/sleef/.

namespace nablur::detail::sleef {

template <class T>
using Unary = void(const T* x, T* y);
template <class T>
using Binary = void(const T* a, const T* b, T* y);

#define NABLUR_SLEEF_SET(set)         \
  namespace set {                     \
  Unary<double> cos, erf, expm1, log; \
  Unary<double> log1p, sin, tanh;     \
  Unary<float> cos, erf, expm1, log;  \
  Unary<float> log1p, sin, tanh;      \
  Binary<double> pow;                 \
  Binary<float> pow;                  \
  }
NABLUR_SLEEF_SET(sse2)
NABLUR_SLEEF_SET(sse4)
NABLUR_SLEEF_SET(avx2)
NABLUR_SLEEF_SET(avx512f)
NABLUR_SLEEF_SET(advsimd)
#undef NABLUR_SLEEF_SET

}  // namespace nablur::detail::sleef
