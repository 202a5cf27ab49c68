#pragma once
// A blur carried out: value and gradients, and the measures for comparing them.

#include <algorithm>
#include <cmath>
#include <cstring>

#include "../../reference_blur.h"
#include "blur_case.h"

namespace nablur::fuzz {

template <class T>
struct Blurred {
  Tensor<T> y;
  Tensor<T> dx;
  Tensor<T> dsigma;
};

enum class By : std::uint8_t { both, image, sigma };

template <class T>
Blurred<T> blur(const Tensor<T>& x, const Tensor<T>& g, const BlurCase& c, By by = By::both) {
  Tape<T> tape;
  const Variable<T> image = by == By::sigma ? Variable<T>(x) : tape.variable(x);
  const Variable<T> sigma =
      by == By::image ? Variable<T>(c.sigma<T>()) : tape.variable(c.sigma<T>());
  const auto y = gaussian_blur(image, sigma, c.options());
  const auto d = gradients(y, g);
  return {y.value(), by == By::sigma ? Tensor<T>() : d[image],
          by == By::image ? Tensor<T>() : d[sigma]};
}

template <class T>
Blurred<T> blur_on(const char* target, const Tensor<T>& x, const Tensor<T>& g, const BlurCase& c) {
  set_simd_target(target);
  return blur(x, g, c);
}

template <class T>
bool same_bits(const Tensor<T>& a, const Tensor<T>& b) {
  return a.shape() == b.shape() &&
         (a.size() == 0 ||
          std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.size()) * sizeof(T)) == 0);
}

template <class T>
Tensor<T> absolute(Tensor<T> x) {
  T* const v = x.mutable_data();
  std::transform(v, v + x.size(), v, [](T n) { return std::fabs(n); });
  return x;
}

template <class T>
long double dot(const Tensor<T>& a, const Tensor<T>& b) {
  long double sum = 0;
  for (std::int64_t i = 0; i < a.size(); ++i)
    sum += static_cast<long double>(a.data()[i]) * static_cast<long double>(b.data()[i]);
  return sum;
}

// What is allowed as a share of Σ|w||x|: 8 units in the last place an axis for each of two sums,
// more beyond R = 100.
template <class T>
long double limit(const BlurCase& c) {
  long double units = 1;
  for (std::size_t k = 0; k < c.axes.size(); ++k)
    units += 16 * std::max(1.0L, static_cast<long double>(c.radius_of<T>(k)) / 100);
  return units * static_cast<long double>(std::numeric_limits<T>::epsilon());
}

// Σ|h| along axes[k], h = ∂w/∂σ.
template <class T>
long double slope_sum(const BlurCase& c, std::size_t k) {
  long double sum = 0;
  for (const T h : gaussian_taps(static_cast<T>(c.sigma_of(k)), c.radius_of<T>(k)).dw_dsigma)
    sum += std::fabs(static_cast<long double>(h));
  return sum;
}

inline reference::Lines lines_of(const BlurCase& c, std::size_t axis) {
  reference::Lines lines{1, c.sizes[axis], 1};
  for (std::size_t i = 0; i < axis; ++i) lines.outer *= c.sizes[i];
  for (std::size_t i = axis + 1; i < c.sizes.size(); ++i) lines.inner *= c.sizes[i];
  return lines;
}

// A tap's rounding error is relative to 1 + u², u = d/σ, since that of u² is multiplied by u²/2.
inline reference::Numbers uncertain(reference::Numbers w, long double sigma) {
  const auto radius = static_cast<long double>(w.size() / 2);
  for (std::size_t i = 0; i < w.size(); ++i) {
    const long double u = (static_cast<long double>(i) - radius) / sigma;
    w[i] *= 1 + u * u;
  }
  return w;
}

}  // namespace nablur::fuzz
