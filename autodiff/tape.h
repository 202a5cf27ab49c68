#pragma once
// The tape: what was computed, in order, with the way back.
//
//   Tape<double> tape;
//   const auto x = tape.variable(2.0);
//   const auto y = record("cube", x.value() * x.value() * x.value(),
//                         {{x, [v = x.value()](const Tensor<double>& g) { return g * 3.0 * v * v; }}});
//   gradients(y)[x].item()      // 12
//
// Nodes lie in creation order, which is topological: the reverse sweep is one loop backwards.

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <vector>

#include <nablur/autodiff/arena.h>
#include <nablur/autodiff/variable.h>

namespace nablur {

template <class T>
class NABLUR_API Adjoints;

namespace detail {

class Name;

/// f(), which records several operators on the tape of x or, if it throws, none. Throws in the name of `name` if that tape was
/// cleared or destroyed.
template <class T, class F>
Variable<T> composed(Name name, const Variable<T>& x, const F& f);

// How a pullback of a type that is no longer known is moved, called and destroyed. One of `pull` and `pull_joint` is set.
template <class T>
struct PullbackType {
  std::size_t size;
  std::size_t align;
  void (*construct)(void* to, void* from);
  void (*destroy)(void* pullback) noexcept;
  Tensor<T> (*pull)(void* pullback, const Tensor<T>& g);
  void (*pull_joint)(void* pullback, const Tensor<T>& g, Adjoints<T>& d);
};

// F is deduced from an argument F&&: a reference type is copied from, another one moved from.
template <class T, class F, bool joint>
constexpr PullbackType<T> pullback_type() {
  using Object = std::remove_cvref_t<F>;
  static_assert(alignof(Object) <= 64, "record: a pullback asks for more alignment than 64 bytes");
  PullbackType<T> type{sizeof(Object), alignof(Object), nullptr, nullptr, nullptr, nullptr};
  type.construct = [](void* to, void* from) {
    ::new (to) Object(static_cast<F&&>(*static_cast<std::remove_reference_t<F>*>(from)));
  };
  type.destroy = [](void* pullback) noexcept { static_cast<Object*>(pullback)->~Object(); };
  if constexpr (joint) {
    type.pull_joint = [](void* pullback, const Tensor<T>& g, Adjoints<T>& d) { (*static_cast<Object*>(pullback))(g, d); };
  } else {
    type.pull = [](void* pullback, const Tensor<T>& g) -> Tensor<T> { return (*static_cast<Object*>(pullback))(g); };
  }
  return type;
}
template <class T, class F, bool joint>
inline constexpr PullbackType<T> kPullbackType = pullback_type<T, F, joint>();

// A pullback of any type, where it stands.
template <class T>
struct PullbackRef {
  const PullbackType<T>* type = nullptr;
  void* object = nullptr;

  template <bool joint, class F>
  static PullbackRef to(F&& f) {
    return {&kPullbackType<T, F, joint>, const_cast<void*>(static_cast<const void*>(&f))};
  }
};

// An operator's name must outlive the tape: only a literal will do.
class Name {
 public:
  consteval Name(const char* literal) : text_(literal) {}
  constexpr operator const char*() const noexcept { return text_; }

 private:
  const char* text_;
};

}  // namespace detail

/// An operand of an operator, held by reference for one call of record. If the inputs have pullbacks of their own, it carries its
/// one: a function of the gradient g by the output that returns the gradient by this input, in the input's shape or in the
/// output's, which is then summed to the input's.
template <class T>
class Input {
 public:
  Input(const Variable<T>& variable) noexcept : variable_(&variable) {}
  template <class F>
  Input(const Variable<T>& variable, F&& pullback) noexcept
      : variable_(&variable), pullback_(detail::PullbackRef<T>::template to<false>(std::forward<F>(pullback))) {}

