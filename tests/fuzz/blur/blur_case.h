#pragma once
// A blur, read from a fuzzer's input: what is blurred how, and where its numbers lie.

#include <optional>
#include <string>
#include <vector>

#include <nablur/nablur.h>

#include "../bytes.h"

namespace nablur::fuzz {

/// Where the numbers of a tensor lie.
enum class Layout : std::uint8_t {
  own,      ///< in a block of their own, aligned to 64 bytes
  rows,     ///< in the middle of a larger tensor
  wrapped,  ///< in foreign memory, aligned to one number
};

struct BlurCase {
  std::vector<std::int64_t> sizes;
  std::vector<std::int64_t> axes;  ///< in [0, rank)
  std::vector<double> sigmas;      ///< one for each axis, or one for all
  bool shared = false;
  std::optional<std::int64_t> radius;
  double truncate = 3;
  Border border = Border::zero;
  std::int64_t seed = 0;  ///< of x, g and whatever else is random
  Layout layout = Layout::own;
  std::int64_t shift = 1;  ///< numbers before the first, in foreign memory
  std::string target;      ///< the instruction set

  Shape shape() const { return Shape(std::span<const std::int64_t>(sizes)); }
  GaussianBlurOptions options() const {
    return {.axes = Axes(std::span<const std::int64_t>(axes)),
            .truncate = truncate,
            .radius = radius,
            .border = border};
  }
  template <class T>
  Tensor<T> sigma() const {
    if (shared) return Tensor<T>(static_cast<T>(sigmas[0]));
    return Tensor<double>(Shape{static_cast<std::int64_t>(sigmas.size())},
                          std::span<const double>(sigmas))
        .cast<T>();
  }
  double sigma_of(std::size_t k) const { return sigmas[shared ? 0 : k]; }
  /// R along axes[k], with σ rounded to T.
  template <class T>
  std::int64_t radius_of(std::size_t k) const {
    return radius ? *radius
                  : gaussian_radius(static_cast<double>(static_cast<T>(sigma_of(k))), truncate);
  }
  std::string describe() const;
};

/// Small enough to be quick: some hundred numbers, R up to 100.
BlurCase read_blur_case(Bytes& bytes);

/// One that is spread over several threads.
BlurCase large_blur_case(Bytes& bytes);

/// Random numbers, most of them of one magnitude, now and then 0, huge or tiny.
template <class T>
Tensor<T> random_numbers(const Shape& shape, Noise& noise) {
  auto x = Tensor<T>::empty(shape);
  T* const to = x.mutable_data();
  for (std::int64_t i = 0; i < x.size(); ++i) to[i] = static_cast<T>(noise.between(-2, 2));
  const std::uint64_t odd = noise.bits() % 8;
  if (odd < 4 || x.size() == 0) return x;
  const T numbers[] = {T(0), T(1e15), T(-1e-15), T(1e-30)};
  for (std::uint64_t i = 0; i < odd; ++i)
    to[noise.bits() % static_cast<std::uint64_t>(x.size())] = numbers[odd - 4];
  return x;
}

/// The same numbers, laid out as the case says.
template <class T>
Tensor<T> laid_out(const Tensor<T>& x, const BlurCase& c) {
  if (c.layout == Layout::own || x.rank() == 0) return x;
  if (c.layout == Layout::rows) {
    std::vector<std::int64_t> sizes = c.sizes;
    const std::int64_t row = sizes[0] > 0 ? x.size() / sizes[0] : 0;
    sizes[0] += 2;
    auto larger = Tensor<T>::full(Shape(std::span<const std::int64_t>(sizes)),
                                  std::numeric_limits<T>::quiet_NaN());
    std::copy(x.begin(), x.end(), larger.mutable_data() + row);
    return larger.rows(1, c.sizes[0] + 1);
  }
  std::vector<T> memory(static_cast<std::size_t>(c.shift), std::numeric_limits<T>::quiet_NaN());
  memory.insert(memory.end(), x.begin(), x.end());
  const T* const data = memory.data() + c.shift;
  return Tensor<T>::wrap(data, x.shape(), std::move(memory));
}

}  // namespace nablur::fuzz
