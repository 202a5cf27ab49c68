#pragma once
// Private: Gaussian filters along several axes of an array in one sweep, forward or backward.

#include <span>

#include <nablur/autodiff/tensor.h>
#include <nablur/ops/detail/gaussian_filter.h>

namespace nablur::detail {

/// An axis and its taps.
template <class T>
struct AxisTaps {
  std::int64_t axis;
  const HalfGaussian<T>* taps;
};

/// The result of a backward pass: the gradient of the image (empty if it was not wanted) and ∂L/∂σ
/// for each axis (or none).
template <class T>
struct SeparableGradients {
  Tensor<T> dx;
  Pooled<T> d_sigma;
};

template <class T>
struct Kernels;

/// The kernels for these taps; null if the plain loop, `filter` and `filter_adjoint`, does the
/// work.
template <class T>
const Kernels<T>* sweep_kernels(std::span<const AxisTaps<T>> axes);

/// x filtered along the axes.
template <class T>
Tensor<T> sweep(const Kernels<T>& kernels, const Tensor<T>& x, std::span<const AxisTaps<T>> axes,
                Border border);

/// ∂L/∂x and ∂L/∂σ for every axis, from g = ∂L/∂y and the x of the forward pass, which is looked at
/// only for the σ.
template <class T>
SeparableGradients<T> sweep_backward(const Kernels<T>& kernels, const Tensor<T>& g,
                                     const Tensor<T>& x, std::span<const AxisTaps<T>> axes,
                                     Border border, bool want_dx, bool want_sigma);

}  // namespace nablur::detail
