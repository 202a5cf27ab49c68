#include <nablur/autodiff/sum.h>

#include <algorithm>
#include <vector>

#include <nablur/support/detail/parallel.h>
#include <nablur/support/pool.h>

namespace nablur {
namespace {

constexpr std::int64_t kBlock =
    128;  // below this many terms a plain loop; its error is bounded by a constant
constexpr std::int64_t kLanes = 8;  // independent partial sums, as in NumPy's pairwise summation
constexpr std::int64_t kRows = 8;   // the same for sums of rows
constexpr std::int64_t kColumns = 1024;  // of rows, at least, that a thread adds up

std::int64_t first_half(std::int64_t n) { return n / 2 - n / 2 % kLanes; }

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
  return pairwise(x, first_half(n)) + pairwise(x + first_half(n), n - first_half(n));
}

// leaf(begin, end) for the parts of a row that pairwise() adds up apart, in order, down to kPiece.
template <class Leaf>
void for_each_part(std::int64_t begin, std::int64_t end, const Leaf& leaf) {
  if (end - begin <= detail::kPiece) return leaf(begin, end);
  const std::int64_t middle = begin + first_half(end - begin);
  for_each_part(begin, middle, leaf);
  for_each_part(middle, end, leaf);
}

// The sum of the parts' sums, in the order of pairwise().
template <class T>
T add_up(const T*& part, std::int64_t n) {
  if (n <= detail::kPiece) return *part++;
  const T left = add_up(part, first_half(n));
  return left + add_up(part, n - first_half(n));
}

// The same bits as pairwise(x, n), by all threads.
template <class T>
T sum_of_row(const T* x, std::int64_t n) {
  if (n <= detail::kPiece || threads() == 1) return pairwise(x, n);
  pool::Vector<std::int64_t> ends;
  for_each_part(0, n, [&](std::int64_t, std::int64_t end) { ends.push_back(end); });
  const auto count = static_cast<std::int64_t>(ends.size());
  auto sums = Tensor<T>::empty(Shape{count});
  T* const to = sums.mutable_data();
  detail::for_each_piece(count, 1, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last; ++i) {
      const std::int64_t begin = i == 0 ? 0 : ends[static_cast<std::size_t>(i) - 1];
      to[i] = pairwise(x + begin, ends[static_cast<std::size_t>(i)] - begin);
    }
  });
  const T* part = sums.data();
  return add_up(part, n);
}

// Sum over the middle one of three axes.
template <class T>
Tensor<T> sum_middle(const Tensor<T>& x, std::int64_t outer, std::int64_t n, std::int64_t inner) {
  auto out = Tensor<T>::empty(Shape{outer, inner});
  T* to = out.mutable_data();
  const std::int64_t rows =
      std::max<std::int64_t>(1, detail::kPiece / std::max<std::int64_t>(n, 1));
  if (inner == 1) {
    if (outer == 1) {
      *to = sum_of_row(x.data(), n);
      return out;
    }
    detail::for_each_piece(outer, rows, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t o = first; o < last; ++o) to[o] = pairwise(x.data() + o * n, n);
    });
    return out;
  }
  const std::int64_t levels = detail::pairwise_levels(n, kRows);
  auto scratch = Tensor<T>::empty(Shape{levels, inner});
  T* const between = scratch.mutable_data();
  for (std::int64_t o = 0; o < outer; ++o) {
    const T* const slab = x.data() + o * n * inner;
    detail::for_each_piece(
        inner, std::max(rows, kColumns), [&](std::int64_t j, std::int64_t end_j) {
          const std::int64_t width = end_j - j;
          const auto few = [&](std::int64_t begin, std::int64_t end, T* sum) {
            std::fill(sum, sum + width, T(0));
            for (std::int64_t i = begin; i < end; ++i) {
              for (std::int64_t k = 0; k < width; ++k) sum[k] += slab[i * inner + j + k];
            }
          };
          detail::pairwise_rows(0, n, kRows, width, to + o * inner + j, between + j * levels, few);
        });
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
