// x[0] is a tensor of its own; to write into x there is x.set, or mutable_data.
// g++: passing 'nablur::Tensor<double>' as 'this' argument discards qualifiers
// clang++: no viable overloaded '='
#include <nablur/nablur.h>

using namespace nablur;

void twin(Tensor<double>& x) {
#ifdef MISUSE
  x[0] = Tensor<double>(1.0);
#else
  x.set({0}, 1.0);
#endif
}
