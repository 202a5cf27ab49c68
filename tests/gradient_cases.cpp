// The table, and its rows of arithmetic, elementwise functions and reductions.

#include "gradient_cases.h"

#include <algorithm>
#include <cmath>

#include "gradient_case_rows.h"

namespace nablur::cases {

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
      "operator-", {a, column}, [](const auto& x, const auto& y) { return x - y; }, minus,
      special));
  rows.push_back(elementwise(
      "operator-", {a}, [](const auto& x) { return -x; }, [](Real x) { return -x; },
      at({0.0, kInf})));
  rows.back().variant = "unary";
  rows.push_back(elementwise(
      "operator*", {a, column}, [](const auto& x, const auto& y) { return x * y; }, times,
      special));
  rows.push_back(elementwise(
      "operator/", {a, column}, [](const auto& x, const auto& y) { return x / y; }, over,
      pairs({0.0, 1.0, -3.0, 800.0, kTiny, kHuge, kInf})));
  const auto then = [](const auto& x, const auto& change) {
    auto z = x;
    change(z);
    return z;
  };
  rows.push_back(elementwise(
      "operator+=", {a, b},
      [then](const auto& x, const auto& y) { return then(x, [&](auto& z) { z += y; }); }, plus,
      {}));
  rows.push_back(elementwise(
      "operator-=", {a, b},
      [then](const auto& x, const auto& y) { return then(x, [&](auto& z) { z -= y; }); }, minus,
      {}));
  rows.push_back(elementwise(
      "operator*=", {a, b},
      [then](const auto& x, const auto& y) { return then(x, [&](auto& z) { z *= y; }); }, times,
      {}));
  rows.push_back(elementwise(
      "operator/=", {a, b},
      [then](const auto& x, const auto& y) { return then(x, [&](auto& z) { z /= y; }); }, over,
      {}));
  rows.push_back(elementwise(
      "pow", {positive({3, 4}), normal({4})},
      [](const auto& x, const auto& y) { return pow(x, y); },
      [](Real x, Real y) { return std::pow(x, y); }, pairs({0.0, 0.5, 1.0, 2.0, 3.0, 800.0})));
  rows.push_back(elementwise(
      "maximum", {a, normal_too({4})}, [](const auto& x, const auto& y) { return maximum(x, y); },
      [](Real x, Real y) { return x > y ? x : y; }, special));
  rows.push_back(elementwise(
      "minimum", {a, normal_too({4})}, [](const auto& x, const auto& y) { return minimum(x, y); },
      [](Real x, Real y) { return x < y ? x : y; }, special));
  const Tensor<bool> mask(Shape{3, 1}, {true, false, true});
  rows.push_back(row(
      "where", "", {a, normal({4})},
      [mask](const auto& x, const auto& y) { return where(mask, x, y); },
      [](const Inputs& x) {
        auto y = Tensor<double>::empty({3, 4});
        for (int i = 0; i < 12; ++i)
          y.mutable_data()[i] = i / 4 != 1 ? x[0].data()[i] : x[1].data()[i % 4];
        return y;
      }));
}

