#pragma once
// The Gaussian blur, differentiable in the image and in its scale σ, with the derivative in closed
// form.
//
//   const auto y = gaussian_blur(image, sigma);        // all axes, R = max(1, ⌈3σ⌉), zero border
//   const auto z = gaussian_blur(image, sigma, {.axes = {0, 1}, .border = Border::mirror});
//   const auto u = gaussian_blur(image, Tensor<double>{1.0, 2.0});    // a σ for each axis

#include <optional>

#include <nablur/autodiff/tape.h>
#include <nablur/ops/border.h>
#include <nablur/ops/gaussian_kernel.h>

namespace nablur {

/// Where and how far to blur.
struct GaussianBlurOptions {
  Axes axes = {};       ///< which axes to blur; all by default
  double truncate = 3;  ///< R = max(1, ⌈truncate·σ⌉) on each axis
  std::optional<std::int64_t> radius =
      std::nullopt;  ///< or R itself, for all axes, 0 to 2^26: makes the loss smooth in σ
  Border border = Border::zero;
};

/// The taps of one axis: w_d = e^(−d²/2σ²) / Σ and h_d = ∂w_d/∂σ = w_d (d² − m₂)/σ³ with m₂ = Σ w_d
/// d², for d = −R … R.
template <class T>
struct GaussianTaps {
  Tensor<T> w;
  Tensor<T> dw_dsigma;
};

namespace compiled {
template <class T>
struct GaussianBlur;  // at the end of this file
}

/// The filter and its derivative by σ, each of shape (2R + 1); σ in samples, at least 0 (0: the
/// delta and zeros). Throws Error for any other σ, and for a radius below 0 or past 2^26.
template <class T>
  requires detail::is_differentiable<T>
GaussianTaps<T> gaussian_taps(T sigma, std::int64_t radius) {
  return compiled::GaussianBlur<T>::gaussian_taps(sigma, radius);
}
/// The same in double for a whole σ.
template <class N>
  requires std::is_integral_v<N>
GaussianTaps<double> gaussian_taps(N sigma, std::int64_t radius) {
  return gaussian_taps(static_cast<double>(sigma), radius);
}

/// Blurs x (any rank) along the chosen axes with the normalised Gaussian cut off at ±R. Same shape
/// as x, even if the kernel is longer than the axis. σ is in samples: one for all axes (rank 0), or
/// one entry for each axis in the order of `axes`. σ = 0 is the identity, with derivative 0. Value,
/// gradient and Hessian-vector products are finite for every finite σ. If R follows σ, the result
/// jumps where ⌈truncate·σ⌉ does; a fixed radius makes it smooth. The two samples at one distance
/// are added before they are weighted: their sum may overflow to infinity although the result would
/// not.
///
/// float and double run on the machine's vectors (simd.h) and on several threads (threads.h). One
/// or two axes then take scratch for O(R) rows a thread beside x and y. With three axes or more (or
/// two whose samples are at least a vector wide) blocks of up to 30 slices of the first blurred
/// axis are held: one forward, two backward, for each axis but the last two. The gradient needs g
/// and x, and no other image of the forward pass. The plain loop (target "PLAIN", Dual numbers, R ≥
/// 2^16) holds one image more for each axis, and backward one for each σ.
///
/// For float the sums for ∂L/∂σ are gathered in double, of products that are added sixteen at a
/// time in float (throughout in float by the plain loop): products past the largest float are
/// infinite.
///
/// Throws Error for a σ that is negative, infinite or NaN, or of another shape; for R below 0 or
/// past 2^26; for a truncate that is not finite and above 0 (if there is no radius); and for axes
/// and borders that do not exist.
template <class X, OperandBeside<X> S>
ResultOf<X, S> gaussian_blur(const X& x, const S& sigma, const GaussianBlurOptions& options = {}) {
  return detail::result<X, S>(
      compiled::GaussianBlur<Scalar<X, S>>::gaussian_blur(x, sigma, options));
}

/// The same with the entries of σ in braces: gaussian_blur(image, {1.5, 2}).
template <Operand X>
ResultOf<X> gaussian_blur(const X& x, std::initializer_list<double> sigma,
                          const GaussianBlurOptions& options = {}) {
  return gaussian_blur(x, Tensor<double>(sigma).cast<typename detail::Plain<Scalar<X>>::type>(),
                       options);
}

/// The notebook's map from an unconstrained parameter s to a scale: ln(e^min_sigma + e^(s +
/// shift)), a soft maximum of min_sigma and s + shift, elementwise, without overflow for any s.
template <Operand S>
ResultOf<S> sigma_from_param(const S& s, double min_sigma = 0.3, double shift = -3) {
  return detail::result<S>(
      compiled::GaussianBlur<Scalar<S>>::sigma_from_param(s, min_sigma, shift));
}

// What the functions above call, compiled once in the library for each scalar.
namespace compiled {

template <class T>
struct NABLUR_API GaussianBlur {
  static GaussianTaps<T> gaussian_taps(T sigma, std::int64_t radius);
  static Variable<T> gaussian_blur(const Variable<T>& x, const Variable<T>& sigma,
                                   const GaussianBlurOptions& options);
  static Variable<T> sigma_from_param(const Variable<T>& s, double min_sigma, double shift);
};

extern template struct GaussianBlur<float>;
extern template struct GaussianBlur<double>;
extern template struct GaussianBlur<Dual<float>>;
extern template struct GaussianBlur<Dual<double>>;

}  // namespace compiled

}  // namespace nablur
