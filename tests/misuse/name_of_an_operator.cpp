// The tape keeps the pointer to an operator's name, so a name that may vanish is no name.
// g++: 'made_up' is not a constant expression
// clang++: call to consteval function 'nablur::detail::Name::Name' is not a constant expression
#include <string>

#include <nablur/nablur.h>

using namespace nablur;

Variable<double> twin(const Variable<double>& x, const std::string& made_up) {
  const auto pullback = [](const Tensor<double>& g) { return g; };
#ifdef MISUSE
  return record(made_up.c_str(), x.value(), {{x, pullback}});
#else
  return record("identity", x.value(), {{x, pullback}});
#endif
}
