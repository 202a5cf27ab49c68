// The rows of shapes, products and filters.

#include <algorithm>

#include "gradient_case_rows.h"
#include "reference_blur.h"

namespace nablur::cases {

namespace {

// The result's element i is the input's element source(i), or 0 if that is -1.
std::function<Tensor<double>(const Inputs&)> moved(const Shape& shape,
                                                   std::function<int(int)> source) {
  return [shape, source](const Inputs& x) {
    auto y = Tensor<double>::empty(shape);
    for (int i = 0; i < y.size(); ++i)
      y.mutable_data()[i] = source(i) < 0 ? 0 : x[0].data()[source(i)];
    return y;
  };
}

}  // namespace

void add_reshape(std::vector<GradientCase>& rows) {
  const Tensor<double> x = normal({3, 4});
  rows.push_back(row(
      "reshape", "", {x}, [](const auto& a) { return reshape(a, {2, -1}); },
      moved({2, 6}, [](int i) { return i; })));
  rows.push_back(row(
      "transpose", "", {x}, [](const auto& a) { return transpose(a); },
      moved({4, 3}, [](int i) { return i % 3 * 4 + i / 3; })));
  rows.push_back(row(
      "transpose", "axes", {normal({2, 3, 2})},
      [](const auto& a) { return transpose(a, {1, -1, 0}); },
      moved({3, 2, 2}, [](int i) { return i % 2 * 6 + i / 4 * 2 + i / 2 % 2; })));
  rows.push_back(row(
      "slice", "rows", {x}, [](const auto& a) { return slice(a, {{1, 3}}); },
      moved({2, 4}, [](int i) { return i + 4; })));
  rows.push_back(row(
      "slice", "step", {x}, [](const auto& a) { return slice(a, {{-2, 3}, {0, 4, 3}}); },
      moved({2, 2}, [](int i) { return 4 + i / 2 * 4 + i % 2 * 3; })));
  rows.push_back(row(
      "slice", "axis", {x}, [](const auto& a) { return slice(a, -1, {2}); },
      moved({3, 2}, [](int i) { return i / 2 * 4 + 2 + i % 2; })));
  rows.push_back(row(
      "concatenate", "", {x, normal_too({3, 2})},
      [](const auto& a, const auto& b) { return concatenate({a, b, a}, 1); },
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
      [](const auto& a, const auto& b) { return stack({a, b}, -1); },
      [](const Inputs& v) {
        auto y = Tensor<double>::empty({4, 2});
        for (int i = 0; i < 8; ++i) y.mutable_data()[i] = v[flat(i % 2)](i / 2);
        return y;
      }));
  rows.push_back(row(
      "broadcast_to", "", {normal({3, 1})},
      [](const auto& a) { return broadcast_to(a, {2, 3, 4}); },
      moved({2, 3, 4}, [](int i) { return i / 4 % 3; })));
  rows.push_back(row(
      "flip", "", {x}, [](const auto& a) { return flip(a, -1); },
      moved({3, 4}, [](int i) { return i / 4 * 4 + 3 - i % 4; })));
  rows.push_back(row(
      "pad", "", {x}, [](const auto& a) { return pad(a, {{1, 0}, {0, 2}}); },
      moved({4, 6}, [](int i) { return i < 6 || i % 6 > 3 ? -1 : (i / 6 - 1) * 4 + i % 6; })));
  const Tensor<std::int64_t> indices(Shape{2, 2}, {1, -1, 1, 0});
  rows.push_back(row(
      "take", "repeats", {x}, [indices](const auto& a) { return take(a, indices, 1); },
      moved({3, 2, 2},
            [](int i) { return i / 4 * 4 + std::vector<int>{1, 3, 1, 0}[flat(i % 4)]; })));
  rows.push_back(row(
      "squeeze", "", {normal({3, 1, 2, 1})}, [](const auto& a) { return squeeze(a, {1, -1}); },
      moved({3, 2}, [](int i) { return i; })));
  rows.push_back(row(
      "expand_dims", "", {x}, [](const auto& a) { return expand_dims(a, {0, -2}); },
      moved({1, 3, 1, 4}, [](int i) { return i; })));
  rows.push_back(row(
      "swapaxes", "", {normal({2, 3, 4})}, [](const auto& a) { return swapaxes(a, 0, -1); },
      moved({4, 3, 2}, [](int i) { return i % 2 * 12 + i / 2 % 3 * 4 + i / 6; })));
  rows.push_back(row(
      "roll", "", {x}, [](const auto& a) { return roll(a, -5, 1); },
      moved({3, 4}, [](int i) { return i / 4 * 4 + (i + 1) % 4; })));
  rows.push_back(row(
      "tile", "", {normal({3})}, [](const auto& a) { return tile(a, {2, 2}); },
      moved({2, 6}, [](int i) { return i % 3; })));
  rows.push_back(row(
      "tril", "", {normal({2, 3, 3})}, [](const auto& a) { return tril(a, -1); },
      moved({2, 3, 3}, [](int i) { return i / 3 % 3 > i % 3 ? i : -1; })));
  rows.push_back(row(
      "triu", "", {x}, [](const auto& a) { return triu(a, 1); },
      moved({3, 4}, [](int i) { return i % 4 > i / 4 ? i : -1; })));
  rows.push_back(row(
      "select", "", {x}, [](const auto& a) { return select(a, -1, 1); },
      moved({3}, [](int i) { return i * 4 + 3; })));
  rows.push_back(row(
      "split", "two parts of three", {x},
      [](const auto& a) {
        const auto parts = split(a, {1, 2, 1}, 1);
        return concatenate({parts[2], parts[1]}, 1);
      },
      moved({3, 3}, [](int i) { return i / 3 * 4 + std::vector<int>{3, 1, 2}[flat(i % 3)]; })));
  rows.push_back(row(
      "unbind", "the last first", {x}, [](const auto& a) { return stack({unbind(a)[2], a[0]}); },
      moved({2, 4}, [](int i) { return i < 4 ? 8 + i : i - 4; })));
  rows.push_back(row(
      "pad", "mirror", {x}, [](const auto& a) { return pad(a, {{4, 0}, {0, 1}}, Border::mirror); },
      moved({7, 5}, [](int i) {
        return std::vector<int>{0, 1, 2, 1, 0, 1, 2}[flat(i / 5)] * 4 +
               std::vector<int>{0, 1, 2, 3, 2}[flat(i % 5)];
      })));
  rows.push_back(row(
      "index_add", "repeats", {x, normal_too({3, 2, 2})},
      [indices](const auto& a, const auto& b) { return index_add(a, indices, b, 1); },
      [](const Inputs& v) {
        Tensor<double> y = v[0];
        for (int i = 0; i < 12; ++i) {
          y.mutable_data()[i / 4 * 4 + std::vector<int>{1, 3, 1, 0}[flat(i % 4)]] += v[1].data()[i];
        }
        return y;
      }));
}

void add_products(std::vector<GradientCase>& rows) {
  const auto product = [](const Shape& shape, int m, int k, int n, bool batched) {
    return [=](const Inputs& v) {
      auto y = Tensor<double>::empty(shape);
      for (int i = 0; i < y.size(); ++i) {
        Real s = 0;
        const int batch = batched ? i / (m * n) : 0;
        const int r = i / n % m;
        for (int j = 0; j < k; ++j)
          s += Real(v[0].data()[r * k + j]) * Real(v[1].data()[(batch * k + j) * n + i % n]);
        y.mutable_data()[i] = static_cast<double>(s);
      }
      return y;
    };
  };
  const auto f = [](const auto& a, const auto& b) { return matmul(a, b); };
  rows.push_back(row("matmul", "matrices", {normal({3, 4}), normal_too({4, 2})}, f,
                     product({3, 2}, 3, 4, 2, false)));
  rows.push_back(
      row("matmul", "vectors", {normal({4}), normal_too({4})}, f, product({}, 1, 4, 1, false)));
  rows.push_back(row("matmul", "vector, matrix", {normal({4}), normal_too({4, 2})}, f,
                     product({2}, 1, 4, 2, false)));
  rows.push_back(row("matmul", "batch", {normal({3, 4}), normal_too({2, 4, 2})}, f,
                     product({2, 3, 2}, 3, 4, 2, true)));
}

namespace {

constexpr Border kBorders[] = {Border::zero, Border::replicate, Border::symmetric, Border::mirror,
                               Border::circular};

Tensor<double> narrow(const reference::Numbers& numbers, const Shape& shape) {
  auto y = Tensor<double>::empty(shape);
  for (std::int64_t i = 0; i < y.size(); ++i)
    y.mutable_data()[i] = static_cast<double>(numbers[flat(i)]);
  return y;
}

}  // namespace

void add_filters(std::vector<GradientCase>& rows) {
  for (const Border border : kBorders) {
    const std::string name = to_string(border);
    rows.push_back(row(
        "convolve", name, {normal({3, 4}), normal_too({5})},
        [border](const auto& x, const auto& w) { return convolve(x, w, 0, border); },
        [border](const Inputs& v) {  // a convolution turns the kernel round
          reference::Numbers w(v[1].begin(), v[1].end());
          std::reverse(w.begin(), w.end());
          return narrow(reference::filter({v[0].begin(), v[0].end()}, {1, 3, 4}, w, border),
                        {3, 4});
        }));
    rows.push_back(row(
        "gaussian_blur", name, {normal({4, 3}), Tensor<double>{1.3, 0.7}},
        [border](const auto& x, const auto& s) {
          return gaussian_blur(x, s, {.radius = 5, .border = border});
        },
        [border](const Inputs& v) {
          auto y = reference::filter({v[0].begin(), v[0].end()}, {1, 4, 3},
                                     reference::taps(v[1](0), 5).w, border);
          return narrow(reference::filter(y, {4, 3, 1}, reference::taps(v[1](1), 5).w, border),
                        {4, 3});
        }));
  }
  rows.push_back(row(
      "gaussian_blur", "one sigma", {normal({2, 5}), Tensor<double>(0.8)},
      [](const auto& x, const auto& s) { return gaussian_blur(x, s, {.axes = 1, .radius = 3}); },
      [](const Inputs& v) {
        return narrow(reference::filter({v[0].begin(), v[0].end()}, {2, 5, 1},
                                        reference::taps(v[1].item(), 3).w, Border::zero),
                      {2, 5});
      }));
  const std::function<Tensor<double>(const Inputs&)> kernel = [](const Inputs& v) {
    return narrow(reference::taps(v[0].item(), 4).w, {9});
  };
  rows.push_back(row(
      "gaussian_kernel", "", {Tensor<double>(1.3)},
      [](const auto& s) { return gaussian_kernel(s, 4); }, kernel));
  rows.push_back(elementwise(
      "sigma_from_param", {normal({3, 4}, 3)}, [](const auto& s) { return sigma_from_param(s); },
      [](Real s) { return s > 800 ? s - 3 : std::log(std::exp(Real(0.3)) + std::exp(s - 3)); },
      at({-kInf, -800, 0.0, 3.3, 712, 800, kHuge, kInf})));
}

}  // namespace nablur::cases
