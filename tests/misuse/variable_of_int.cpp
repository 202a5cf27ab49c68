// Whole numbers have no derivatives, so that a Variable holds none.
// g++: Variable<T>: T is float, double, Dual<float> or Dual<double>
// clang++: Variable<T>: T is float, double, Dual<float> or Dual<double>
#include <nablur/nablur.h>

using namespace nablur;

auto twin() {
#ifdef MISUSE
  return Variable<std::int64_t>(1);
#else
  return Variable<double>(1);
#endif
}
