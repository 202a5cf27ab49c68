// A plain number does not tell the scalar type; std::exp is for those.
// g++: no matching function for call to 'exp(double)'
// g++: required for the satisfaction of 'Operands<X>' [with X = double]
// clang++: no matching function for call to 'exp'
// clang++: because 'double' does not satisfy 'Operands'
#include <nablur/nablur.h>

auto twin() {
#ifdef MISUSE
  return nablur::exp(2.0);
#else
  return nablur::exp(nablur::Tensor<double>(2.0));
#endif
}
