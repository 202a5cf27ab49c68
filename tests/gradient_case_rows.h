#pragma once
// How the rows of the table of gradient cases are made.

#include <cmath>
#include <limits>

#include "gradient_cases.h"

namespace nablur::cases {

using Real = long double;
using Wide = std::vector<Real>;

inline constexpr double kInf = std::numeric_limits<double>::infinity();
inline constexpr double kTiny = 5e-324;
inline constexpr double kHuge = 1.7e308;

// ---- making rows ------------------------------------------------------------------------------

template <class F, std::size_t N>
GradientCase row(std::string name, std::string variant, const Tensor<double> (&inputs)[N], F f,
                 std::function<Tensor<double>(const Inputs&)> expected,
                 std::vector<Inputs> edges = {}) {
  const auto spread = [f](const auto& x) {
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      return f(x[I]...);
    }(std::make_index_sequence<N>{});
  };
  GradientCase c{std::move(name),
                 std::move(variant),
                 Kind::other,
                 Inputs(inputs, inputs + N),
                 std::move(edges),
                 spread,
                 spread,
                 spread,
                 spread,
                 std::move(expected),
                 {}};
  c.compare = [f, list = c.inputs](const CompareOptions& options) {
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      return compare_gradients(f, {list[I]...}, options);
    }(std::make_index_sequence<N>{});
  };
  return c;
}

inline std::size_t flat(std::int64_t i) { return static_cast<std::size_t>(i); }

// The element of a broadcast operand that stands at a place of the result, found axis by axis.
inline double at_place(const Tensor<double>& x, const Shape& shape, std::int64_t place) {
  std::int64_t index = 0;
  std::int64_t stride = 1;
  for (std::int64_t back = 1; back <= shape.rank(); ++back) {
    const std::int64_t i = place % shape[-back];
    place /= shape[-back];
    if (back > x.rank()) continue;
    if (x.shape()[-back] != 1) index += i * stride;
    stride *= x.shape()[-back];
  }
  return x.data()[index];
}

template <class F, class Expected, std::size_t N>
GradientCase elementwise(std::string name, const Tensor<double> (&inputs)[N], F f,
                         Expected expected, std::vector<Inputs> edges) {
  auto c = row(std::move(name), "", inputs, f, {}, std::move(edges));
  c.kind = Kind::elementwise;
  c.expected = [expected](const Inputs& x) {
    Shape shape = x[0].shape();
    for (const auto& t : x) shape = broadcast("expected", shape, t.shape());
    auto y = Tensor<double>::empty(shape);
    for (std::int64_t i = 0; i < y.size(); ++i) {
      y.mutable_data()[i] = static_cast<double>([&]<std::size_t... I>(std::index_sequence<I...>) {
        return expected(static_cast<Real>(at_place(x[I], shape, i))...);
      }(std::make_index_sequence<N>{}));
    }
    return y;
  };
  return c;
}

inline std::vector<Inputs> at(std::initializer_list<double> points) {
  return {{Tensor<double>(points)}};
}

// All pairs of the points, as two inputs.
inline std::vector<Inputs> pairs(std::initializer_list<double> points) {
  const auto n = static_cast<std::int64_t>(points.size());
  Tensor<double> a = Tensor<double>::empty({n, n});
  Tensor<double> b = a;
  for (std::int64_t i = 0; i < n * n; ++i) {
    a.mutable_data()[i] = points.begin()[i / n];
    b.mutable_data()[i] = points.begin()[i % n];
  }
  return {{a, b}};
}

inline Tensor<double> normal(const Shape& shape, double scale = 1, double shift = 0) {
  Random random(7);
  return Tensor<double>::normal(shape, random) * scale + shift;
}
inline Tensor<double> normal_too(const Shape& shape, double scale = 1, double shift = 0) {
  Random random(11);
  return Tensor<double>::normal(shape, random) * scale + shift;
}
inline Tensor<double> positive(const Shape& shape, double low = 0.5, double high = 3) {
  Random random(5);
  return Tensor<double>::uniform(shape, random) * (high - low) + low;
}

// The rows, a function a family.
void add_arithmetic(std::vector<GradientCase>& rows);
void add_elementwise(std::vector<GradientCase>& rows);
void add_reduce(std::vector<GradientCase>& rows);
void add_reshape(std::vector<GradientCase>& rows);
void add_products(std::vector<GradientCase>& rows);
void add_filters(std::vector<GradientCase>& rows);

}  // namespace nablur::cases
