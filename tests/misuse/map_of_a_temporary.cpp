// A map points into its tensor, and would dangle.
// g++: use of deleted function 'void nablur::as_matrix(Tensor<T>&&) [with T = double]'
// clang++: call to deleted function 'as_matrix'
#include <nablur/autodiff/eigen.h>

using namespace nablur;

Tensor<double> make();

double twin() {
#ifdef MISUSE
  as_matrix(make());
  return 0;
#else
  const Tensor<double> made = make();
  return as_matrix(made).sum();
#endif
}
