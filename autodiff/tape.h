#pragma once
// The tape: what was computed, in order, with the way back.
//
//   Tape<double> tape;
//   const auto x = tape.variable(2.0);
//   const Tensor<double> v = x.value();
//   const auto back = [v](const Tensor<double>& g) { return g * 3.0 * v * v; };
//   const auto y = record("cube", v * v * v, {{x, back}});
//   gradients(y)[x].item()      // 12
//
// Nodes lie in creation order, which is topological: the reverse pass is one loop backwards.

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>

#include <nablur/autodiff/detail/pullback.h>
#include <nablur/autodiff/variable.h>

namespace nablur {

template <class T>
class Input;

/// A recording of operators on scalars T. Neither copied nor moved. Use from one thread at a time;
/// different threads may run tapes of their own.
template <class T>
class NABLUR_API Tape {
  static_assert(detail::is_differentiable<T>,
                "Tape<T>: T is float, double, Dual<float> or Dual<double>");

 public:
  Tape();
  ~Tape();
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;

  /// A variable to differentiate by. Throws during a reverse pass over the tape and, under
  /// check_finite, if an element is not finite.
  Variable<T> variable(Tensor<T> value);

  /// Forgets all nodes and keeps the memory for the next recording. Values and gradients already
  /// taken stay readable; recording on variables from before throws from now on. Throws during a
  /// reverse pass over the tape.
  void clear();

  /// Number of nodes, variables included.
  std::int64_t size() const noexcept;

  /// While on, recording and reverse passes throw an Error that names the first operator on the
  /// tape whose result, or whose inputs' gradient, has a NaN or an infinity. Constants are not
  /// examined. Costs one more read of every element, and after each joint pullback of its whole
  /// accumulators.
  void check_finite(bool on) noexcept;

  /// Where an input of a node comes from.
  struct Edge {
    std::int32_t index;     ///< of the node it is the result of; -1 for a constant
    std::int32_t position;  ///< in record's list of inputs
    detail::PullbackRef<T> pullback;
  };
  /// One recorded operator or variable, for tools that draw or count.
  struct Node {
    const char* name;
    Shape shape;             ///< of the result
    std::span<Edge> inputs;  ///< empty for a variable
    detail::PullbackRef<T> joint;
    Node(const char* n, const Shape& s, std::span<Edge> i, const detail::PullbackRef<T>& j)
        : name(n), shape(s), inputs(i), joint(j) {}
  };
  /// Nodes in creation order. Throws unless 0 ≤ i < size().
  const Node& node(std::int64_t i) const;

  /// What the free function `record` calls.
  static Variable<T> record(const char* name, Tensor<T> value, std::span<const Input<T>> inputs,
                            detail::PullbackRef<T> joint);

  /// The implementation's own.
  struct Recording;

 private:
  friend class Gradients<T>;
  static Tape* tape_of(const char* op, const Variable<T>& variable);
  static Tape* common_tape(const char* name, std::span<const Input<T>> inputs);
  Variable<T> push(const char* name, Tensor<T>&& value, std::span<const Input<T>> inputs,
                   detail::PullbackRef<T> joint);

  Recording* recording_;
  detail::TapeSlot* slot_;
};

/// An operand in the list of `record`, held by reference for that one call. Unless the inputs share
/// a joint pullback, it carries its own: a function of the gradient g by the output that returns
/// the gradient by this input, in the input's shape or in the output's, which is then summed to the
/// input's.
template <class T>
class Input {
 public:
  Input(const Variable<T>& variable) noexcept : variable_(&variable) {}
  template <class F>
  Input(const Variable<T>& variable, F&& pullback) noexcept
      : variable_(&variable),
        pullback_(detail::PullbackRef<T>::template to<false>(std::forward<F>(pullback))) {}

 private:
  friend class Tape<T>;
  friend class Gradients<T>;
  const Variable<T>* variable_;
  detail::PullbackRef<T> pullback_;
};

/// Puts an operator on the tape of its inputs: its name (a literal), its value, and for each input
/// a pullback. This is the only way onto a tape. Constants among the inputs get no pullback; if all
/// are constants, nothing is recorded and the result is one. Throws, and leaves the tape as it was,
/// if the inputs are on different tapes or on one that was cleared or destroyed, if a variable has
/// no pullback, during a reverse pass over the tape, and under check_finite.
///
///   record("sigmoid", y, {{x, [y](const Tensor<T>& g) { return g * y * (1.0 - y); }}});
template <class T>
Variable<T> record(detail::Name name, Tensor<T> value,
                   std::initializer_list<Input<std::type_identity_t<T>>> inputs) {
  return Tape<T>::record(name, std::move(value), {inputs.begin(), inputs.size()}, {});
}

/// The same with one joint pullback for all inputs, `(const Tensor<T>& g, Adjoints<T>& d)`, for
/// gradients that share work or touch only a part of an input. It runs only if a gradient is
/// wanted; those of constants never are.
template <class T, class F>
Variable<T> record(detail::Name name, Tensor<T> value,
                   std::initializer_list<Input<std::type_identity_t<T>>> inputs, F&& joint) {
  return Tape<T>::record(name, std::move(value), {inputs.begin(), inputs.size()},
                         detail::PullbackRef<T>::template to<true>(std::forward<F>(joint)));
}
template <class T, class F>
Variable<T> record(detail::Name name, Tensor<T> value,
                   std::span<const Variable<std::type_identity_t<T>>> inputs, F&& joint) {
  const pool::Vector<Input<T>> list(inputs.begin(), inputs.end());
  return Tape<T>::record(name, std::move(value), list,
                         detail::PullbackRef<T>::template to<true>(std::forward<F>(joint)));
}

/// The gradients that a joint pullback fills in, by the position of the input in record's list.
template <class T>
class NABLUR_API Adjoints {
 public:
  /// True if the gradient by input i is needed; what is added for another one is dropped. Throws if
  /// there is no input i.
  bool wants(std::size_t i) const;
  /// Adds to the gradient of input i; shapes as for a pullback's result.
  void add(std::size_t i, Tensor<T> gradient);
  /// The gradient by input i so far, in its shape (zeros at first). Add to it in place if the
  /// operator touches few elements. Throws if input i is not wanted.
  Tensor<T>& accumulator(std::size_t i);

  /// The implementation's own.
  struct ReversePass;

 private:
  Adjoints(ReversePass& pass, std::size_t node) : pass_(&pass), node_(node) {}

  ReversePass* pass_;
  std::size_t node_;
};

extern template class Tape<float>;
extern template class Tape<double>;
extern template class Tape<Dual<float>>;
extern template class Tape<Dual<double>>;
extern template class Adjoints<float>;
extern template class Adjoints<double>;
extern template class Adjoints<Dual<float>>;
extern template class Adjoints<Dual<double>>;

}  // namespace nablur
