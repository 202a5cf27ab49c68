#pragma once
// Operators that are made of other operators.

#include <nablur/autodiff/tape.h>
#include <nablur/support/detail/arena.h>

namespace nablur::detail {

// A place on the tape of a variable, and the way back to it.
template <class T>
struct NABLUR_API TapeMark {
  /// Of x's tape. Throws in the name of `op` if that was cleared or destroyed.
  TapeMark(const char* op, const Variable<T>& x);
  void forget_what_follows() const noexcept;

  typename Tape<T>::Recording* recording = nullptr;  // null for a constant
  std::size_t nodes = 0;
  Arena::Mark arena = {};
};

/// f(), which records several operators on the tape of x or, if it throws, none. Throws in the name
/// of `op` if that tape was cleared or destroyed.
template <class T, class F>
Variable<T> composed(Name op, const Variable<T>& x, const F& f) {
  const TapeMark<T> mark(op, x);
  try {
    return f();
  } catch (...) {
    mark.forget_what_follows();
    throw;
  }
}

extern template struct TapeMark<float>;
extern template struct TapeMark<double>;
extern template struct TapeMark<Dual<float>>;
extern template struct TapeMark<Dual<double>>;

}  // namespace nablur::detail
