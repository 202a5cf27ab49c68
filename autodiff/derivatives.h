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

// column(j), each of shape `rows`, as the columns of one row-major array. f is asked for each of them, and may turn out to be no
// function.
template <class T, class Column>
Tensor<T> from_columns(const char* op, const Shape& rows, const Shape& columns, const Column& column) {
  auto out = Tensor<T>::empty(joined(rows, columns));
  T* to = out.mutable_data();
  const std::int64_t n = columns.size();
  for (std::int64_t j = 0; j < n; ++j) {
    const Tensor<T> c = column(unit<T>(columns, j));
    if (!(c.shape() == rows)) fail(op, ": f gave shape ", rows, " and then ", c.shape(), ", at the same input");
    for (std::int64_t i = 0; i < c.size(); ++i) to[i * n + j] = c.data()[i];
  }
  return out;
}

template <std::size_t N, class T>
void require_shapes(const char* op, const Tensor<T> (&x)[N], const Tensor<T> (&v)[N]) {
  for (std::size_t i = 0; i < N; ++i) {
    if (!(x[i].shape() == v[i].shape())) fail(op, ": x", i, " has shape ", x[i].shape(), ", its direction ", v[i].shape());
  }
}

inline void require_one_element(const char* op, const Shape& y) {
  if (y.size() != 1) fail(op, ": f must have one element, got shape ", y);
}

template <class F, class T, std::size_t N>
std::array<Tensor<T>, N> hvp(const char* op, const F& f, const Tensor<T> (&x)[N], const Tensor<T> (&v)[N]) {
  require_shapes(op, x, v);
  Tape<Dual<T>> tape;
  const auto variables = array_of<N>([&](std::size_t i) { return tape.variable(make_dual(x[i], v[i])); });
  const Variable<Dual<T>> y = call_with<N>(
      f, [&](std::size_t i) -> const auto& { return variables[i]; });
  require_one_element(op, y.shape());
  const auto d = gradients(y);
  return array_of<N>([&](std::size_t i) { return tangent_of(d[variables[i]]); });
}

}  // namespace detail

/// Jacobian-vector product: the derivative of f at x along v, of f(x)'s shape. Forward mode: costs about two evaluations and no
/// tape. Throws if x and v differ in shape.
template <class F, class T, std::size_t N>
Tensor<T> jvp(const F& f, const Tensor<T> (&x)[N], const Tensor<T> (&v)[N]) {
  detail::require_shapes("jvp", x, v);
  return tangent_of(detail::call_with<N>(f, [&](std::size_t i) { return Variable<Dual<T>>(make_dual(x[i], v[i])); }).value());
}
template <class F, class T>
Tensor<T> jvp(const F& f, const Tensor<T>& x, const Tensor<T>& v) {
  return jvp(f, {x}, {v});
}

/// Vector-Jacobian product: the gradient of Σ seed·f at x, of x's shape. Throws if the seed does not have f(x)'s shape.
template <class F, class T, std::size_t N>
std::array<Tensor<T>, N> vjp(const F& f, const Tensor<T> (&x)[N], const std::type_identity_t<Tensor<T>>& seed) {
  Tape<T> tape;
  const auto variables = detail::array_of<N>([&](std::size_t i) { return tape.variable(x[i]); });
  const Variable<T> y = detail::call_with<N>(
      f, [&](std::size_t i) -> const auto& { return variables[i]; });
  if (!(y.shape() == seed.shape())) fail("vjp: the seed must have f's shape ", y.shape(), ", got ", seed.shape());
  const auto d = gradients(y, seed);
  return detail::array_of<N>([&](std::size_t i) { return d[variables[i]]; });
}
template <class F, class T>
Tensor<T> vjp(const F& f, const Tensor<T>& x, const std::type_identity_t<Tensor<T>>& seed) {
  return vjp(f, {x}, seed)[0];
}

/// Hessian-vector product of a function of one element: the derivative of its gradient at x along v, of x's shape. Costs about
/// two gradients. Throws if f has more than one element or x and v differ in shape.
template <class F, class T, std::size_t N>
std::array<Tensor<T>, N> hvp(const F& f, const Tensor<T> (&x)[N], const Tensor<T> (&v)[N]) {
  return detail::hvp("hvp", f, x, v);
}
template <class F, class T>
Tensor<T> hvp(const F& f, const Tensor<T>& x, const Tensor<T>& v) {
  return hvp(f, {x}, {v})[0];
}

/// All first derivatives: shape f(x).shape + x.shape. Forward or reverse mode, whichever takes fewer passes. f is called once
/// for each pass in forward mode; throws if it then gives another shape.
template <class F, class T>
Tensor<T> jacobian(const F& f, const Tensor<T>& x) {
  Tape<T> tape;
  const auto variable = tape.variable(x);
  const Variable<T> y = f(variable);
  if (x.size() <= y.size()) {
    return detail::from_columns<T>("jacobian", y.shape(), x.shape(), [&](const Tensor<T>& e) { return jvp(f, x, e); });
  }
  auto out = Tensor<T>::empty(detail::joined(y.shape(), x.shape()));
  T* to = out.mutable_data();
  for (std::int64_t i = 0; i < y.size(); ++i) {
    for (const T& number : gradients(y, detail::unit<T>(y.shape(), i))[variable]) *to++ = number;
  }
  return out;
}

/// All second derivatives of a function of one element: shape x.shape + x.shape. Throws if f has more than one element.
template <class F, class T>
Tensor<T> hessian(const F& f, const Tensor<T>& x) {
  if (x.size() == 0) detail::require_one_element("hessian", Variable<T>(f(Variable<T>(x))).shape());
  const Tensor<T> inputs[] = {x};
  return detail::from_columns<T>("hessian", x.shape(), x.shape(), [&](const Tensor<T>& e) {
    const Tensor<T> direction[] = {e};
    return detail::hvp("hessian", f, inputs, direction)[0];
  });
}

}  // namespace nablur
