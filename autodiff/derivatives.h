#pragma once
// Derivatives of a function of one's own, written once for every scalar: a callable that takes Variables and returns one.
//
//   const auto f = [](const auto& x) { return sum(exp(x)); };
//   jvp(f, x, v)           // forward mode, no tape
//   hvp(f, x, v)           // forward over reverse
//   hessian(f, x)
//
// jvp, vjp and hvp of a function of several arguments take them in braces: jvp(f, {x, y}, {v, w}).

#include <array>

#include <nablur/autodiff/gradients.h>

namespace nablur {
namespace detail {

// f(make(0), …, make(N − 1))
template <std::size_t N, class F, class Make>
auto call_with(const F& f, const Make& make) {
  return [&]<std::size_t... I>(std::index_sequence<I...>) { return f(make(I)...); }
  (std::make_index_sequence<N>{});
}

template <std::size_t N, class Make>
auto array_of(const Make& make) {
  return [&]<std::size_t... I>(std::index_sequence<I...>) { return std::array<decltype(make(std::size_t{0})), N>{make(I)...}; }
  (std::make_index_sequence<N>{});
}

inline Shape joined(const Shape& a, const Shape& b) {
  IntList sizes(a.rank() + b.rank(), 0);
  std::int64_t* at = sizes.begin();
  for (const std::int64_t n : a) *at++ = n;
  for (const std::int64_t n : b) *at++ = n;
  return Shape(std::span<const std::int64_t>(sizes.begin(), sizes.end()));
}

template <class T>
Tensor<T> unit(const Shape& shape, std::int64_t i) {
  auto e = Tensor<T>::zeros(shape);
  e.mutable_data()[i] = T(1);
  return e;
}

// columns[j] of `rows` numbers each, as the columns of one row-major array
template <class T, class Column>
Tensor<T> from_columns(const Shape& shape, std::int64_t rows, std::int64_t columns, const Column& column) {
  auto out = Tensor<T>::empty(shape);
  T* to = out.mutable_data();
  for (std::int64_t j = 0; j < columns; ++j) {
    const Tensor<T> c = column(j);
    for (std::int64_t i = 0; i < rows; ++i) to[i * columns + j] = c.data()[i];
  }
  return out;
}

}  // namespace detail

/// Jacobian-vector product: the derivative of f at x along v, of f(x)'s shape. Forward mode: costs about two evaluations and no
/// tape. Throws where x and v differ in shape.
template <class F, class T, std::size_t N>
Tensor<T> jvp(const F& f, const Tensor<T> (&x)[N], const Tensor<T> (&v)[N]) {
  return tangent_of(detail::call_with<N>(f, [&](std::size_t i) { return Variable<Dual<T>>(make_dual(x[i], v[i])); }).value());
}
template <class F, class T>
Tensor<T> jvp(const F& f, const Tensor<T>& x, const Tensor<T>& v) {
  return jvp(f, {x}, {v});
}

/// Vector-Jacobian product: the gradient of Σ seed·f at x, of x's shape. Throws where the seed has not f(x)'s shape.
template <class F, class T, std::size_t N>
std::array<Tensor<T>, N> vjp(const F& f, const Tensor<T> (&x)[N], const std::type_identity_t<Tensor<T>>& seed) {
  Tape<T> tape;
  const auto variables = detail::array_of<N>([&](std::size_t i) { return tape.variable(x[i]); });
  const auto d = gradients(detail::call_with<N>(
                               f, [&](std::size_t i) -> const auto& { return variables[i]; }),
                           seed);
  return detail::array_of<N>([&](std::size_t i) { return d[variables[i]]; });
}
template <class F, class T>
Tensor<T> vjp(const F& f, const Tensor<T>& x, const std::type_identity_t<Tensor<T>>& seed) {
  return vjp(f, {x}, seed)[0];
}

/// Hessian-vector product of a function of one element: the derivative of its gradient at x along v, of x's shape. Costs about
/// two gradients.
template <class F, class T, std::size_t N>
std::array<Tensor<T>, N> hvp(const F& f, const Tensor<T> (&x)[N], const Tensor<T> (&v)[N]) {
  Tape<Dual<T>> tape;
  const auto variables = detail::array_of<N>([&](std::size_t i) { return tape.variable(make_dual(x[i], v[i])); });
  const auto d = gradients(detail::call_with<N>(
      f, [&](std::size_t i) -> const auto& { return variables[i]; }));
  return detail::array_of<N>([&](std::size_t i) { return tangent_of(d[variables[i]]); });
}
template <class F, class T>
Tensor<T> hvp(const F& f, const Tensor<T>& x, const Tensor<T>& v) {
  return hvp(f, {x}, {v})[0];
}

/// All first derivatives: shape f(x).shape + x.shape. Forward or reverse mode, whichever takes fewer passes.
template <class F, class T>
Tensor<T> jacobian(const F& f, const Tensor<T>& x) {
  Tape<T> tape;
  const auto variable = tape.variable(x);
  const auto y = f(variable);
  const Shape shape = detail::joined(y.shape(), x.shape());
  if (x.size() <= y.size()) {
    return detail::from_columns<T>(shape, y.size(), x.size(),
                                   [&](std::int64_t j) { return jvp(f, x, detail::unit<T>(x.shape(), j)); });
  }
  auto out = Tensor<T>::empty(shape);
  T* to = out.mutable_data();
  for (std::int64_t i = 0; i < y.size(); ++i) {
    for (const T& number : gradients(y, detail::unit<T>(y.shape(), i))[variable]) *to++ = number;
  }
  return out;
}

/// All second derivatives of a function of one element: shape x.shape + x.shape.
template <class F, class T>
Tensor<T> hessian(const F& f, const Tensor<T>& x) {
  return detail::from_columns<T>(detail::joined(x.shape(), x.shape()), x.size(), x.size(),
                                 [&](std::int64_t j) { return hvp(f, x, detail::unit<T>(x.shape(), j)); });
}

}  // namespace nablur
