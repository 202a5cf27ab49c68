#pragma once
// A function of the caller's, as the compiled half of compare_gradients sees it: without its type.

#include <cstdint>
#include <vector>

#include <nablur/autodiff/derivatives.h>

namespace nablur::detail {

/// A value and the gradients of its weighted sum; those of constants, and all of them if the value
/// has not the weights' shape, are left empty.
template <class S>
struct Recorded {
  Tensor<S> value;
  std::vector<Tensor<S>> gradients;
};

/// How f is evaluated. Each function calls it once.
template <class T>
struct ComparedFunction {
  using Tensors = std::span<const Tensor<T>>;
  const void* f;
  Tensor<T> (*value)(const void* f, Tensors x);
  Tensor<T> (*tangent)(const void* f, Tensors x, Tensors v);
  /// On a tape; input i is a constant if bit i of `constants` is set.
  Recorded<T> (*recorded)(const void* f, Tensors x, std::uint64_t constants,
                          const Tensor<T>& weights);
  /// The derivatives along v of value and gradients: Hessian-vector products.
  Recorded<T> (*curvature)(const void* f, Tensors x, Tensors v, const Tensor<T>& weights);
};

template <std::size_t N, class S, class F, class Make>
Recorded<S> record_with(const F& f, const Make& make, const Tensor<S>& weights) {
  Tape<S> tape;
  const auto x = array_of<N>([&](std::size_t i) { return make(tape, i); });
  const Variable<S> y = call(f, x);
  Recorded<S> result{y.value(), std::vector<Tensor<S>>(N)};
  if (!(y.shape() == weights.shape())) return result;
  const auto d = gradients(y, weights);
  for (std::size_t i = 0; i < N; ++i) {
    if (!x[i].is_constant()) result.gradients[i] = d[x[i]];
  }
  return result;
}

template <std::size_t N, class T, class F>
ComparedFunction<T> compared_function(const F& f) {
  using Tensors = typename ComparedFunction<T>::Tensors;
  ComparedFunction<T> function;
  function.f = &f;
  function.value = [](const void* g, Tensors x) {
    const auto constant = [&](std::size_t i) { return Variable<T>(x[i]); };
    const Variable<T> y = call(*static_cast<const F*>(g), array_of<N>(constant));
    return y.value();
  };
  function.tangent = [](const void* g, Tensors x, Tensors v) {
    const auto dual = [&](std::size_t i) { return Variable<Dual<T>>(make_dual(x[i], v[i])); };
    const Variable<Dual<T>> y = call(*static_cast<const F*>(g), array_of<N>(dual));
    return tangent_of(y.value());
  };
  function.recorded = [](const void* g, Tensors x, std::uint64_t constants,
                         const Tensor<T>& weights) {
    const auto make = [&](Tape<T>& tape, std::size_t i) {
      return i < 64 && (constants >> i & 1) != 0 ? Variable<T>(x[i]) : tape.variable(x[i]);
    };
    return record_with<N, T>(*static_cast<const F*>(g), make, weights);
  };
  function.curvature = [](const void* g, Tensors x, Tensors v, const Tensor<T>& weights) {
    const auto make = [&](Tape<Dual<T>>& tape, std::size_t i) {
      return tape.variable(make_dual(x[i], v[i]));
    };
    const auto dual =
        record_with<N, Dual<T>>(*static_cast<const F*>(g), make, weights.template cast<Dual<T>>());
    Recorded<T> result{tangent_of(dual.value), {}};
    for (const auto& d : dual.gradients) result.gradients.push_back(tangent_of(d));
    return result;
  };
  return function;
}

}  // namespace nablur::detail
