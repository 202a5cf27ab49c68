// Forward mode runs the function on Duals, so it must be written for every scalar.
// g++: f must take Variables of every scalar
// clang++: f must take Variables of every scalar
// 2 errors of g++
// 2 errors of clang++
#include <nablur/nablur.h>

using namespace nablur;

auto twin() {
#ifdef MISUSE
  const auto f = [](const Variable<double>& x) { return sum(exp(x)); };
#else
  const auto f = [](const auto& x) { return sum(exp(x)); };
#endif
  return hessian(f, Tensor<double>{1, 2});
}