void add_elementwise(std::vector<GradientCase>& rows) {
  const Tensor<double> x = normal({3, 4}, 2);
  const auto everywhere =
      at({-kInf, -kHuge, -800, -40, -1, -kTiny, -0.0, 0.0, kTiny, 1e-300, 1, 40, 800, kHuge, kInf});
  const auto right = at({0.0, kTiny, 1e-300, 1, 800, kHuge, kInf});
  const auto bounded = at({-800, -1, -kTiny, -0.0, 0.0, kTiny, 1, 800});
  rows.push_back(elementwise(
      "exp", {x}, [](const auto& a) { return exp(a); }, [](Real a) { return std::exp(a); },
      everywhere));
  rows.push_back(elementwise(
      "log", {positive({3, 4})}, [](const auto& a) { return log(a); },
      [](Real a) { return std::log(a); }, right));
  rows.push_back(elementwise(
      "expm1", {x}, [](const auto& a) { return expm1(a); }, [](Real a) { return std::expm1(a); },
      everywhere));
  rows.push_back(elementwise(
      "log1p", {positive({3, 4}, -0.5, 3)}, [](const auto& a) { return log1p(a); },
      [](Real a) { return std::log1p(a); },
      at({-1, -kTiny, -0.0, 0.0, kTiny, 1e-300, 800, kHuge, kInf})));
  rows.push_back(elementwise(
      "sqrt", {positive({3, 4})}, [](const auto& a) { return sqrt(a); },
      [](Real a) { return std::sqrt(a); }, right));
  rows.push_back(elementwise(
      "square", {x}, [](const auto& a) { return square(a); }, [](Real a) { return a * a; },
      everywhere));
  rows.push_back(elementwise(
      "abs", {x}, [](const auto& a) { return abs(a); }, [](Real a) { return std::fabs(a); },
      everywhere));
  rows.push_back(elementwise(
      "sin", {x}, [](const auto& a) { return sin(a); }, [](Real a) { return std::sin(a); },
      bounded));
  rows.push_back(elementwise(
      "cos", {x}, [](const auto& a) { return cos(a); }, [](Real a) { return std::cos(a); },
      bounded));
  rows.push_back(elementwise(
      "tanh", {x}, [](const auto& a) { return tanh(a); }, [](Real a) { return std::tanh(a); },
      everywhere));
  rows.push_back(elementwise(
      "sigmoid", {x}, [](const auto& a) { return sigmoid(a); },
      [](Real a) { return 1 / (1 + std::exp(-a)); }, everywhere));
  rows.push_back(elementwise(
      "softplus", {x}, [](const auto& a) { return softplus(a); },
      [](Real a) { return a > 100 ? a : std::log1p(std::exp(a)); }, everywhere));
  rows.push_back(elementwise(
      "relu", {x}, [](const auto& a) { return relu(a); }, [](Real a) { return a > 0 ? a : 0; },
      everywhere));
  rows.push_back(elementwise(
      "erf", {x}, [](const auto& a) { return erf(a); }, [](Real a) { return std::erf(a); },
      everywhere));
  rows.push_back(elementwise(
      "reciprocal", {positive({3, 4})}, [](const auto& a) { return reciprocal(a); },
      [](Real a) { return 1 / static_cast<double>(a); },
      at({-kInf, -800, -0.0, 0.0, 1e-300, 800, kHuge, kInf})));
  rows.push_back(elementwise(
      "clamp", {x}, [](const auto& a) { return clamp(a, -1.25, 0.75); },
      [](Real a) { return a < -1.25L  ? -1.25L
                          : a > 0.75L ? 0.75L
                                      : a; },
      at({-kInf, -1.25, 0.0, 0.75, 800, kInf})));
  rows.push_back(row(
      "clamp", "bounds that broadcast",
      {x, Tensor<double>{-0.5, -1.0, 0.1, 9.0}, Tensor<double>(9.5)},
      [](const auto& a, const auto& low, const auto& high) { return clamp(a, low, high); },
      [](const Inputs& v) {
        auto y = Tensor<double>::empty(v[0].shape());
        for (int i = 0; i < y.size(); ++i) {
          y.mutable_data()[i] = std::min(std::max(v[0].data()[i], v[1](i % 4)), v[2].item());
        }
        return y;
      }));
  rows.push_back(elementwise(
      "logaddexp", {x, normal_too({4}, 2)},
      [](const auto& a, const auto& b) { return logaddexp(a, b); },
      [](Real a, Real b) {
        const Real m = a > b ? a : b;
        return std::isinf(m) ? m : m + std::log(std::exp(a - m) + std::exp(b - m));
      },
      pairs({-kInf, -800, -1, -0.0, 0.0, kTiny, 800, kInf})));
}

namespace {

// An independent reduction of a (2, 3, 4) tensor over its middle axis, or over the outer two of
// them, or over all.
std::function<Tensor<double>(const Inputs&)> reduced(const Shape& shape, std::vector<int> group,
                                                     std::function<Real(const Wide&)> f) {
  return [shape, group, f](const Inputs& x) {
    std::vector<Wide> sets(flat(shape.size()));
    for (std::int64_t i = 0; i < x[0].size(); ++i)
      sets[flat(group[flat(i)])].push_back(static_cast<Real>(x[0].data()[i]));
    auto y = Tensor<double>::empty(shape);
    for (std::int64_t i = 0; i < y.size(); ++i)
      y.mutable_data()[i] = static_cast<double>(f(sets[flat(i)]));
    return y;
  };
}

}  // namespace

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
  const auto three = [&](const std::string& name, const auto& f,
                         const std::function<Real(const Wide&)>& g, std::vector<Inputs> edges) {
    rows.push_back(row(
        name, "all", {x}, [f](const auto& a) { return f(a, Axes{}, false); }, reduced({}, all, g),
        std::move(edges)));
    rows.push_back(row(
        name, "middle axis", {x}, [f](const auto& a) { return f(a, Axes{-2}, false); },
        reduced({2, 4}, middle, g)));
    rows.push_back(row(
        name, "outer axes, keepdims", {x}, [f](const auto& a) { return f(a, Axes{0, 2}, true); },
        reduced({1, 3, 1}, outer, g)));
  };
  Tensor<double> ties = Tensor<double>::ones({2, 3, 4});
  Tensor<double> low = Tensor<double>::full({2, 3, 4}, -kInf);
  Tensor<double> high = x;
  high.mutable_data()[5] = high.mutable_data()[7] = kInf;
  const auto mean_of = [total](const Wide& v) { return total(v) / static_cast<Real>(v.size()); };
  three("sum", [](const auto& a, const Axes& axes, bool keep) { return sum(a, axes, keep); }, total,
        {{ties}, {low}, {high}});
  three("mean", [](const auto& a, const Axes& axes, bool keep) { return mean(a, axes, keep); },
        mean_of, {{ties}, {low}, {high}});
  three("max", [](const auto& a, const Axes& axes, bool keep) { return max(a, axes, keep); }, top,
        {{ties}, {low}, {high}});
  three("min", [](const auto& a, const Axes& axes, bool keep) { return min(a, axes, keep); },
        bottom, {{ties}, {low}, {high}});
  three("logsumexp",
        [](const auto& a, const Axes& axes, bool keep) { return logsumexp(a, axes, keep); },
        log_sum, {{ties}, {low}, {high}, {x * 800.0}});
}

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
