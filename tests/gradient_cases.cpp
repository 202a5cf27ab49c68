#include "gradient_cases.h"

#include <cmath>

#include "reference_blur.h"

namespace nablur::cases {
namespace {

using Real = long double;
using Wide = std::vector<Real>;

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kTiny = 5e-324;
constexpr double kHuge = 1.7e308;

// ---- making rows ----------------------------------------------------------------------------------------------------

template <class F, std::size_t N>
GradientCase row(std::string name, std::string variant, const Tensor<double> (&inputs)[N], F f,
                 std::function<Tensor<double>(const Inputs&)> expected, std::vector<Inputs> edges = {}) {
  const auto spread = [f](const auto& x) {
    return [&]<std::size_t... I>(std::index_sequence<I...>) { return f(x[I]...); }
    (std::make_index_sequence<N>{});
  };
  GradientCase c{
      std::move(name), std::move(variant),  Kind::other, Inputs(inputs, inputs + N), std::move(edges), spread, spread, spread,
      spread,          std::move(expected), {}};
  c.compare = [f, list = c.inputs](const CompareOptions& options) {
    return [&]<std::size_t... I>(std::index_sequence<I...>) { return compare_gradients(f, {list[I]...}, options); }
    (std::make_index_sequence<N>{});
  };
  return c;
}

std::size_t flat(std::int64_t i) { return static_cast<std::size_t>(i); }

// The element of a broadcast operand that stands at a place of the result, found axis by axis.
double at_place(const Tensor<double>& x, const Shape& shape, std::int64_t place) {
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
GradientCase elementwise(std::string name, const Tensor<double> (&inputs)[N], F f, Expected expected, std::vector<Inputs> edges) {
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

std::vector<Inputs> at(std::initializer_list<double> points) { return {{Tensor<double>(points)}}; }

// All pairs of the points, as two inputs.
std::vector<Inputs> pairs(std::initializer_list<double> points) {
  const auto n = static_cast<std::int64_t>(points.size());
  Tensor<double> a = Tensor<double>::empty({n, n});
  Tensor<double> b = a;
  for (std::int64_t i = 0; i < n * n; ++i) {
    a.mutable_data()[i] = points.begin()[i / n];
    b.mutable_data()[i] = points.begin()[i % n];
  }
  return {{a, b}};
}

Tensor<double> normal(const Shape& shape, double scale = 1, double shift = 0) {
  Random random(7);
  return Tensor<double>::normal(shape, random) * scale + shift;
}
Tensor<double> normal_too(const Shape& shape, double scale = 1, double shift = 0) {
  Random random(11);
  return Tensor<double>::normal(shape, random) * scale + shift;
}
Tensor<double> positive(const Shape& shape, double low = 0.5, double high = 3) {
  Random random(5);
  return Tensor<double>::uniform(shape, random) * (high - low) + low;
}

// ---- the rows, a function a family ----------------------------------------------------------------------------------

void add_arithmetic(std::vector<GradientCase>& rows) {
  const Tensor<double> a = normal({3, 4});
  const Tensor<double> b = normal_too({3, 4}, 1, 4);  // away from 0 and from ties
  const Tensor<double> column = normal_too({3, 1}, 1, 4);
  const auto special = pairs({0.0, -0.0, 1.0, -800.0, 800.0, kTiny, kHuge, kInf, -kInf});
  const auto plus = [](Real x, Real y) { return static_cast<double>(x) + static_cast<double>(y); };
  const auto minus = [](Real x, Real y) { return static_cast<double>(x) - static_cast<double>(y); };
  const auto times = [](Real x, Real y) { return static_cast<double>(x) * static_cast<double>(y); };
  const auto over = [](Real x, Real y) { return static_cast<double>(x) / static_cast<double>(y); };
  rows.push_back(elementwise(
      "operator+", {a, column}, [](const auto& x, const auto& y) { return x + y; }, plus, special));
  rows.push_back(elementwise(
      "operator-", {a, column}, [](const auto& x, const auto& y) { return x - y; }, minus, special));
  rows.push_back(elementwise(
      "operator-", {a}, [](const auto& x) { return -x; }, [](Real x) { return -x; }, at({0.0, kInf})));
  rows.back().variant = "unary";
  rows.push_back(elementwise(
      "operator*", {a, column}, [](const auto& x, const auto& y) { return x * y; }, times, special));
  rows.push_back(elementwise(
      "operator/", {a, column}, [](const auto& x, const auto& y) { return x / y; }, over,
      pairs({0.0, 1.0, -3.0, 800.0, kTiny, kHuge, kInf})));
  const auto then = [](const auto& x, const auto& change) {
    auto z = x;
    change(z);
    return z;
  };
  rows.push_back(elementwise("operator+=", {a, b},
                             [then](const auto& x, const auto& y) { return then(x, [&](auto& z) { z += y; }); }, plus, {}));
  rows.push_back(elementwise("operator-=", {a, b},
                             [then](const auto& x, const auto& y) { return then(x, [&](auto& z) { z -= y; }); }, minus, {}));
  rows.push_back(elementwise("operator*=", {a, b},
                             [then](const auto& x, const auto& y) { return then(x, [&](auto& z) { z *= y; }); }, times, {}));
  rows.push_back(elementwise("operator/=", {a, b},
                             [then](const auto& x, const auto& y) { return then(x, [&](auto& z) { z /= y; }); }, over, {}));
  rows.push_back(elementwise(
      "pow", {positive({3, 4}), normal({4})}, [](const auto& x, const auto& y) { return pow(x, y); },
      [](Real x, Real y) { return std::pow(x, y); }, pairs({0.0, 0.5, 1.0, 2.0, 3.0, 800.0})));
  rows.push_back(elementwise(
      "maximum", {a, normal_too({4})}, [](const auto& x, const auto& y) { return maximum(x, y); },
      [](Real x, Real y) { return x > y ? x : y; }, special));
  rows.push_back(elementwise(
      "minimum", {a, normal_too({4})}, [](const auto& x, const auto& y) { return minimum(x, y); },
      [](Real x, Real y) { return x < y ? x : y; }, special));
  const Tensor<bool> mask(Shape{3, 1}, {true, false, true});
  rows.push_back(row(
      "where", "", {a, normal({4})}, [mask](const auto& x, const auto& y) { return where(mask, x, y); },
      [](const Inputs& x) {
        auto y = Tensor<double>::empty({3, 4});
        for (int i = 0; i < 12; ++i) y.mutable_data()[i] = i / 4 != 1 ? x[0].data()[i] : x[1].data()[i % 4];
        return y;
      }));
}

void add_elementwise(std::vector<GradientCase>& rows) {
  const Tensor<double> x = normal({3, 4}, 2);
  const auto everywhere = at({-kInf, -kHuge, -800, -40, -1, -kTiny, -0.0, 0.0, kTiny, 1e-300, 1, 40, 800, kHuge, kInf});
  const auto right = at({0.0, kTiny, 1e-300, 1, 800, kHuge, kInf});
  const auto bounded = at({-800, -1, -kTiny, -0.0, 0.0, kTiny, 1, 800});
  rows.push_back(elementwise(
      "exp", {x}, [](const auto& a) { return exp(a); }, [](Real a) { return std::exp(a); }, everywhere));
  rows.push_back(elementwise(
      "log", {positive({3, 4})}, [](const auto& a) { return log(a); }, [](Real a) { return std::log(a); }, right));
  rows.push_back(elementwise(
      "expm1", {x}, [](const auto& a) { return expm1(a); }, [](Real a) { return std::expm1(a); }, everywhere));
  rows.push_back(elementwise(
      "log1p", {positive({3, 4}, -0.5, 3)}, [](const auto& a) { return log1p(a); }, [](Real a) { return std::log1p(a); },
      at({-1, -kTiny, -0.0, 0.0, kTiny, 1e-300, 800, kHuge, kInf})));
  rows.push_back(elementwise(
      "sqrt", {positive({3, 4})}, [](const auto& a) { return sqrt(a); }, [](Real a) { return std::sqrt(a); }, right));
  rows.push_back(elementwise(
      "square", {x}, [](const auto& a) { return square(a); }, [](Real a) { return a * a; }, everywhere));
  rows.push_back(elementwise(
      "abs", {x}, [](const auto& a) { return abs(a); }, [](Real a) { return std::fabs(a); }, everywhere));
  rows.push_back(elementwise(
      "sin", {x}, [](const auto& a) { return sin(a); }, [](Real a) { return std::sin(a); }, bounded));
  rows.push_back(elementwise(
      "cos", {x}, [](const auto& a) { return cos(a); }, [](Real a) { return std::cos(a); }, bounded));
  rows.push_back(elementwise(
      "tanh", {x}, [](const auto& a) { return tanh(a); }, [](Real a) { return std::tanh(a); }, everywhere));
  rows.push_back(elementwise(
      "sigmoid", {x}, [](const auto& a) { return sigmoid(a); }, [](Real a) { return 1 / (1 + std::exp(-a)); }, everywhere));
  rows.push_back(elementwise(
      "softplus", {x}, [](const auto& a) { return softplus(a); }, [](Real a) { return a > 100 ? a : std::log1p(std::exp(a)); },
      everywhere));
  rows.push_back(elementwise(
      "relu", {x}, [](const auto& a) { return relu(a); }, [](Real a) { return a > 0 ? a : 0; }, everywhere));
  rows.push_back(elementwise(
      "erf", {x}, [](const auto& a) { return erf(a); }, [](Real a) { return std::erf(a); }, everywhere));
  rows.push_back(elementwise(
      "reciprocal", {positive({3, 4})}, [](const auto& a) { return reciprocal(a); },
      [](Real a) { return 1 / static_cast<double>(a); }, at({-kInf, -800, -0.0, 0.0, 1e-300, 800, kHuge, kInf})));
  rows.push_back(elementwise(
      "clamp", {x}, [](const auto& a) { return clamp(a, -1.25, 0.75); },
      [](Real a) { return a < -1.25L  ? -1.25L
                          : a > 0.75L ? 0.75L
                                      : a; }, at({-kInf, -1.25, 0.0, 0.75, 800, kInf})));
  rows.push_back(elementwise(
      "logaddexp", {x, normal_too({4}, 2)}, [](const auto& a, const auto& b) { return logaddexp(a, b); },
      [](Real a, Real b) {
        const Real m = a > b ? a : b;
        return std::isinf(m) ? m : m + std::log(std::exp(a - m) + std::exp(b - m));
      },
      pairs({-kInf, -800, -1, -0.0, 0.0, kTiny, 800, kInf})));
}

// An independent reduction of a (2, 3, 4) tensor over its middle axis, or over the outer two of them, or over all.
std::function<Tensor<double>(const Inputs&)> reduced(const Shape& shape, std::vector<int> group,
                                                     std::function<Real(const Wide&)> f) {
  return [shape, group, f](const Inputs& x) {
    std::vector<Wide> sets(flat(shape.size()));
    for (std::int64_t i = 0; i < x[0].size(); ++i) sets[flat(group[flat(i)])].push_back(static_cast<Real>(x[0].data()[i]));
    auto y = Tensor<double>::empty(shape);
    for (std::int64_t i = 0; i < y.size(); ++i) y.mutable_data()[i] = static_cast<double>(f(sets[flat(i)]));
    return y;
  };
}

void add_reduce(std::vector<GradientCase>& rows) {
  const Tensor<double> x = normal({2, 3, 4});
  std::vector<int> all(24, 0);
  std::vector<int> middle(24);
  std::vector<int> outer(24);
  for (int i = 0; i < 24; ++i) {
    middle[flat(i)] = i / 12 * 4 + i % 4;
    outer[flat(i)] = i / 4 % 3;
  }
  const auto total = [](const Wide& v) {
    Real s = 0;
    for (const Real a : v) s += a;
    return s;
  };
  const auto top = [](const Wide& v) {
    Real m = v[0];
    for (const Real a : v) m = std::fmax(m, a);
    return m;
  };
  const auto bottom = [](const Wide& v) {
    Real m = v[0];
    for (const Real a : v) m = std::fmin(m, a);
    return m;
  };
  const auto log_sum = [top](const Wide& v) {
    const Real m = top(v);
    if (std::isinf(m)) return m;
    Real s = 0;
    for (const Real a : v) s += std::exp(a - m);
    return m + std::log(s);
  };
  const auto three = [&](const std::string& name, const auto& f, const std::function<Real(const Wide&)>& g,
                         std::vector<Inputs> edges) {
    rows.push_back(row(
        name, "all", {x}, [f](const auto& a) { return f(a, Axes{}, false); }, reduced({}, all, g), std::move(edges)));
    rows.push_back(row(
        name, "middle axis", {x}, [f](const auto& a) { return f(a, Axes{-2}, false); }, reduced({2, 4}, middle, g)));
    rows.push_back(row(
        name, "outer axes, keepdims", {x},
        [f](const auto& a) {
          return f(a, Axes{0, 2}, true);
        },
        reduced({1, 3, 1}, outer, g)));
  };
  Tensor<double> ties = Tensor<double>::ones({2, 3, 4});
  Tensor<double> low = Tensor<double>::full({2, 3, 4}, -kInf);
  Tensor<double> high = x;
  high.mutable_data()[5] = high.mutable_data()[7] = kInf;
  const auto mean_of = [total](const Wide& v) { return total(v) / static_cast<Real>(v.size()); };
  three("sum", [](const auto& a, const Axes& axes, bool keep) { return sum(a, axes, keep); }, total, {{ties}, {low}, {high}});
  three("mean", [](const auto& a, const Axes& axes, bool keep) { return mean(a, axes, keep); }, mean_of, {{ties}, {low}, {high}});
  three("max", [](const auto& a, const Axes& axes, bool keep) { return max(a, axes, keep); }, top, {{ties}, {low}, {high}});
  three("min", [](const auto& a, const Axes& axes, bool keep) { return min(a, axes, keep); }, bottom, {{ties}, {low}, {high}});
  three("logsumexp", [](const auto& a, const Axes& axes, bool keep) { return logsumexp(a, axes, keep); }, log_sum,
        {{ties}, {low}, {high}, {x * 800.0}});
}

// The result's element i is the input's element source(i), or 0 where that is -1.
std::function<Tensor<double>(const Inputs&)> moved(const Shape& shape, std::function<int(int)> source) {
  return [shape, source](const Inputs& x) {
    auto y = Tensor<double>::empty(shape);
    for (int i = 0; i < y.size(); ++i) y.mutable_data()[i] = source(i) < 0 ? 0 : x[0].data()[source(i)];
    return y;
  };
}

void add_reshape(std::vector<GradientCase>& rows) {
  const Tensor<double> x = normal({3, 4});
  rows.push_back(row(
      "reshape", "", {x},
      [](const auto& a) {
        return reshape(a, {2, -1});
      },
      moved({2, 6}, [](int i) { return i; })));
  rows.push_back(row(
      "transpose", "", {x}, [](const auto& a) { return transpose(a); }, moved({4, 3}, [](int i) { return i % 3 * 4 + i / 3; })));
  rows.push_back(row(
      "transpose", "axes", {normal({2, 3, 2})},
      [](const auto& a) {
        return transpose(a, {1, -1, 0});
      },
      moved({3, 2, 2}, [](int i) { return i % 2 * 6 + i / 4 * 2 + i / 2 % 2; })));
  rows.push_back(row(
      "slice", "rows", {x},
      [](const auto& a) {
        return slice(a, {{1, 3}});
      },
      moved({2, 4}, [](int i) { return i + 4; })));
  rows.push_back(row(
      "slice", "step", {x},
      [](const auto& a) {
        return slice(a, {{-2, 3}, {0, 4, 3}});
      },
      moved({2, 2}, [](int i) { return 4 + i / 2 * 4 + i % 2 * 3; })));
  rows.push_back(row(
      "slice", "axis", {x}, [](const auto& a) { return slice(a, -1, {2}); },
      moved({3, 2}, [](int i) { return i / 2 * 4 + 2 + i % 2; })));
  rows.push_back(row(
      "concatenate", "", {x, normal_too({3, 2})},
      [](const auto& a, const auto& b) {
        return concatenate({a, b, a}, 1);
      },
      [](const Inputs& v) {
        auto y = Tensor<double>::empty({3, 10});
        for (int i = 0; i < 30; ++i) {
          const int r = i / 10;
          const int c = i % 10;
          y.mutable_data()[i] = c < 4 ? v[0](r, c) : c < 6 ? v[1](r, c - 4) : v[0](r, c - 6);
        }
        return y;
      }));
  rows.push_back(row(
      "stack", "", {normal({4}), normal_too({4})},
      [](const auto& a, const auto& b) {
        return stack({a, b}, -1);
      },
      [](const Inputs& v) {
        auto y = Tensor<double>::empty({4, 2});
        for (int i = 0; i < 8; ++i) y.mutable_data()[i] = v[flat(i % 2)](i / 2);
        return y;
      }));
  rows.push_back(row(
      "broadcast_to", "", {normal({3, 1})},
      [](const auto& a) {
        return broadcast_to(a, {2, 3, 4});
      },
      moved({2, 3, 4}, [](int i) { return i / 4 % 3; })));
  rows.push_back(row(
      "flip", "", {x}, [](const auto& a) { return flip(a, -1); }, moved({3, 4}, [](int i) { return i / 4 * 4 + 3 - i % 4; })));
  rows.push_back(row(
      "pad", "", {x},
      [](const auto& a) {
        return pad(a, {{1, 0}, {0, 2}});
      },
      moved({4, 6}, [](int i) { return i < 6 || i % 6 > 3 ? -1 : (i / 6 - 1) * 4 + i % 6; })));
  const Tensor<std::int64_t> indices(Shape{2, 2}, {1, -1, 1, 0});
  rows.push_back(row(
      "take", "repeats", {x}, [indices](const auto& a) { return take(a, indices, 1); }, moved({3, 2, 2}, [](int i) {
        return i / 4 * 4 + std::vector<int>{1, 3, 1, 0}[flat(i % 4)];
      })));
}

void add_products(std::vector<GradientCase>& rows) {
  const auto product = [](const Shape& shape, int m, int k, int n, bool batched) {
    return [=](const Inputs& v) {
      auto y = Tensor<double>::empty(shape);
      for (int i = 0; i < y.size(); ++i) {
        Real s = 0;
        const int batch = batched ? i / (m * n) : 0;
        const int r = i / n % m;
        for (int j = 0; j < k; ++j) s += Real(v[0].data()[r * k + j]) * Real(v[1].data()[(batch * k + j) * n + i % n]);
        y.mutable_data()[i] = static_cast<double>(s);
      }
      return y;
    };
  };
  const auto f = [](const auto& a, const auto& b) { return matmul(a, b); };
  rows.push_back(row("matmul", "matrices", {normal({3, 4}), normal_too({4, 2})}, f, product({3, 2}, 3, 4, 2, false)));
  rows.push_back(row("matmul", "vectors", {normal({4}), normal_too({4})}, f, product({}, 1, 4, 1, false)));
  rows.push_back(row("matmul", "vector, matrix", {normal({4}), normal_too({4, 2})}, f, product({2}, 1, 4, 2, false)));
  rows.push_back(row("matmul", "batch", {normal({3, 4}), normal_too({2, 4, 2})}, f, product({2, 3, 2}, 3, 4, 2, true)));
}

constexpr Border kBorders[] = {Border::zero, Border::replicate, Border::symmetric, Border::mirror, Border::circular};

Tensor<double> narrow(const reference::Numbers& numbers, const Shape& shape) {
  auto y = Tensor<double>::empty(shape);
  for (std::int64_t i = 0; i < y.size(); ++i) y.mutable_data()[i] = static_cast<double>(numbers[flat(i)]);
  return y;
}

void add_filters(std::vector<GradientCase>& rows) {
  for (const Border border : kBorders) {
    const std::string name = to_string(border);
    rows.push_back(row(
        "convolve", name, {normal({3, 4}), normal_too({5})},
        [border](const auto& x, const auto& w) { return convolve(x, w, 0, border); },
        [border](const Inputs& v) {  // a convolution turns the kernel round
          reference::Numbers w(v[1].begin(), v[1].end());
          std::reverse(w.begin(), w.end());
          return narrow(reference::filter({v[0].begin(), v[0].end()}, {1, 3, 4}, w, border), {3, 4});
        }));
    rows.push_back(row(
        "gaussian_blur", name, {normal({4, 3}), Tensor<double>{1.3, 0.7}},
        [border](const auto& x, const auto& s) { return gaussian_blur(x, s, {.radius = 5, .border = border}); },
        [border](const Inputs& v) {
          auto y = reference::filter({v[0].begin(), v[0].end()}, {1, 4, 3}, reference::taps(v[1](0), 5).w, border);
          return narrow(reference::filter(y, {4, 3, 1}, reference::taps(v[1](1), 5).w, border), {4, 3});
        }));
  }
  rows.push_back(row(
      "gaussian_blur", "one sigma", {normal({2, 5}), Tensor<double>(0.8)},
      [](const auto& x, const auto& s) { return gaussian_blur(x, s, {.axes = 1, .radius = 3}); },
      [](const Inputs& v) {
        return narrow(reference::filter({v[0].begin(), v[0].end()}, {2, 5, 1}, reference::taps(v[1].item(), 3).w, Border::zero),
                      {2, 5});
      }));
  const std::function<Tensor<double>(const Inputs&)> kernel = [](const Inputs& v) {
    return narrow(reference::taps(v[0].item(), 4).w, {9});
  };
  rows.push_back(row(
      "gaussian_kernel", "", {Tensor<double>(1.3)}, [](const auto& s) { return gaussian_kernel(s, 4); }, kernel));
  rows.push_back(elementwise(
      "sigma_from_param", {normal({3, 4}, 3)}, [](const auto& s) { return sigma_from_param(s); },
      [](Real s) { return s > 800 ? s - 3 : std::log(std::exp(Real(0.3)) + std::exp(s - 3)); },
      at({-kInf, -800, 0.0, 3.3, 712, 800, kHuge, kInf})));
}

}  // namespace

const std::vector<GradientCase>& gradient_cases() {
  static const std::vector<GradientCase> rows = [] {
    std::vector<GradientCase> list;
    add_arithmetic(list);
    add_elementwise(list);
    add_reduce(list);
    add_reshape(list);
    add_products(list);
    add_filters(list);
    return list;
  }();
  return rows;
}

}  // namespace nablur::cases
