#pragma once
// Where compare_gradients asks a derivation for its slope (at each element of the inputs, or along
// random directions), and what it takes differences of.

#include <functional>
#include <span>
#include <string>
#include <vector>

#include <nablur/autodiff/tensor.h>
#include <nablur/support/random.h>

namespace nablur::detail {

template <class T>
using Tensors = std::vector<Tensor<T>>;

/// "x0[3, 4]", or "x0" for rank 0.
std::string element_name(const std::string& tensor, const Shape& shape, std::int64_t flat);

/// Σ a·b over all elements, in double; adds Σ |a·b| to `magnitude`.
template <class T>
double dot(const Tensors<T>& a, const Tensors<T>& b, double* magnitude = nullptr);

/// Random normals in the inputs' shapes.
template <class T>
Tensors<T> normals_like(std::span<const Tensor<T>> inputs, Random& random);

/// One element of one input, or a direction in the space of all inputs.
template <class T>
struct Probe {
  std::string place;
  std::size_t input = 0;
  std::int64_t element = 0;
  Tensors<T> v;         // of a direction; else empty
  double position = 0;  // magnitude of the element, or of the greatest

  Tensors<T> direction(std::span<const Tensor<T>> inputs) const;
  /// inputs + t·direction
  Tensors<T> displaced(std::span<const Tensor<T>> inputs, double t) const;
  /// The derivative along the direction that these gradients claim.
  double slope(const Tensors<T>& gradients) const;
};

/// All elements, input by input; or so many random directions of length 1 if `directions` is above
/// 0 and there are elements.
template <class T>
std::vector<Probe<T>> probes(std::span<const Tensor<T>> inputs, std::int64_t directions,
                             std::uint32_t seed);

/// A weighted sum over tensors that depend on the inputs.
template <class T>
struct Quantity {
  std::function<Tensors<T>(const Tensors<T>& x)> at;
  Tensors<T> base;  // at the inputs
  Tensors<T> weights;

  /// The sum at x less the sum at the inputs; changes are added up, so that an element that does
  /// not change brings no rounding with it. Throws if a shape is another than at the inputs, or the
  /// change not finite.
  double change(const Tensors<T>& x) const;
  /// Magnitude of the rounding errors of the base.
  double rounding() const;
};

}  // namespace nablur::detail
