#include <nablur/ops/convolve.h>

#include <algorithm>
#include <numeric>

#include <nablur/autodiff/sum.h>
#include <nablur/ops/detail/lines.h>
#include <nablur/ops/detail/sweep.h>

namespace nablur::compiled {

using detail::Lines;
using detail::pairwise_levels;
using detail::pairwise_rows;

namespace {

constexpr std::int64_t kTaps =
    64;  // that are added one after another; more are halves added to halves
constexpr std::int64_t kProducts = 128;  // the same of an inner product
constexpr std::int64_t kCopies = 8;      // the same of the gradients of a sample's copies
constexpr std::int64_t kBlock = 512;     // outputs that are summed side by side

// A line of samples, each `inner` numbers wide, as one row of numbers. Tap m of output j meets the
// number at j + (m − shift)·inner; beyond the row there is none.
template <class T>
struct Row {
  const T* numbers;
  std::int64_t size;
  std::int64_t inner;
  std::int64_t shift;

  struct Met {
    std::int64_t begin;
    std::int64_t end;
    const T* numbers;  // the first is met by output `begin`
  };
  // Those of the outputs first … last − 1 that tap m meets a number at.
  Met met(std::int64_t first, std::int64_t last, std::int64_t m) const {
    const std::int64_t offset = (m - shift) * inner;
    const std::int64_t begin = std::max(first, -offset);
    const std::int64_t end = std::max(begin, std::min(last, size - offset));
    return {begin, end, begin < end ? numbers + (begin + offset) : numbers};
  }
  // No tap before the first, or from the second on, meets a number at any of the outputs first …
  // last − 1.
  std::int64_t first_tap(std::int64_t last) const {
    return std::max<std::int64_t>(0, shift - (last - 1) / inner);
  }
  std::int64_t end_tap(std::int64_t first, std::int64_t taps) const {
    const std::int64_t left = size - 1 - first;
    const std::int64_t samples =
        left >= 0 ? left / inner : -((inner - 1 - left) / inner);  // rounded down
    return std::clamp<std::int64_t>(shift + samples + 1, 0, taps);
  }
};

struct Span {
  std::int64_t begin;
  std::int64_t end;
};

// The sums over some of the taps, for some of the outputs: neighbours that meet numbers with the
// same of those taps go together.
template <class T>
void filter(const detail::Kernels<T>& kernels, const Row<T>& row, const Tensor<T>& taps,
            const Span& some, const Span& outputs, T* sums) {
  for (std::int64_t j = outputs.begin, next = j; j < outputs.end; j = next) {
    const std::int64_t begin = std::max(some.begin, row.first_tap(j + 1));
    const std::int64_t end = std::max(begin, std::min(some.end, row.end_tap(j, taps.size())));
    const bool all = begin == some.begin && end == some.end;
    const std::int64_t until = all ? row.size - (end - 1 - row.shift) * row.inner  // the last tap's
                                   : (j / row.inner + 1) * row.inner;
    next = std::clamp(until, j + 1, outputs.end);
    T* const to = sums + (j - outputs.begin);
    if (begin == end) {
      std::fill_n(to, next - j, T(0));
    } else {
      kernels.correlation.filter(row.numbers + j + (begin - row.shift) * row.inner, row.inner,
                                 taps.data() + begin, end - begin, next - j, to);
    }
  }
}

// out_j = Σ_m taps_m row(j, m) for 0 ≤ j < count
template <class T>
void correlate(const Row<T>& row, const Tensor<T>& taps, T* out, std::int64_t count) {
  const auto* const kernels = detail::kernels<T>();
  const std::int64_t width = std::min(count, kBlock);
  auto scratch = Tensor<T>::empty(Shape{pairwise_levels(taps.size(), kTaps), width});
  for (std::int64_t first = 0; first < count; first += width) {
    const std::int64_t last = std::min(count, first + width);
    const auto few = [&](std::int64_t begin, std::int64_t end, T* sums) {
      if (kernels != nullptr) {
        return filter(*kernels, row, taps, {begin, end}, {first, last}, sums);
      }
      std::fill_n(sums, last - first, T(0));
      for (std::int64_t m = begin; m < end; ++m) {
        const auto met = row.met(first, last, m);
        const T tap = taps.data()[m];
        T* const to = sums + (met.begin - first);
        for (std::int64_t j = 0; j < met.end - met.begin; ++j) to[j] += tap * met.numbers[j];
      }
    };
    const std::int64_t begin = row.first_tap(last);
    const std::int64_t end = std::max(begin, row.end_tap(first, taps.size()));
    pairwise_rows(begin, end, kTaps, last - first, out + first, scratch.mutable_data(), few);
  }
}

// Σ_j g_j row(j, m) for 0 ≤ j < count
template <class T>
T correlation(const Row<T>& row, std::int64_t m, const T* g, std::int64_t count) {
  const auto met = row.met(0, count, m);
  const auto few = [a = g + met.begin, b = met.numbers](std::int64_t j, std::int64_t end, T* sum) {
    constexpr std::int64_t lanes = 8;  // independent sums, for the machine's vectors
    T lane[lanes] = {};
    for (; j + lanes <= end; j += lanes) {
      for (std::int64_t k = 0; k < lanes; ++k) lane[k] += a[j + k] * b[j + k];
    }
    for (; j < end; ++j) lane[0] += a[j] * b[j];
    *sum =
        ((lane[0] + lane[1]) + (lane[2] + lane[3])) + ((lane[4] + lane[5]) + (lane[6] + lane[7]));
  };
  T sum(0);
  T scratch[64];  // more levels than a 64-bit length has halves
  pairwise_rows(0, met.end - met.begin, kProducts, 1, &sum, scratch, few);
  return sum;
}

// The same for all taps at once.
template <class T>
void correlations(const detail::Kernels<T>& kernels, const Row<T>& row, std::int64_t taps,
                  const T* g, std::int64_t count, T* sums) {
  auto scratch = Tensor<T>::empty(Shape{pairwise_levels(count, kBlock), taps});
  const auto few = [&](std::int64_t begin, std::int64_t end, T* to) {
    if (row.first_tap(begin + 1) == 0 && row.end_tap(end - 1, taps) == taps) {
      return kernels.correlation.weigh(g + begin, row.numbers + begin - row.shift * row.inner,
                                       row.inner, taps, end - begin, to);
    }
    for (std::int64_t m = 0; m < taps; ++m) {
      const auto met = row.met(begin, end, m);
      to[m] = T(0);
      if (met.begin < met.end) {
        kernels.correlation.weigh(g + met.begin, met.numbers, 0, 1, met.end - met.begin, to + m);
      }
    }
  };
  detail::pairwise_rows(0, count, kBlock, taps, sums, scratch.mutable_data(), few);
}

// Which of the n + 2R places of an extended line are copies of which sample.
class Copies {
 public:
  Copies(std::int64_t n, std::int64_t radius, Border border)
      : begins_(static_cast<std::size_t>(n) + 1, 0),
        places_(static_cast<std::size_t>(n + 2 * radius)) {
    const auto sample = [&](std::int64_t place) {
      return static_cast<std::size_t>(detail::border_index(place - radius, n, border));
    };
    const auto places = static_cast<std::int64_t>(places_.size());
    for (std::int64_t place = 0; place < places; ++place) ++begins_[sample(place) + 1];
    std::partial_sum(begins_.begin(), begins_.end(), begins_.begin());
    List next = begins_;
    for (std::int64_t place = 0; place < places; ++place)
      places_[static_cast<std::size_t>(next[sample(place)]++)] = place;
    for (std::size_t i = 1; i < begins_.size(); ++i)
      most_ = std::max(most_, begins_[i] - begins_[i - 1]);
  }