 private:
  friend class Tape<T>;
  friend class Gradients<T>;
  const Variable<T>* variable_;
  detail::PullbackRef<T> pullback_;
};

/// The gradients that a joint pullback fills in, by the position of the input in record's list.
template <class T>
class NABLUR_API Adjoints {
 public:
  /// True if the gradient by input i is needed; what is added for another one is dropped. Throws if there is no input i.
  bool wants(std::size_t i) const;
  /// Adds to the gradient of input i; shapes as for a pullback's result.
  void add(std::size_t i, Tensor<T> gradient);
  /// The gradient by input i so far, in its shape (zeros at first). Add to it in place if the operator touches few elements.
  /// Throws if input i is not wanted.
  Tensor<T>& accumulator(std::size_t i);

 private:
  friend class Tape<T>;
  friend class Gradients<T>;
  using Tensors = std::vector<Tensor<T>, pool::Allocator<Tensor<T>>>;
  using Flags = std::vector<unsigned char, pool::Allocator<unsigned char>>;
  struct Sweep {
    const typename Tape<T>::Recording* recording;
    Tensors adjoints;  // by node, unset (no data) where zero
    Flags needed;      // by node; empty if all are
  };
  Adjoints(Sweep& sweep, std::size_t node) : sweep_(&sweep), node_(node) {}
  void accumulate(std::size_t i, Tensor<T>&& gradient);
  void require_sound() const;
  [[noreturn]] void wrong_shape(std::size_t i, const Shape& shape) const;

  Sweep* sweep_;
  std::size_t node_;
};

/// A recording of operators on scalars T. Neither copied nor moved. Use from one thread at a time; different threads may run
/// tapes of their own.
template <class T>
class NABLUR_API Tape {
  static_assert(detail::is_differentiable<T>, "Tape<T>: T is float, double, Dual<float> or Dual<double>");

 public:
  Tape();
  ~Tape();
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;

  /// A variable to differentiate by. Throws during a sweep over the tape and, under check_finite, if a number is not finite.
  Variable<T> variable(Tensor<T> value);

  /// Forgets all nodes and keeps the memory for the next recording. Values and gradients already taken stay readable;
  /// recording on variables from before throws from now on. Throws during a sweep over the tape.
  void clear();

  /// Number of nodes, variables included.
  std::int64_t size() const noexcept { return static_cast<std::int64_t>(recording_->nodes.size()); }

  /// While on, recording and sweeping throw an Error that names the first operator on the tape whose result, or whose inputs'
  /// gradient, has a NaN or an infinity. Constants are not looked at.
  /// Every number is looked at once more; a joint pullback's accumulators whole, each time.
  void check_finite(bool on) noexcept { recording_->check_finite = on; }

  /// What the free functions `record` and `gradients` call.
  static Variable<T> record(const char* name, Tensor<T> value, std::span<const Input<T>> inputs, detail::PullbackRef<T> joint);

  /// For tools that draw or count: each node's name, shape and inputs, in creation order. `index` is -1 for a constant.
  struct Edge {
    std::int32_t index;     ///< of the node
    std::int32_t position;  ///< in record's list
    detail::PullbackRef<T> pullback;
  };
  /// One recorded operator or variable.
  struct Node {
    const char* name;
    Shape shape;
    std::span<Edge> inputs;
    detail::PullbackRef<T> joint;
    Node(const char* n, const Shape& s, std::span<Edge> i, const detail::PullbackRef<T>& j)
        : name(n), shape(s), inputs(i), joint(j) {}
  };
  /// Throws unless 0 ≤ i < size().
  const Node& node(std::int64_t i) const;

 private:
  friend class Adjoints<T>;
  friend class Gradients<T>;
  template <class U, class F>
  friend Variable<U> detail::composed(detail::Name name, const Variable<U>& x, const F& f);

