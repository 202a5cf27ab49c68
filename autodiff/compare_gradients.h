#pragma once
// Holds several derivations of one gradient side by side: by hand, on the tape, in forward mode, and by central differences.
//
//   const auto f = [](const auto& x) { return sum(exp(x)); };
//   const auto report = compare_gradients(f, {x});
//   std::cout << report;
//   return report.agrees() ? 0 : 1;
//
// The central differences are extrapolated to step 0 (Richardson's scheme as C. J. F. Ridders has it, Advances in Engineering
// Software 4(2), 1982), with an estimate of their own error.

#include <initializer_list>
#include <iosfwd>
#include <limits>
#include <string>
#include <vector>

#include <nablur/autodiff/derivatives.h>

namespace nablur {

/// How closely gradients must agree, and where they are compared.
struct CompareOptions {
  double relative = 0;  ///< allowed error against central differences; 0: 1e-7 for double, 5e-3 for float
  double exact = 0;     ///< allowed error between exact derivations, relative to the greatest; 0: 1e-11 or 1e-4
  double step = 0;  ///< greatest step, times max(1, |x|) of the element (along directions, of the greatest); 0: 1e-2 for double,
                    ///< 1e-1 for float
  std::int64_t directions = 0;  ///< 0: by every element; else along so many random directions, for large inputs
  std::uint32_t seed = 1;       ///< of the random directions, and of the weights of an f with more than one element
};

/// A gradient found elsewhere, for example by hand: one tensor for each input.
template <class T>
struct NamedGradients {
  std::string name;
  std::vector<Tensor<T>> gradients;
};

/// One derivation against another, at the element (or direction) where they differ most.
struct GradientRow {
  std::string derivation;
  std::string against;
  std::string place;     ///< "x0[3, 4]": input 0, element (3, 4); or "direction 2"
  double value = 0;      ///< the derivation's
  double reference = 0;  ///< the other's
  double absolute = 0;   ///< error
  double relative = 0;   ///< error / greater magnitude of the two
  double step = 0;       ///< of the central difference that was best; 0 between exact derivations
  double estimate = 0;   ///< of the central difference's own error
  bool agrees = false;
  std::string note;  ///< why not, where numbers do not tell
};

/// The rows as a value; printed as a table.
struct NABLUR_API GradientReport {
  std::vector<GradientRow> rows;

  /// True where all rows agree; false without rows: nothing was compared.
  bool agrees() const noexcept;
  friend NABLUR_API std::ostream& operator<<(std::ostream& out, const GradientReport& report);
};

namespace detail {

// What the compiled half needs of f. `weights` is empty where f has one element.
template <class T>
struct ComparedFunction {
  const void* f;
  T (*value)(const void* f, std::span<const Tensor<T>> x, const Tensor<T>& weights);
  T (*forward)(const void* f, std::span<const Tensor<T>> x, std::span<const Tensor<T>> v, const Tensor<T>& weights);
};

template <class T>
NABLUR_API GradientReport compare(const ComparedFunction<T>& function, std::span<const Tensor<T>> inputs,
                                  std::span<const NamedGradients<T>> derivations, const Tensor<T>& weights,
                                  const CompareOptions& options);

template <class T>
NABLUR_API Tensor<T> random_weights(const Shape& shape, std::uint32_t seed);

template <class T>
T weighted_sum(const Tensor<T>& y, const Tensor<T>& weights) {
  T total(0);
  for (std::int64_t i = 0; i < y.size(); ++i) total += y.data()[i] * weights.data()[i];
  return total;
}

}  // namespace detail

/// Compares the tape's gradient of f at the inputs, the forward mode's, and `others`, with central differences and among
/// themselves. f is a generic callable; where it has more than one element, the gradients are those of its sum with random
/// weights (then `others` must be too: gradient_weights gives them). An Error that f throws at a displaced input counts as no
/// value; a gradient of a wrong shape, a NaN, or differences that find no value make a row that does not agree.
template <class F, class T, std::size_t N>
GradientReport compare_gradients(const F& f, const Tensor<T> (&inputs)[N], const CompareOptions& options = {},
                                 std::initializer_list<NamedGradients<std::type_identity_t<T>>> others = {}) {
  detail::ComparedFunction<T> function;
  function.f = &f;
  function.value = [](const void* g, std::span<const Tensor<T>> x, const Tensor<T>& w) {
    const auto y = detail::call_with<N>(*static_cast<const F*>(g), [&](std::size_t i) { return Variable<T>(x[i]); });
    return detail::weighted_sum(y.value(), w);
  };
  function.forward = [](const void* g, std::span<const Tensor<T>> x, std::span<const Tensor<T>> v, const Tensor<T>& w) {
    const auto y =
        detail::call_with<N>(*static_cast<const F*>(g), [&](std::size_t i) { return Variable<Dual<T>>(make_dual(x[i], v[i])); });
    return detail::weighted_sum(tangent_of(y.value()), w);
  };
  const Shape shape = detail::call_with<N>(f, [&](std::size_t i) { return Variable<T>(inputs[i]); }).shape();
  const Tensor<T> weights = detail::random_weights<T>(shape, options.seed);
  const auto on_tape = vjp(f, inputs, weights);
  std::vector<NamedGradients<T>> derivations{{"tape", {on_tape.begin(), on_tape.end()}}};
  derivations.insert(derivations.end(), others.begin(), others.end());
  return detail::compare<T>(function, inputs, derivations, weights, options);
}
template <class F, class T>
GradientReport compare_gradients(const F& f, const Tensor<T>& input, const CompareOptions& options = {},
                                 std::initializer_list<NamedGradients<std::type_identity_t<T>>> others = {}) {
  const Tensor<T> inputs[] = {input};
  return compare_gradients(f, inputs, options, others);
}

/// The weights that compare_gradients gives the elements of an f of this shape: 1 for one element, else random normals.
template <class T>
Tensor<T> gradient_weights(const Shape& shape, const CompareOptions& options = {}) {
  return detail::random_weights<T>(shape, options.seed);
}

}  // namespace nablur
