// Sums over axes are for scalars that have derivatives.
// g++: no matching function for call to 'sum_over(const nablur::Tensor<long int>&)'
// g++: is_differentiable
// clang++: no matching function for call to 'sum_over'
// clang++: because 'detail::is_differentiable<long>' evaluated to false
#include <nablur/nablur.h>

using namespace nablur;

auto twin(const Tensor<std::int64_t>& x) {
#ifdef MISUSE
  return sum_over(x);
#else
  return sum_over(x.cast<double>());
#endif
}
