// Variables of float and double have no tape in common.
// g++: no match for 'operator+' (operand types are 'const nablur::Variable<float>' and 'const nablur::Variable<double>')
// g++: required for the satisfaction of 'Operands<A, B>'
// clang++: because 'Operands<nablur::Variable<float>, nablur::Variable<double>
#include <nablur/nablur.h>

using namespace nablur;

Variable<float> twin(const Variable<float>& a, const Variable<double>& b) {
#ifdef MISUSE
  return a + b;
#else
  return a + b.value().cast<float>();
#endif
}
