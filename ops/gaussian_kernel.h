#pragma once
// The normalised Gaussian filter, composed of operators on the tape: an independent check of
// gaussian_blur.
//
//   auto y = convolve(x, gaussian_kernel(sigma, 9));     // what gaussian_blur does along one axis

#include <optional>

#include <nablur/autodiff/tape.h>

namespace nablur {
namespace compiled {
template <class T>
struct GaussianKernel;  // at the end of this file
}

/// The notebook's radius: max(1, ⌈truncate·σ⌉) samples. Throws Error unless σ is finite and at
/// least 0 and truncate finite and above 0, and for a radius past 2^26.
NABLUR_API std::int64_t gaussian_radius(double sigma, double truncate = 3);

/// e^(−d²/2σ²) / Σ for d = −R … R, of shape (2R + 1): σ of one element, in samples, above 0. By
/// default R = gaussian_radius(σ). Throws Error for any other σ, and for a radius below 0 or past
/// 2^26.
template <Operand S>
ResultOf<S> gaussian_kernel(const S& sigma, std::optional<std::int64_t> radius = {}) {
  return detail::result<S>(compiled::GaussianKernel<Scalar<S>>::gaussian_kernel(sigma, radius));
}

// What the functions above call, compiled once in the library for each scalar.
namespace compiled {

template <class T>
struct NABLUR_API GaussianKernel {
  static Variable<T> gaussian_kernel(const Variable<T>& sigma, std::optional<std::int64_t> radius);
};

extern template struct GaussianKernel<float>;
extern template struct GaussianKernel<double>;
extern template struct GaussianKernel<Dual<float>>;
extern template struct GaussianKernel<Dual<double>>;

}  // namespace compiled

}  // namespace nablur
