// An image of whole numbers is cast first: in which scalar is the blur to compute?
// g++: no matching function for call to 'gaussian_blur(const nablur::Tensor<long int>&, double)'
// g++: required for the satisfaction of 'OperandBeside<S, X>'
// clang++: no matching function for call to 'gaussian_blur'
// clang++: because 'OperandBeside<double, nablur::Tensor<
#include <nablur/nablur.h>

using namespace nablur;

Tensor<float> twin(const Tensor<std::int64_t>& image) {
#ifdef MISUSE
  return gaussian_blur(image, 2.0);
#else
  return gaussian_blur(image.cast<float>(), 2.0);
#endif
}
