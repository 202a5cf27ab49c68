#pragma once
// Derivatives of a function of one's own, written once for every scalar: a callable that takes
// Variables and returns one.
//
//   const auto f = [](const auto& x) { return sum(exp(x)); };
//   jvp(f, x, v)           // forward mode, no tape
//   hvp(f, x, v)           // forward over reverse
//   hessian(f, x)
//
// A function of several arguments gets them in braces, jvp(f, {x, y}, {v, w}); results by argument
// come in a std::array. If their number is known only at run time, they come in a std::vector, f
// takes them in one, and so do results:
//
//   hvp([](const auto& x) { return sum(x[0] * x[1]); }, inputs, directions)

#include <array>
#include <vector>

#include <nablur/autodiff/gradients.h>

namespace nablur {
namespace detail {

// The arguments of a function are a std::array or a std::vector; what follows is written for both.

// {make(0), …, make(N − 1)}
template <std::size_t N, class Make>
auto array_of(Make make) {
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    return std::array<decltype(make(std::size_t{0})), N>{make(I)...};
  }(std::make_index_sequence<N>{});
}

// make(x) of each argument x, in a container of the same kind.
template <class X, std::size_t N, class Make>
auto each_of(const X (&x)[N], Make make) {
  return array_of<N>([&](std::size_t i) { return make(x[i]); });
}
template <class X, std::size_t N, class Make>
auto each_of(const std::array<X, N>& x, Make make) {
  return array_of<N>([&](std::size_t i) { return make(x[i]); });
}
template <class X, class Make>
auto each_of(const std::vector<X>& x, Make make) {
  std::vector<decltype(make(x[0]))> all;
  or_out_of_memory("derivatives", [&] { all.reserve(x.size()); });
  for (const X& one : x) all.push_back(make(one));
  return all;
}

// f(x…) with a plain sentence for a function of Variable<double> alone.
template <class F, class... X>
auto call_generic(const F& f, const X&... x) {
  static_assert(std::is_invocable_v<const F&, const X&...>,
                "f must take Variables of every scalar, as [](const auto& x) does: forward mode "
                "calls it with Duals");
  return f(x...);
}
template <class F, class X, std::size_t N>
auto call(const F& f, const std::array<X, N>& x) {
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    return call_generic(f, x[I]...);
  }(std::make_index_sequence<N>{});
}
template <class F, class X>
auto call(const F& f, const std::vector<X>& x) {
  return call_generic(f, x);
}

inline Shape joined(const Shape& a, const Shape& b) {
  IntList sizes(a.rank() + b.rank(), 0);
  std::int64_t* at = sizes.begin();
  for (const std::int64_t n : a) *at++ = n;
  for (const std::int64_t n : b) *at++ = n;
  return Shape(sizes);
}

template <class T>
Tensor<T> unit(const Shape& shape, std::int64_t i) {
  auto e = Tensor<T>::zeros(shape);
  e.mutable_data()[i] = T(1);
  return e;
}

template <class Args>
void require_shapes(const char* op, const Args& x, const Args& v) {
  if (x.size() != v.size()) fail(op, ": ", x.size(), " inputs and ", v.size(), " directions");
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (!(x[i].shape() == v[i].shape())) {
      fail(op, ": x", i, " has shape ", x[i].shape(), ", its direction ", v[i].shape());
    }
  }
}

inline void require_one_element(const char* op, const Shape& y) {
  if (y.size() != 1) fail(op, ": f must have one element, got shape ", y);
}

// x with tangent v, each made by `make`.
template <class Args, class Make>
auto each_with_tangent(const char* op, const Args& x, const Args& v, const Make& make) {
  require_shapes(op, x, v);
  return each_of(x, [&, i = std::size_t{0}](const auto& value) mutable {
    return make(make_dual(value, v[i++]));
  });
}

template <class F, class T, class Args>
Tensor<T> jvp(const char* op, const F& f, const Args& x, const Args& v) {
  const auto constant = [](const Tensor<Dual<T>>& d) { return Variable<Dual<T>>(d); };
  return tangent_of(call(f, each_with_tangent(op, x, v, constant)).value());
}

template <class F, class T, class Args>
auto vjp(const F& f, const Args& x, const Tensor<T>& seed) {
  Tape<T> tape;
  const auto variables = each_of(x, [&](const Tensor<T>& value) { return tape.variable(value); });
  const Variable<T> y = call(f, variables);
  if (!(y.shape() == seed.shape())) {
    fail("vjp: the seed must have f's shape ", y.shape(), ", got ", seed.shape());
  }
  const auto d = gradients(y, seed);
  return each_of(variables, [&](const Variable<T>& variable) { return d[variable]; });
}

}  // namespace detail

/// The result of hvp_with_gradient: f's value, its gradient and the Hessian-vector product. The
/// latter two are Tensors, or for a function of several arguments std::arrays or std::vectors of
/// Tensors.
template <class T, class G>
struct SecondOrder {
  T value;
  G gradient;
  G product;
};

