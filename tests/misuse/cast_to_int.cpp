// A cast makes a tensor, and so goes to the elements of tensors only.
// 2 errors of clang++
// g++: Tensor<T>: T is float, double, a Dual of these, bool (masks) or std::int64_t (indices)
// clang++: Tensor<T>: T is float, double, a Dual of these, bool (masks) or std::int64_t (indices)
#include <nablur/nablur.h>

using namespace nablur;

auto twin(const Tensor<double>& x) {
#ifdef MISUSE
  return x.cast<int>();
#else
  return x.cast<std::int64_t>();
#endif
}
