// Taps are computed from one number.
// g++: no matching function for call to 'gaussian_taps(const nablur::Tensor<double>&, int)'
// clang++: no matching function for call to 'gaussian_taps'
// clang++: because 'detail::is_differentiable<nablur::Tensor<double> >' evaluated to false
#include <nablur/nablur.h>

using namespace nablur;

auto twin(const Tensor<double>& sigma) {
#ifdef MISUSE
  return gaussian_taps(sigma, 9);
#else
  return gaussian_taps(sigma.item(), 9);
#endif
}
