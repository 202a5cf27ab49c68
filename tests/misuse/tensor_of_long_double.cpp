// As tensor_of_int: a wider number is no element either.
// g++: Tensor<T>: T is float, double, a Dual of these, bool (masks) or std::int64_t (indices)
// clang++: Tensor<T>: T is float, double, a Dual of these, bool (masks) or std::int64_t (indices)
#include <nablur/nablur.h>

using namespace nablur;

auto twin() {
#ifdef MISUSE
  return Tensor<long double>{1, 2};
#else
  return Tensor<double>{1, 2};
#endif
}
