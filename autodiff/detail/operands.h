#pragma once
// Which operands of an operator go together, and what comes out: the types behind the operators'
// declarations.
//
// An operator is called with Variables, Tensors and numbers, mixed. Scalar<X...> is the scalar that
// they agree on; ResultOf<X...> is a Variable of it if one of the operands is a Variable, and else
// a Tensor:
//   template <Operand X> ResultOf<X> exp(const X& x);

#include <type_traits>
#include <utility>
#include <vector>

#include <nablur/autodiff/tensor.h>

namespace nablur {

template <class T>
class Variable;

namespace detail {

struct Nothing {};

template <class X>
struct ScalarOf {
  using type = Nothing;  // a number does not decide: 2 goes with any T
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

// Of two scalars the one that can represent both: a Dual represents its plain counterpart.
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
  using type =
      typename Common<typename ScalarOf<X>::type, typename ScalarOfAll<Rest...>::type>::type;
};

template <class X>
inline constexpr bool is_variable = false;
template <class T>
inline constexpr bool is_variable<Variable<T>> = true;

}  // namespace detail

/// The scalar type that the operands agree on.
template <class... X>
using Scalar = typename detail::ScalarOfAll<X...>::type;

/// X is a valid operand beside scalar type T: a number, or a Variable, Tensor or Dual of T or of
/// T's plain counterpart.
template <class X, class T>
concept OperandOf = std::is_arithmetic_v<X> || std::is_same_v<Scalar<X>, T> ||
                    std::is_same_v<Scalar<X>, typename detail::Plain<T>::type>;

/// At least one operand decides the scalar type (a Variable, a Tensor or a Dual) out of the four
/// that operators are compiled for, and the others agree with it.
template <class... X>
concept Operands = detail::is_differentiable<Scalar<X...>> && (OperandOf<X, Scalar<X...>> && ...);

/// A single operand.
template <class X>
concept Operand = Operands<X>;

/// B is a valid operand beside A.
template <class B, class A>
concept OperandBeside = Operands<A, B>;

/// B and A are valid beside the signs + - * / and > < …: one of them is a Variable, or they are of
/// two scalars that go together. (Tensors of one scalar have signs of their own, and so have
/// Duals.)
template <class B, class A>
concept SignOperandBeside =
    Operands<A, B> &&
    (detail::is_variable<A> || detail::is_variable<B> ||
     !(std::is_arithmetic_v<A> || std::is_arithmetic_v<B> || std::is_same_v<Scalar<A>, Scalar<B>>));

/// What an operator returns: a Variable if one of its operands is a Variable, and else a Tensor.
template <class... X>
using ResultOf = std::conditional_t<(detail::is_variable<X> || ...), Variable<Scalar<X...>>,
                                    Tensor<Scalar<X...>>>;

namespace detail {

/// The result y of an operator as its operands X... want it.
template <class... X>
ResultOf<X...> result(Variable<Scalar<X...>>&& y) {
  if constexpr ((is_variable<X> || ...)) {
    return std::move(y);
  } else {
    return std::move(y).value();
  }
}

/// Several results, as their operand X wants them.
template <class X>
std::vector<ResultOf<X>> results(std::vector<Variable<Scalar<X>>>&& all) {
  if constexpr (is_variable<X>) {
    return std::move(all);
  } else {
    return or_out_of_memory("results", [&] {
      std::vector<ResultOf<X>> values;
      values.reserve(all.size());
      for (auto& y : all) values.push_back(std::move(y).value());
      return values;
    });
  }
}

}  // namespace detail
}  // namespace nablur
