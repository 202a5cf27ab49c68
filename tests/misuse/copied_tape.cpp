// Variables know their tape by its place: a copy would be a tape without variables.
// g++: use of deleted function 'nablur::Tape<T>::Tape(const nablur::Tape<T>&) [with T = double]'
// clang++: call to deleted constructor of 'const Tape<double>'
#include <nablur/nablur.h>

using namespace nablur;

std::int64_t twin(const Tape<double>& tape) {
#ifdef MISUSE
  const Tape<double> copy = tape;
#else
  const Tape<double>& copy = tape;
#endif
  return copy.size();
}
