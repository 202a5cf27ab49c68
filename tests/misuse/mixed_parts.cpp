// The parts to be joined are all Variables or all Tensors.
// g++: no matching function for call to 'concatenate(<brace-enclosed initializer list>)'
// clang++: no matching function for call to 'concatenate'
// clang++: candidate template ignored: could not match 'Tensor' against 'Variable'
#include <nablur/nablur.h>

using namespace nablur;

auto twin(const Variable<double>& a, const Tensor<double>& b) {
#ifdef MISUSE
  return concatenate({a, b});
#else
  return concatenate({a, Variable<double>(b)});
#endif
}