  // A place on the tape of a variable, and the way back to it.
  struct Mark {
    Tape* tape = nullptr;  // null for a constant
    std::size_t nodes = 0;
    detail::Arena::Mark arena = {};
  };
  static Mark mark(const char* name, const Variable<T>& x);
  static void forget_after(const Mark& mark) noexcept;

  static Tape* tape_of(const char* op, const Variable<T>& variable);
  static Tape* common_tape(const char* name, std::span<const Input<T>> inputs);
  Variable<T> push(const char* name, Tensor<T>&& value, std::span<const Input<T>> inputs, detail::PullbackRef<T> joint);
  std::span<Edge> store(const char* name, std::span<const Input<T>> inputs, detail::PullbackRef<T>& joint);
  static void destroy_pullbacks(std::span<Edge> inputs, const detail::PullbackRef<T>& joint) noexcept;
  static void require_finite(const char* what, const char* name, const Tensor<T>& numbers);

  // What a sweep walks over. It outlives its tape if a pullback destroys that one: the last sweep then deletes it.
  struct Recording {
    std::vector<Node, pool::Allocator<Node>> nodes;
    detail::Arena arena;  // edges and pullbacks
    int sweeps = 0;       // running; while they do, nothing may be recorded or cleared
    bool check_finite = false;
    bool orphaned = false;

    ~Recording() { destroy_nodes(); }
    void destroy_nodes(std::size_t kept = 0, const detail::Arena::Mark& mark = {}) noexcept;
    static Recording* make();
    void destroy() noexcept;
  };

  Recording* recording_;
  detail::TapeSlot* slot_;
};

/// Puts an operator on the tape of its inputs: its name (a literal), its value, and for each input a pullback. This is the only
/// way onto a tape. Constants among the inputs get no pullback; if all are constants, nothing is recorded and the result is one.
/// Throws, and leaves the tape as it was, if the inputs are of different tapes or of one that was cleared or destroyed, if a
/// variable has no pullback, during a sweep over the tape, and under check_finite.
///
///   record("sigmoid", y, {{x, [y](const Tensor<T>& g) { return g * y * (1.0 - y); }}});
template <class T>
Variable<T> record(detail::Name name, Tensor<T> value, std::initializer_list<Input<std::type_identity_t<T>>> inputs) {
  return Tape<T>::record(name, std::move(value), {inputs.begin(), inputs.size()}, {});
}

/// The same with one pullback for all inputs, `(const Tensor<T>& g, Adjoints<T>& d)`, for gradients that share work or touch
/// only a part of an input. It runs only if a gradient is wanted; those of constants never are.
template <class T, class F>
Variable<T> record(detail::Name name, Tensor<T> value, std::initializer_list<Input<std::type_identity_t<T>>> inputs, F&& joint) {
  return Tape<T>::record(name, std::move(value), {inputs.begin(), inputs.size()},
                         detail::PullbackRef<T>::template to<true>(std::forward<F>(joint)));
}
template <class T, class F>
Variable<T> record(detail::Name name, Tensor<T> value, std::span<const Variable<std::type_identity_t<T>>> inputs, F&& joint) {
  std::vector<Input<T>, pool::Allocator<Input<T>>> list(inputs.begin(), inputs.end());
  return Tape<T>::record(name, std::move(value), list, detail::PullbackRef<T>::template to<true>(std::forward<F>(joint)));
}

namespace detail {

template <class T, class F>
Variable<T> composed(Name name, const Variable<T>& x, const F& f) {
  const auto mark = Tape<T>::mark(name, x);
  try {
    return f();
  } catch (...) {
    Tape<T>::forget_after(mark);
    throw;
  }
}

}  // namespace detail

extern template class Adjoints<float>;
extern template class Adjoints<double>;
extern template class Adjoints<Dual<float>>;
extern template class Adjoints<Dual<double>>;
extern template class Tape<float>;
extern template class Tape<double>;
extern template class Tape<Dual<float>>;
extern template class Tape<Dual<double>>;

}  // namespace nablur