  std::int64_t most() const { return most_; }  // copies of one sample

  // Each sample's numbers: the sum of its copies'.
  template <class T>
  void add_up(const T* extended, std::int64_t inner, T* samples, T* scratch) const {
    const auto few = [&](std::int64_t begin, std::int64_t end, T* sum) {
      std::fill_n(sum, inner, T(0));
      for (std::int64_t i = begin; i < end; ++i) {
        const T* const copy = extended + places_[static_cast<std::size_t>(i)] * inner;
        for (std::int64_t j = 0; j < inner; ++j) sum[j] += copy[j];
      }
    };
    for (std::size_t i = 0; i + 1 < begins_.size(); ++i, samples += inner) {
      pairwise_rows(begins_[i], begins_[i + 1], kCopies, inner, samples, scratch, few);
    }
  }

 private:
  using List = pool::Vector<std::int64_t>;
  List begins_;  // by sample, of its entries in places_
  List places_;
  std::int64_t most_ = 0;
};

// The convolution of arrays of one shape along one axis. Each line is extended by R samples at each
// end; but with the zero border nothing is there to be met.
template <class T>
class Convolution {
 public:
  Convolution(const Lines& lines, const Tensor<T>& kernel, Border border)
      : lines_(lines),
        kernel_(kernel),
        radius_(kernel.size() / 2),
        beyond_(border == Border::zero ? 0 : radius_),
        border_(border) {}

  // y_i = Σ_k w_k x_(i+R−k)
  Tensor<T> forward(const Tensor<T>& x) const {
    auto reversed = Tensor<T>::empty(kernel_.shape());
    std::reverse_copy(kernel_.begin(), kernel_.end(), reversed.mutable_data());
    auto y = Tensor<T>::empty(x.shape());
    T* const to = y.mutable_data();
    Tensor<T> memory = extended_line();
    for (std::int64_t o = 0; o < lines_.outer; ++o) {
      correlate(extended(x.data() + o * line(), memory), reversed, to + o * line(), line());
    }
    return y;
  }

