// A tangent is a derivative, which whole numbers do not have.
// g++: Dual<T>: T is float or double
// clang++: Dual<T>: T is float or double
#include <nablur/nablur.h>

using namespace nablur;

auto twin() {
#ifdef MISUSE
  return Dual<int>(3, 1);
#else
  return Dual<double>(3, 1);
#endif
}
