// Text is no operand.
// g++: no match for 'operator*' (operand types are 'const nablur::Variable<double>' and 'const char [2]')
// g++: required for the satisfaction of 'Operands<A, B>'
// clang++: because 'Operands<nablur::Variable<double>, char[2]>' evaluated to false
#include <nablur/nablur.h>

using namespace nablur;

Variable<double> twin(const Variable<double>& x) {
#ifdef MISUSE
  return x * "2";
#else
  return x * 2;
#endif
}
