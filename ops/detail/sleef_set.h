// Private, included once by each of ops/sleef/, which say by Doubles, Floats and macros
// what SLEEF calls the vectors and functions of an instruction set. Those files are compiled for
// that set as a whole, and for nothing else: clang passes a vector in a register only if the file's
// flags allow it, whatever the function's own attribute says. So they include nothing that other
// files share but C headers, and are called by addresses.

#include <sleef.h>

#include <nablur/ops/detail/sleef.h>

namespace nablur::detail::sleef::NABLUR_SET {
namespace {

template <class V, class F, class T>
void call(const F& f, const T* x, T* y) {
  V v;
  __builtin_memcpy(&v, x, sizeof v);
  v = f(v);
  __builtin_memcpy(y, &v, sizeof v);
}
template <class V, class F, class T>
void call(const F& f, const T* a, const T* b, T* y) {
  V va;
  V vb;
  __builtin_memcpy(&va, a, sizeof va);
  __builtin_memcpy(&vb, b, sizeof vb);
  va = f(va, vb);
  __builtin_memcpy(y, &va, sizeof va);
}

}  // namespace

#define NABLUR_FUNCTION(f)                                                       \
  void f(const double* x, double* y) { call<Doubles>(NABLUR_DOUBLES(f), x, y); } \
  void f(const float* x, float* y) { call<Floats>(NABLUR_FLOATS(f), x, y); }
NABLUR_SLEEF_FUNCTIONS(NABLUR_FUNCTION)
#undef NABLUR_FUNCTION

void pow(const double* a, const double* b, double* y) {
  call<Doubles>(NABLUR_DOUBLES(pow), a, b, y);
}
void pow(const float* a, const float* b, float* y) { call<Floats>(NABLUR_FLOATS(pow), a, b, y); }

}  // namespace nablur::detail::sleef::NABLUR_SET
