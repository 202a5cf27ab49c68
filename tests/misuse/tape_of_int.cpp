// Whole numbers have no derivatives.
// g++: Tape<T>: T is float, double, Dual<float> or Dual<double>
// clang++: Tape<T>: T is float, double, Dual<float> or Dual<double>
#include <nablur/nablur.h>

using namespace nablur;

auto twin() {
#ifdef MISUSE
  return sizeof(Tape<std::int64_t>);
#else
  return sizeof(Tape<double>);
#endif
}