  // ∂L/∂x_(i+R−k) += w_k g_i
  Tensor<T> to_x(const Tensor<T>& g) const {
    auto dx = Tensor<T>::empty(g.shape());
    T* const to = dx.mutable_data();
    if (beyond_ == 0) {
      for (std::int64_t o = 0; o < lines_.outer; ++o)
        correlate(line_of(g, o, radius_), kernel_, to + o * line(), line());
      return dx;
    }
    const Copies copies(lines_.n, radius_, border_);
    auto scratch = Tensor<T>::empty(Shape{pairwise_levels(copies.most(), kCopies), lines_.inner});
    Tensor<T> wide = extended_line();
    for (std::int64_t o = 0; o < lines_.outer; ++o) {
      correlate(line_of(g, o, 2 * radius_), kernel_, wide.mutable_data(), wide.size());
      copies.add_up(wide.data(), lines_.inner, to + o * line(), scratch.mutable_data());
    }
    return dx;
  }

  // ∂L/∂w_k = Σ_i g_i x_(i+R−k)
  Tensor<T> to_kernel(const Tensor<T>& g, const Tensor<T>& x) const {
    const std::int64_t taps = kernel_.size();
    const auto* const kernels = detail::kernels<T>();
    auto dw = Tensor<T>::empty(kernel_.shape());
    auto scratch = Tensor<T>::empty(Shape{pairwise_levels(lines_.outer, 1), taps});
    Tensor<T> memory = extended_line();
    const auto of_line = [&](std::int64_t o, std::int64_t, T* sums) {
      const Row<T> row = extended(x.data() + o * line(), memory);
      const T* const weights = g.data() + o * line();
      if (kernels != nullptr) {
        correlations(*kernels, row, taps, weights, line(), sums);
        return std::reverse(sums, sums + taps);
      }
      for (std::int64_t k = 0; k < taps; ++k)
        sums[k] = correlation(row, taps - 1 - k, weights, line());
    };
    pairwise_rows(0, lines_.outer, 1, taps, dw.mutable_data(), scratch.mutable_data(), of_line);
    return dw;
  }

 private:
  std::int64_t line() const { return lines_.n * lines_.inner; }
  Row<T> line_of(const Tensor<T>& t, std::int64_t o, std::int64_t shift) const {
    return {t.data() + o * line(), line(), lines_.inner, shift};
  }
  Tensor<T> extended_line() const {
    return Tensor<T>::empty(Shape{beyond_ == 0 ? 0 : lines_.n + 2 * beyond_, lines_.inner});
  }

  Row<T> extended(const T* from, Tensor<T>& memory) const {
    if (beyond_ == 0) return {from, line(), lines_.inner, radius_};
    T* to = memory.mutable_data();
    for (std::int64_t i = -beyond_; i < lines_.n + beyond_; ++i, to += lines_.inner) {
      std::copy_n(from + detail::border_index(i, lines_.n, border_) * lines_.inner, lines_.inner,
                  to);
    }
    return {memory.data(), memory.size(), lines_.inner, 0};
  }

  Lines lines_;
  Tensor<T> kernel_;
  std::int64_t radius_;
  std::int64_t beyond_;
  Border border_;
};

}  // namespace

template <class T>
Variable<T> Convolve<T>::convolve(const Variable<T>& x, const Variable<T>& kernel,
                                  std::int64_t axis, Border border) {
  detail::require_border("convolve", border);
  const std::int64_t along = resolve_axis("convolve", axis, x.rank());
  if (kernel.rank() != 1 || kernel.size() % 2 == 0) {
    fail("convolve: the kernel must have rank 1 and odd length, got shape ", kernel.shape());
  }
  if (x.size() == 0) {
    const auto nothing = [](const Shape& shape) {
      return [shape](const Tensor<T>&) { return Tensor<T>::zeros(shape); };
    };
    return record("convolve", x.value(),
                  {{x, nothing(x.shape())}, {kernel, nothing(kernel.shape())}});
  }
  const Convolution<T> convolution(Lines(x.shape(), along), kernel.value(), border);
  const auto to_x = [convolution](const Tensor<T>& g) { return convolution.to_x(g); };
  const auto to_kernel = [convolution, v = x.value()](const Tensor<T>& g) {
    return convolution.to_kernel(g, v);
  };
  return record("convolve", convolution.forward(x.value()), {{x, to_x}, {kernel, to_kernel}});
}

template struct Convolve<float>;
template struct Convolve<double>;
template struct Convolve<Dual<float>>;
template struct Convolve<Dual<double>>;

}  // namespace nablur::compiled
