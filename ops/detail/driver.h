#pragma once
// Private: the one driver that puts an elementwise operator on the tape. What an operator computes
// stands in operators-inl.h, once for all scalars and instruction sets:
//
//   elementwise<Divide>("divide", a, b)

#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

#include <nablur/autodiff/detail/map.h>
#include <nablur/autodiff/tape.h>
#include <nablur/ops/detail/loops-inl.h>
#include <nablur/ops/detail/sweep.h>

namespace nablur::detail {

// The text of the operators as it is compiled for numbers and Duals.
namespace operators = HWY_NAMESPACE::operators;

/// The loop of F: that of Operator which the instruction set in use has, or element by element.
template <class F, class Operator, class T>
Loop<T> loop_of(Loop<T> OperatorLoops<T>::* loop) {
  constexpr std::size_t index = operators::Operators::index_of<Operator>();
  static_assert(index < operators::Operators::size, "the operator is not in the list");
  const Kernels<T>* const set = kernels<T>();
  if (set == nullptr || set->operators == nullptr) return &operators::PlainLoop<T, F>;
  return set->operators[index].*loop;
}

/// The loop over tensors that broadcast to `shape`.
template <class T, class... In>
Tensor<T> run_loop(Loop<T> loop, const Shape& shape, const In&... in) {
  return map_lines<T>(
      shape,
      [loop](std::int64_t n, T* out, const auto& strides, const auto*... x) {
        const T* const operands[] = {x...};
        loop(n, out, operands, strides.data());
      },
      in...);
}

/// F of each element of tensors that broadcast to `shape`.
template <class F, class Operator, class T, class... In>
Tensor<T> apply(Loop<T> OperatorLoops<T>::* loop, const Shape& shape, const In&... in) {
  return run_loop(loop_of<F, Operator, T>(loop), shape, in...);
}

/// The value of an operator that is only part of others.
template <class Operator, class T, class... In>
Tensor<T> apply_value(const Shape& shape, const Tensor<T>& first, const In&... rest) {
  return apply<operators::Value<Operator>, Operator>(&OperatorLoops<T>::value, shape, first,
                                                     rest...);
}

// ---- gradients --------------------------------------------------------------------------------

template <bool wanted, class T>
auto kept_if(const Tensor<T>& x) {
  if constexpr (wanted) {
    return std::tuple{x};
  } else {
    return std::tuple{};
  }
}

/// g times the slope, of the result's shape; `loop` is the slope's.
template <class Operator, class Slope, class T, class... Parameter>
auto pullback(Loop<T> OperatorLoops<T>::* loop, const Tensor<T>& a, const Tensor<T>& b,
              const Tensor<T>& y, const Parameter&... parameters) {
  if constexpr (std::is_same_v<Slope, Pass>) {
    return [](const Tensor<T>& g) { return g; };
  } else if constexpr (std::is_same_v<Slope, Negate>) {
    return [](const Tensor<T>& g) { return apply_value<operators::Negative>(g.shape(), g); };
  } else {
    return [loop, kept = std::tuple_cat(kept_if<Slope::at_a>(a), kept_if<Slope::at_b>(b),
                                        kept_if<Slope::at_y>(y),
                                        std::tuple{parameters...})](const Tensor<T>& g) {
      const auto times = [&](const auto&... x) {
        return apply<operators::Gradient<Slope>, Operator>(loop, g.shape(), g, x...);
      };
      return std::apply(times, kept);
    };
  }
}

// Only what an input on a tape needs for its gradient is kept: for a constant nothing is.
template <class Operator, class Slope, class T, class... Parameter>
auto pullback_for(const Variable<T>& input, Loop<T> OperatorLoops<T>::* loop, const Tensor<T>& a,
                  const Tensor<T>& b, const Tensor<T>& y, const Parameter&... parameters) {
  const Tensor<T> none;
  return input.is_constant() ? pullback<Operator, Slope>(loop, none, none, none, parameters...)
                             : pullback<Operator, Slope>(loop, a, b, y, parameters...);
}

// ---- the driver -------------------------------------------------------------------------------

/// Operator of a; its parameters are numbers, as tensors of rank 0.
template <class Operator, class T, class... Parameter>
  requires(std::is_same_v<Parameter, Tensor<T>> && ...)
Variable<T> elementwise(Name name, const Variable<T>& a, const Parameter&... parameters) {
  const Tensor<T>& x = a.value();
  Tensor<T> y = apply_value<Operator>(x.shape(), x, parameters...);
  auto to_a = pullback_for<Operator, typename Operator::ToA>(a, &OperatorLoops<T>::to_a, x, x, y,
                                                             parameters...);
  return record(name, std::move(y), {{a, std::move(to_a)}});
}

template <class Operator, class T>
Variable<T> elementwise(Name name, const Variable<T>& a, const Variable<T>& b) {
  const Tensor<T>& x0 = a.value();
  const Tensor<T>& x1 = b.value();
  Tensor<T> y = apply_value<Operator>(broadcast(name, x0.shape(), x1.shape()), x0, x1);
  auto to_a = pullback_for<Operator, typename Operator::ToA>(a, &OperatorLoops<T>::to_a, x0, x1, y);
  auto to_b = pullback_for<Operator, typename Operator::ToB>(b, &OperatorLoops<T>::to_b, x0, x1, y);
  return record(name, std::move(y), {{a, std::move(to_a)}, {b, std::move(to_b)}});
}

}  // namespace nablur::detail
