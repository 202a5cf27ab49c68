// Tensors of float and double do not mix: which of the two would the result be?
// g++: no match for 'operator+' (operand types are 'const nablur::Tensor<float>' and 'const nablur::Tensor<double>')
// g++: required for the satisfaction of 'Operands<A, B>'
// clang++: because 'Operands<nablur::Tensor<float>, nablur::Tensor<double>
#include <nablur/nablur.h>

using namespace nablur;

Tensor<float> twin(const Tensor<float>& a, const Tensor<double>& b) {
#ifdef MISUSE
  return a + b;
#else
  return a + b.cast<float>();
#endif
}