namespace detail {

// finish(y, the gradient of y by each argument), in Duals whose tangents are derivatives along v:
// that of f's value, and the Hessian-vector product.
template <class F, class T, class Args, class Finish>
auto forward_over_reverse(const char* op, const F& f, const Args& x, const Args& v,
                          const Finish& finish) {
  Tape<Dual<T>> tape;
  const auto variables =
      each_with_tangent(op, x, v, [&](const Tensor<Dual<T>>& d) { return tape.variable(d); });
  const Variable<Dual<T>> y = call(f, variables);
  require_one_element(op, y.shape());
  const auto d = gradients(y);
  return finish(y, each_of(variables, [&](const Variable<Dual<T>>& i) { return d[i]; }));
}

template <class F, class T, class Args>
Args hvp(const char* op, const F& f, const Args& x, const Args& v) {
  return forward_over_reverse<F, T>(op, f, x, v, [](const auto&, const auto& d) {
    return each_of(d, [](const Tensor<Dual<T>>& g) { return tangent_of(g); });
  });
}

template <class F, class T, class Args>
SecondOrder<T, Args> hvp_with_gradient(const F& f, const Args& x, const Args& v) {
  const auto all = [](const Variable<Dual<T>>& y, const auto& d) {
    return SecondOrder<T, Args>{
        y.item().value, each_of(d, [](const Tensor<Dual<T>>& g) { return g.template cast<T>(); }),
        each_of(d, [](const Tensor<Dual<T>>& g) { return tangent_of(g); })};
  };
  return forward_over_reverse<F, T>("hvp", f, x, v, all);
}

template <class Args>
std::int64_t total_size(const Args& x) {
  std::int64_t total = 0;
  for (const auto& value : x) total += value.size();
  return total;
}

// For each argument k and each of its elements j: column(k, j, the unit vector there, with zeros
// for the other arguments).
template <class T, class Args, class Column>
void for_each_unit(const Args& x, const Column& column) {
  for (std::size_t k = 0; k < x.size(); ++k) {
    for (std::int64_t j = 0; j < x[k].size(); ++j) {
      column(k, j, each_of(x, [&, i = std::size_t{0}](const Tensor<T>& value) mutable {
               return i++ == k ? unit<T>(value.shape(), j) : Tensor<T>::zeros(value.shape());
             }));
    }
  }
}

// Writes c as column j of the matrix `out`. f is called for each column, and might give another
// shape each time.
template <class T>
void set_column(const char* op, Tensor<T>& out, const Shape& rows, std::int64_t columns,
                std::int64_t j, const Tensor<T>& c) {
  if (!(c.shape() == rows)) {
    fail(op, ": f gave shape ", rows, " and then ", c.shape(), ", at the same input");
  }
  T* const to = out.mutable_data();
  for (std::int64_t i = 0; i < c.size(); ++i) to[i * columns + j] = c.data()[i];
}

template <class F, class T, class Args>
Args jacobian(const F& f, const Args& x) {
  Tape<T> tape;
  const auto variables = each_of(x, [&](const Tensor<T>& value) { return tape.variable(value); });
  const Variable<T> y = call(f, variables);
  Args blocks = each_of(x, [&](const Tensor<T>& value) {
    return Tensor<T>::empty(joined(y.shape(), value.shape()));
  });
  if (total_size(x) <= y.size()) {
    for_each_unit<T>(x, [&](std::size_t k, std::int64_t j, const Args& e) {
      set_column("jacobian", blocks[k], y.shape(), x[k].size(), j, jvp<F, T>("jacobian", f, x, e));
    });
    return blocks;
  }
  for (std::int64_t i = 0; i < y.size(); ++i) {
    const auto d = gradients(y, unit<T>(y.shape(), i));
    for (std::size_t k = 0; k < x.size(); ++k) {
      T* to = blocks[k].mutable_data() + i * x[k].size();
      for (const T& element : d[variables[k]]) *to++ = element;
    }
  }
  return blocks;
}

template <class F, class T, class Args>
auto hessian(const F& f, const Args& x) {
  auto blocks = each_of(x, [&](const Tensor<T>& row) {
    return each_of(x, [&](const Tensor<T>& column) {
      return Tensor<T>::empty(joined(row.shape(), column.shape()));
    });
  });
  for_each_unit<T>(x, [&](std::size_t k, std::int64_t j, const Args& e) {
    const Args columns = hvp<F, T>("hessian", f, x, e);
    for (std::size_t i = 0; i < x.size(); ++i) {
      set_column("hessian", blocks[i][k], x[i].shape(), x[k].size(), j, columns[i]);
    }
  });
  if (total_size(x) == 0) {  // f was never called
    const auto constants = each_of(x, [](const Tensor<T>& value) { return Variable<T>(value); });
    require_one_element("hessian", Variable<T>(call(f, constants)).shape());
  }
  return blocks;
}

}  // namespace detail

