#pragma once
// A tensor and its place on a tape; what operators take and return.
//
//   Tape<double> tape;
//   const auto x = tape.variable(2.0);        // on the tape
//   const Variable<double> c = 3.0;           // a constant: nothing is recorded of it
//   (x * c).value().item()                    // 6
//
// An operator may be called with Variables, Tensors and numbers, mixed. Scalar<X...> is the scalar type they agree on:
//   template <class X> requires Operands<X> Variable<Scalar<X>> exp(const X& x);

#include <cstdint>

#include <nablur/autodiff/tensor.h>

namespace nablur {

template <class T>
class NABLUR_API Tape;
template <class T>
class NABLUR_API Gradients;

namespace detail {

// Where a tape can be found, for as long as its epoch is the one that a variable remembers. Slots are recycled and never
// freed: a variable may ask after its tape is gone.
struct TapeSlot {
  std::uint64_t epoch = 0;
  void* tape = nullptr;
  TapeSlot* next = nullptr;
};

}  // namespace detail

/// A value that may have a place on a tape. value() and shape() stay valid after the tape is cleared or destroyed; using it in an
/// operator then throws. Copying is cheap. It stays on its tape's thread.
template <class T>
class Variable {
  static_assert(detail::is_differentiable<T>, "Variable<T>: T is float, double, Dual<float> or Dual<double>");

 public:
  using value_type = T;

  /// A constant.
  Variable(Tensor<T> value) noexcept : value_(std::move(value)) {}
  template <class N>
  requires(std::is_arithmetic_v<N> || std::is_same_v<N, T>) Variable(N number) : value_(number) {}

  const Tensor<T>& value() const& noexcept { return value_; }
  Tensor<T> value() && noexcept { return std::move(value_); }  // for (double y : f(x).value()) must not dangle
  const Shape& shape() const noexcept { return value_.shape(); }
  std::int64_t rank() const noexcept { return value_.rank(); }
  std::int64_t size() const noexcept { return value_.size(); }
  /// The only element. Throws if there is not exactly one.
  T item() const { return value_.item(); }
  /// True if it is not on a tape.
  bool is_constant() const noexcept { return slot_ == nullptr; }

 private:
  friend class Tape<T>;
  friend class Gradients<T>;
  Variable(Tensor<T> value, detail::TapeSlot* slot, std::uint64_t epoch, std::int32_t index, bool leaf) noexcept
      : value_(std::move(value)), slot_(slot), epoch_(epoch), index_(index), leaf_(leaf) {}

  Tensor<T> value_;
  detail::TapeSlot* slot_ = nullptr;
  std::uint64_t epoch_ = 0;
  std::int32_t index_ = -1;
  bool leaf_ = false;
};

// ---- which operands go together -------------------------------------------------------------------------------------

namespace detail {

struct Nothing {};

template <class X>
struct ScalarOf {
  using type = Nothing;  // a number says nothing: 2 stands beside any T
};
template <class T>
struct ScalarOf<Variable<T>> {
  using type = T;
};
template <class T>
struct ScalarOf<Tensor<T>> {
  using type = T;
};
template <class T>
struct ScalarOf<Dual<T>> {
  using type = Dual<T>;
};

// Of two scalars, the one that holds both; a Dual holds its plain counterpart.
template <class A, class B>
struct Common {
  using type = A;
};
template <class B>
struct Common<Nothing, B> {
  using type = B;
};
template <class T>
struct Common<T, Dual<T>> {
  using type = Dual<T>;
};

template <class... X>
struct ScalarOfAll {
  using type = Nothing;
};
template <class X, class... Rest>
struct ScalarOfAll<X, Rest...> {
  using type = typename Common<typename ScalarOf<X>::type, typename ScalarOfAll<Rest...>::type>::type;
};

template <class X>
inline constexpr bool is_variable = false;
template <class T>
inline constexpr bool is_variable<Variable<T>> = true;

}  // namespace detail

/// The scalar type that the operands agree on.
template <class... X>
using Scalar = typename detail::ScalarOfAll<X...>::type;

/// X is a valid operand beside scalar type T: it is a number, or holds T, or holds the plain counterpart of the Dual T.
template <class X, class T>
concept OperandOf = std::is_arithmetic_v<X> || std::is_same_v<typename detail::ScalarOf<X>::type, T> ||
                    std::is_same_v < typename detail::ScalarOf<X>::type,
typename detail::Plain<T>::type > ;

/// At least one operand tells the scalar type (it is a Variable, a Tensor or a Dual) out of the four that operators are compiled
/// for, and the others agree with it.
template <class... X>
concept Operands = detail::is_differentiable<Scalar<X...>> &&(OperandOf<X, Scalar<X...>>&&...);

namespace detail {

/// The operand as a Variable<T>: itself, or a constant. A plain variable on a tape has no place in a Dual expression: its
/// dependence would be lost without a word.
template <class T>
const Variable<T>& operand(const Variable<T>& x) {
  return x;
}
template <class T, class X>
requires(!std::is_same_v<X, Variable<T>>) Variable<T> operand(const X& x) {
  if constexpr (is_variable<X>) {
    if (!x.is_constant()) {
      fail("operand: a plain variable of shape ", x.shape(), " on a tape stands in a Dual expression; pass its value()");
    }
    return Variable<T>(x.value().template cast<T>());
  } else if constexpr (std::is_same_v<X, Tensor<T>> || std::is_arithmetic_v<X> || std::is_same_v<X, T>) {
    return Variable<T>(x);
  } else {
    return Variable<T>(x.template cast<T>());
  }
}

}  // namespace detail
}  // namespace nablur
