#pragma once
// The reverse pass.
//
//   const auto d = gradients(loss);             // one pass over the tape
//   d[x], d[y]                                  // tensors of x's and y's shape
//   gradients(loss, {h})[h]                     // by an intermediate
//   gradients(y, seed)[x]                       // of Σ seed·y

#include <initializer_list>
#include <span>

#include <nablur/autodiff/tape.h>

namespace nablur {

/// The gradients of one reverse pass. A value: it stays valid after the tape is cleared or
/// destroyed.
template <class T>
class NABLUR_API Gradients {
 public:
  /// The gradient by a variable, of its shape; zeros if the loss does not depend on it. Throws for
  /// a constant, for a variable of another recording, and for a variable whose gradient was not
  /// kept: an intermediate, or whatever was not named if names were given. Under a constant loss,
  /// zeros for every variable.
  Tensor<T> operator[](const Variable<T>& variable) const;
  /// Gradients are found by variable, not by number.
  template <class N>
    requires std::is_arithmetic_v<N>
  Tensor<T> operator[](N number) const = delete;
  Tensor<T> operator[](const Tensor<T>& tensor) const = delete;

  /// What the free functions `gradients` call. `seed` null: all ones; `named` null: by all of the
  /// tape's variables.
  static Gradients compute(const Variable<T>& y, const Tensor<T>* seed,
                           const std::span<const Input<T>>* named);

 private:
  using Pass = typename Adjoints<T>::ReversePass;
  struct Entry {
    std::int32_t index;
    Tensor<T> gradient;
  };
  void name(const Tape<T>* tape, std::span<const Input<T>> named);
  void run(Pass& pass);

  const detail::TapeSlot* slot_ = nullptr;  // null under a constant loss
  std::uint64_t epoch_ = 0;
  bool named_ = false;
  pool::Vector<Entry> entries_;  // by descending index
};

/// Gradients of a loss of one element by all variables that were made with tape.variable. The pass
/// frees the gradients that it no longer needs; the tape stays as it is, and there may be further
/// passes. Throws if the loss does not have exactly one element, if its tape was cleared or
/// destroyed, or if a pullback returns a shape that is neither its input's nor its output's, or
/// destroys the tape.
template <class T>
Gradients<T> gradients(const Variable<T>& loss) {
  return Gradients<T>::compute(loss, nullptr, nullptr);
}
/// The gradients by the named variables only, intermediates included. A pullback runs only if one
/// of its inputs leads to one of them.
template <class T>
Gradients<T> gradients(const Variable<T>& loss,
                       std::initializer_list<Input<std::type_identity_t<T>>> named) {
  const std::span<const Input<T>> list(named.begin(), named.size());
  return Gradients<T>::compute(loss, nullptr, &list);
}
/// The same for a list that is known at run time, such as a std::vector<Variable<T>>.
template <class T>
Gradients<T> gradients(const Variable<T>& loss,
                       std::span<const Variable<std::type_identity_t<T>>> named) {
  const pool::Vector<Input<T>> inputs(named.begin(), named.end());
  const std::span<const Input<T>> list(inputs);
  return Gradients<T>::compute(loss, nullptr, &list);
}
/// The gradients of Σ seed·y, for a y of any shape. Throws if the seed has another shape.
template <class T>
Gradients<T> gradients(const Variable<T>& y, const std::type_identity_t<Tensor<T>>& seed) {
  return Gradients<T>::compute(y, &seed, nullptr);
}
template <class T>
Gradients<T> gradients(const Variable<T>& y, const std::type_identity_t<Tensor<T>>& seed,
                       std::initializer_list<Input<std::type_identity_t<T>>> named) {
  const std::span<const Input<T>> list(named.begin(), named.size());
  return Gradients<T>::compute(y, &seed, &list);
}
template <class T>
Gradients<T> gradients(const Variable<T>& y, const std::type_identity_t<Tensor<T>>& seed,
                       std::span<const Variable<std::type_identity_t<T>>> named) {
  const pool::Vector<Input<T>> inputs(named.begin(), named.end());
  const std::span<const Input<T>> list(inputs);
  return Gradients<T>::compute(y, &seed, &list);
}

extern template class Gradients<float>;
extern template class Gradients<double>;
extern template class Gradients<Dual<float>>;
extern template class Gradients<Dual<double>>;

}  // namespace nablur