/// Jacobian-vector product: the derivative of f at x along v, of f(x)'s shape. Forward mode: costs
/// about two evaluations and no tape. Throws if x and v differ in shape.
template <class F, class T>
Tensor<T> jvp(const F& f, const Tensor<T>& x, const Tensor<T>& v) {
  return detail::jvp<F, T>("jvp", f, std::array{x}, std::array{v});
}
template <class F, class T, std::size_t N>
Tensor<T> jvp(const F& f, const Tensor<T> (&x)[N], const Tensor<T> (&v)[N]) {
  return detail::jvp<F, T>("jvp", f, std::to_array(x), std::to_array(v));
}
template <class F, class T>
Tensor<T> jvp(const F& f, const std::vector<Tensor<T>>& x, const std::vector<Tensor<T>>& v) {
  return detail::jvp<F, T>("jvp", f, x, v);
}

/// Vector-Jacobian product: the gradient of Σ seed·f at x, of x's shape. Throws if the seed does
/// not have f(x)'s shape.
template <class F, class T>
Tensor<T> vjp(const F& f, const Tensor<T>& x, const std::type_identity_t<Tensor<T>>& seed) {
  return detail::vjp<F, T>(f, std::array{x}, seed)[0];
}
template <class F, class T, std::size_t N>
std::array<Tensor<T>, N> vjp(const F& f, const Tensor<T> (&x)[N],
                             const std::type_identity_t<Tensor<T>>& seed) {
  return detail::vjp<F, T>(f, std::to_array(x), seed);
}
template <class F, class T>
std::vector<Tensor<T>> vjp(const F& f, const std::vector<Tensor<T>>& x,
                           const std::type_identity_t<Tensor<T>>& seed) {
  return detail::vjp<F, T>(f, x, seed);
}

/// Hessian-vector product of a function of one element: the derivative of its gradient at x along
/// v, of x's shape. Costs about two gradients. Throws if f has more than one element or x and v
/// differ in shape.
template <class F, class T>
Tensor<T> hvp(const F& f, const Tensor<T>& x, const Tensor<T>& v) {
  return detail::hvp<F, T>("hvp", f, std::array{x}, std::array{v})[0];
}
template <class F, class T, std::size_t N>
std::array<Tensor<T>, N> hvp(const F& f, const Tensor<T> (&x)[N], const Tensor<T> (&v)[N]) {
  return detail::hvp<F, T>("hvp", f, std::to_array(x), std::to_array(v));
}
template <class F, class T>
std::vector<Tensor<T>> hvp(const F& f, const std::vector<Tensor<T>>& x,
                           const std::vector<Tensor<T>>& v) {
  return detail::hvp<F, T>("hvp", f, x, v);
}

/// hvp together with f's value and gradient, which the same pass finds.
template <class F, class T>
SecondOrder<T, Tensor<T>> hvp_with_gradient(const F& f, const Tensor<T>& x, const Tensor<T>& v) {
  auto [value, gradient, product] =
      detail::hvp_with_gradient<F, T>(f, std::array{x}, std::array{v});
  return {value, gradient[0], product[0]};
}
template <class F, class T, std::size_t N>
SecondOrder<T, std::array<Tensor<T>, N>> hvp_with_gradient(const F& f, const Tensor<T> (&x)[N],
                                                           const Tensor<T> (&v)[N]) {
  return detail::hvp_with_gradient<F, T>(f, std::to_array(x), std::to_array(v));
}
template <class F, class T>
SecondOrder<T, std::vector<Tensor<T>>> hvp_with_gradient(const F& f,
                                                         const std::vector<Tensor<T>>& x,
                                                         const std::vector<Tensor<T>>& v) {
  return detail::hvp_with_gradient<F, T>(f, x, v);
}

/// All first derivatives: shape f(x).shape + x.shape; of several arguments, one such Tensor for
/// each. Forward or reverse mode, whichever takes fewer passes. In forward mode f is called once
/// for each pass; throws if it then gives another shape.
template <class F, class T>
Tensor<T> jacobian(const F& f, const Tensor<T>& x) {
  return detail::jacobian<F, T>(f, std::array{x})[0];
}
template <class F, class T, std::size_t N>
std::array<Tensor<T>, N> jacobian(const F& f, const Tensor<T> (&x)[N]) {
  return detail::jacobian<F, T>(f, std::to_array(x));
}
template <class F, class T>
std::vector<Tensor<T>> jacobian(const F& f, const std::vector<Tensor<T>>& x) {
  return detail::jacobian<F, T>(f, x);
}

/// All second derivatives of a function of one element: shape x.shape + x.shape; of several
/// arguments, [i][j] is the derivative by arguments i and j. Throws if f has more than one element.
template <class F, class T>
Tensor<T> hessian(const F& f, const Tensor<T>& x) {
  return detail::hessian<F, T>(f, std::array{x})[0][0];
}
template <class F, class T, std::size_t N>
std::array<std::array<Tensor<T>, N>, N> hessian(const F& f, const Tensor<T> (&x)[N]) {
  return detail::hessian<F, T>(f, std::to_array(x));
}
template <class F, class T>
std::vector<std::vector<Tensor<T>>> hessian(const F& f, const std::vector<Tensor<T>>& x) {
  return detail::hessian<F, T>(f, x);
}

}  // namespace nablur
