// The library is compiled for a few elements; any other would end in a linker error.
// g++: Tensor<T>: T is float, double, a Dual of these, bool (masks) or std::int64_t (indices)
// clang++: Tensor<T>: T is float, double, a Dual of these, bool (masks) or std::int64_t (indices)
#include <nablur/nablur.h>

using namespace nablur;

auto twin() {
#ifdef MISUSE
  return Tensor<int>{1, 2};
#else
  return Tensor<std::int64_t>{1, 2};
#endif
}
