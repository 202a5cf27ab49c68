#include <nablur/ops/convolve.h>

#include <nablur/ops/detail/lines.h>

namespace nablur::compiled {

using detail::Lines;

namespace {

// For each output place and each tap, the runs of `inner` numbers that meet: visit(tap, offset in x, offset in y).
template <class Visit>
void for_each_product(const Lines& lines, std::int64_t taps, Border border, const Visit& visit) {
  const std::int64_t radius = taps / 2;
  for (std::int64_t o = 0; o < lines.outer; ++o) {
    for (std::int64_t i = 0; i < lines.n; ++i) {
      for (std::int64_t k = 0; k < taps; ++k) {
        const std::int64_t j = detail::border_index(i + radius - k, lines.n, border);
        if (j >= 0) visit(k, (o * lines.n + j) * lines.inner, (o * lines.n + i) * lines.inner);
      }
    }
  }
}

}  // namespace

// y_i = Σ_k w_k x_(i+R−k): ∂L/∂x_(i+R−k) += w_k g_i, ∂L/∂w_k = Σ_i g_i x_(i+R−k)
template <class T>
Variable<T> Convolve<T>::convolve(const Variable<T>& x, const Variable<T>& kernel, std::int64_t axis, Border border) {
  const std::int64_t along = resolve_axis("convolve", axis, x.rank());
  if (kernel.rank() != 1 || kernel.size() % 2 == 0) {
    fail("convolve: the kernel must have rank 1 and odd length, got shape ", kernel.shape());
  }
  const Lines lines(x.shape(), along);
  const std::int64_t taps = kernel.size();
  const Tensor<T>& w = kernel.value();
  auto y = Tensor<T>::zeros(x.shape());
  for_each_product(lines, taps, border, [&, to = y.mutable_data(), from = x.value().data()](auto k, auto xi, auto yi) {
    for (std::int64_t j = 0; j < lines.inner; ++j) to[yi + j] += w.data()[k] * from[xi + j];
  });
  const auto to_x = [lines, taps, border, w](const Tensor<T>& g) {
    auto dx = Tensor<T>::zeros(g.shape());
    for_each_product(lines, taps, border, [&, to = dx.mutable_data()](auto k, auto xi, auto yi) {
      for (std::int64_t j = 0; j < lines.inner; ++j) to[xi + j] += w.data()[k] * g.data()[yi + j];
    });
    return dx;
  };
  const auto to_kernel = [lines, taps, border, v = x.value()](const Tensor<T>& g) {
    auto dw = Tensor<T>::zeros(Shape{taps});
    for_each_product(lines, taps, border, [&, to = dw.mutable_data()](auto k, auto xi, auto yi) {
      for (std::int64_t j = 0; j < lines.inner; ++j) to[k] += g.data()[yi + j] * v.data()[xi + j];
    });
    return dw;
  };
  return record("convolve", y, {{x, to_x}, {kernel, to_kernel}});
}

template struct Convolve<float>;
template struct Convolve<double>;
template struct Convolve<Dual<float>>;
template struct Convolve<Dual<double>>;

}  // namespace nablur::compiled
