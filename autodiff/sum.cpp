#include <nablur/autodiff/sum.h>

#include <algorithm>
#include <vector>

namespace nablur {
namespace {

constexpr std::int64_t kBlock =
    128;  // below this many terms a plain loop; its error is bounded by a constant
constexpr std::int64_t kLanes = 8;  // independent partial sums, as in NumPy's pairwise summation
constexpr std::int64_t kRows = 8;   // the same for sums of rows

template <class T>
T pairwise(const T* x, std::int64_t n) {
  if (n < kLanes) {
    T sum(0);
    for (std::int64_t i = 0; i < n; ++i) sum += x[i];
    return sum;
  }
  if (n <= kBlock) {
    T lane[kLanes];
    std::copy(x, x + kLanes, lane);
    std::int64_t i = kLanes;
    for (; i + kLanes <= n; i += kLanes) {
      for (std::int64_t k = 0; k < kLanes; ++k) lane[k] += x[i + k];
    }
    T sum =
        ((lane[0] + lane[1]) + (lane[2] + lane[3])) + ((lane[4] + lane[5]) + (lane[6] + lane[7]));
    for (; i < n; ++i) sum += x[i];
    return sum;
  }
  const std::int64_t half = n / 2 - n / 2 % kLanes;
  return pairwise(x, half) + pairwise(x + half, n - half);
}

// Sum over the middle one of three axes.
template <class T>
Tensor<T> sum_middle(const Tensor<T>& x, std::int64_t outer, std::int64_t n, std::int64_t inner) {
  auto out = Tensor<T>::empty(Shape{outer, inner});
  T* to = out.mutable_data();
  if (inner == 1) {
    for (std::int64_t o = 0; o < outer; ++o) to[o] = pairwise(x.data() + o * n, n);
    return out;
  }
  auto scratch = Tensor<T>::empty(Shape{detail::pairwise_levels(n, kRows), inner});
  for (std::int64_t o = 0; o < outer; ++o) {
    const auto few = [inner, from = x.data() + o * n * inner](std::int64_t begin, std::int64_t end,
                                                              T* sum) {
      std::fill(sum, sum + inner, T(0));
      for (std::int64_t i = begin; i < end; ++i) {
        for (std::int64_t j = 0; j < inner; ++j) sum[j] += from[i * inner + j];
      }
    };
    detail::pairwise_rows(0, n, kRows, inner, to + o * inner, scratch.mutable_data(), few);
  }
  return out;
}

}  // namespace

bool detail::contains(const Axes& resolved, std::int64_t axis) noexcept {
  return std::find(resolved.begin(), resolved.end(), axis) != resolved.end();
}

Shape reduced_shape(const Shape& shape, const Axes& resolved, bool keepdims) {
  detail::IntList sizes(keepdims ? shape.rank() : shape.rank() - resolved.count(), 1);
  std::int64_t* to = sizes.begin();
  for (std::int64_t i = 0; i < shape.rank(); ++i) {
    if (!detail::contains(resolved, i)) {
      *to++ = shape[i];
    } else if (keepdims) {
      ++to;
    }
  }
  return Shape(sizes);
}

template <class T>
  requires detail::is_differentiable<T>
Tensor<T> sum_over(const Tensor<T>& x, const Axes& axes, bool keepdims) {
  const Axes resolved = axes.resolve("sum", x.rank());
  const Shape shape = reduced_shape(x.shape(), resolved, keepdims);
  if (x.size() == 0) return Tensor<T>(shape, T(0));
  return detail::reduce_axes(x, resolved, sum_middle<T>).reshaped(shape);
}

template <class T>
  requires detail::is_differentiable<T>
Tensor<T> sum_to(const Tensor<T>& x, const Shape& shape) {
  if (x.shape() == shape) return x;
  if (!broadcasts_to(shape, x.shape()))
    fail("sum_to: shape ", shape, " does not broadcast to ", x.shape());
  const std::int64_t lead = x.rank() - shape.rank();
  detail::IntList stretched(x.rank(), 0);
  std::int64_t count = 0;
  for (std::int64_t i = 0; i < x.rank(); ++i) {
    if (i < lead || (shape[i - lead] == 1 && x.shape()[i] != 1)) stretched[count++] = i;
  }
  if (count == 0) return x.reshaped(shape);
  return sum_over(x, std::span(stretched.begin(), stretched.begin() + count)).reshaped(shape);
}

template Tensor<float> sum_over(const Tensor<float>&, const Axes&, bool);
template Tensor<double> sum_over(const Tensor<double>&, const Axes&, bool);
template Tensor<Dual<float>> sum_over(const Tensor<Dual<float>>&, const Axes&, bool);
template Tensor<Dual<double>> sum_over(const Tensor<Dual<double>>&, const Axes&, bool);
template Tensor<float> sum_to(const Tensor<float>&, const Shape&);
template Tensor<double> sum_to(const Tensor<double>&, const Shape&);
template Tensor<Dual<float>> sum_to(const Tensor<Dual<float>>&, const Shape&);
template Tensor<Dual<double>> sum_to(const Tensor<Dual<double>>&, const Shape&);

}  // namespace nablur
