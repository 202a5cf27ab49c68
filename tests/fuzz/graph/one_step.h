#pragma once
// One step by itself: its value, its gradient, and random weights for both.

#include <algorithm>

#include "../bytes.h"
#include "apply.h"
#include "compare.h"

namespace nablur::fuzz {

template <class T>
using Tensors = std::vector<Tensor<T>>;

template <class T>
Tensor<T> weights(const Shape& shape, Noise& noise) {
  auto w = Tensor<T>::empty(shape);
  T* const to = w.mutable_data();
  for (std::int64_t i = 0; i < w.size(); ++i) to[i] = static_cast<T>(noise.weight());
  return w;
}

template <class T>
Tensors<T> directions(std::span<const Tensor<T>> x, Noise& noise) {
  Tensors<T> v;
  for (const Tensor<T>& t : x) v.push_back(weights<T>(t.shape(), noise));
  return v;
}

template <class T>
Product dot_all(std::span<const Tensor<T>> a, std::span<const Tensor<T>> b) {
  Product sum;
  for (std::size_t k = 0; k < a.size(); ++k) {
    const Product p = dot(a[k], b[k]);
    sum.value += p.value;
    sum.magnitude += p.magnitude;
  }
  return sum;
}

template <class T>
Tensor<T> value(const Step& s, std::span<const Tensor<T>> x) {
  const std::vector<Variable<T>> constants(x.begin(), x.end());
  return apply_directly<T>(s, constants).value();
}

template <class T>
Tensors<T> gradient(const Step& s, std::span<const Tensor<T>> x, const Tensor<T>& w) {
  Tape<T> tape;
  std::vector<Variable<T>> variables;
  for (const Tensor<T>& t : x) variables.push_back(tape.variable(t));
  const auto d = gradients(apply_directly<T>(s, variables), w);
  Tensors<T> list;
  for (const auto& v : variables) list.push_back(d[v]);
  return list;
}

template <class T>
long double sum_of_magnitudes(const Tensor<T>& x) {
  long double sum = 0;
  for (const T& v : x) sum += std::fabs(static_cast<long double>(v));
  return sum;
}

template <class T>
long double largest_magnitude(const Tensor<T>& x) {
  long double largest = 0;
  for (const T& v : x) largest = std::max(largest, std::fabs(static_cast<long double>(v)));
  return largest;
}

// What a random sum must be compared to if the step's own sums, which no random number touches, may
// cancel. The taps of a convolution that meet copies of one sample are added up. ∂w/∂σ of the blur
// has both signs, and Σ|∂w/∂σ| is below 3/σ.
template <class T>
long double hidden_magnitude(const Step& s, std::span<const Tensor<T>> x, const Tensor<T>& w) {
  if (s.op == Op::convolve) return 2 * sum_of_magnitudes(w) * sum_of_magnitudes(x[1]);
  if (s.op != Op::gaussian_blur) return 0;
  const auto axes = static_cast<long double>(std::max<std::int64_t>(1, x[0].rank()));
  long double slope = 0;
  for (const T& sigma : x[1]) {
    if (sigma > 0) slope += 3 / static_cast<long double>(sigma) * axes;
  }
  return 2 * slope * largest_magnitude(x[0]) * sum_of_magnitudes(w);
}

}  // namespace nablur::fuzz
