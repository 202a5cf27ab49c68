#pragma once
// The reverse sweep.
//
//   const auto d = gradients(loss);             // one sweep
//   d[x], d[y]                                  // tensors of x's and y's shape
//   gradients(loss, {h})[h]                     // by an intermediate
//   gradients(y, seed)[x]                       // pullback of a tensor through y

#include <initializer_list>
#include <vector>

#include <nablur/autodiff/tape.h>

namespace nablur {

/// The gradients of one sweep. A value: it stays valid after the tape is cleared or destroyed.
template <class T>
class NABLUR_API Gradients {
 public:
  /// The gradient by a variable, of its shape; zeros if the loss does not depend on it. Throws for a constant, for a variable of
  /// another recording, and for a variable whose gradient was not kept: an intermediate, or whatever was not named if names
  /// were given. Under a constant loss, zeros for every variable.
  Tensor<T> operator[](const Variable<T>& variable) const;

  /// What the free functions `gradients` call. `named` null: by all of the tape's variables.
  static Gradients sweep(const Variable<T>& loss, const Tensor<T>* seed, const std::span<const Input<T>>* named);

 private:
  friend class Tape<T>;
  using Sweep = typename Adjoints<T>::Sweep;
  struct Entry {
    std::int32_t index;
    Tensor<T> gradient;
  };
  static Sweep start(const typename Tape<T>::Recording& recording, std::size_t loss, const Tensor<T>& seed,
                     const std::vector<Entry, pool::Allocator<Entry>>& named);
  static void pull(Sweep& sweep, std::size_t node, const Tensor<T>& g);

  const detail::TapeSlot* slot_ = nullptr;  // null under a constant loss
  std::uint64_t epoch_ = 0;
  bool named_ = false;
  std::vector<Entry, pool::Allocator<Entry>> entries_;  // by descending index
};

/// Gradients of a loss of one element by all variables that were made with tape.variable. The sweep frees what it passes;
/// the tape stays as it is and may be swept again. Throws if the loss does not have exactly one element, if its tape was cleared
/// or destroyed, or if a pullback returns a shape that is neither its input's nor its output's, or destroys the tape.
template <class T>
Gradients<T> gradients(const Variable<T>& loss) {
  return Gradients<T>::sweep(loss, nullptr, nullptr);
}
/// The gradients by the named variables only, intermediates included. A pullback runs only if one of its inputs leads to one of them.
template <class T>
Gradients<T> gradients(const Variable<T>& loss, std::initializer_list<Input<std::type_identity_t<T>>> named) {
  const std::span<const Input<T>> list(named.begin(), named.size());
  return Gradients<T>::sweep(loss, nullptr, &list);
}
/// The same for a vector of variables.
template <class T, class List>
requires std::is_same_v<List, std::vector<Variable<T>>> Gradients<T> gradients(const Variable<T>& loss, const List& named) {
  const std::vector<Input<T>, pool::Allocator<Input<T>>> inputs(named.begin(), named.end());
  const std::span<const Input<T>> list(inputs);
  return Gradients<T>::sweep(loss, nullptr, &list);
}
/// The gradients of Σ seed·y, for a y of any shape. Throws if the seed has another shape.
template <class T>
Gradients<T> gradients(const Variable<T>& y, const std::type_identity_t<Tensor<T>>& seed) {
  return Gradients<T>::sweep(y, &seed, nullptr);
}
template <class T>
Gradients<T> gradients(const Variable<T>& y, const std::type_identity_t<Tensor<T>>& seed,
                       std::initializer_list<Input<std::type_identity_t<T>>> named) {
  const std::span<const Input<T>> list(named.begin(), named.size());
  return Gradients<T>::sweep(y, &seed, &list);
}

extern template class Gradients<float>;
extern template class Gradients<double>;
extern template class Gradients<Dual<float>>;
extern template class Gradients<Dual<double>>;

}  // namespace nablur
