#pragma once
// Holds several derivations of one gradient side by side: by hand, on the tape, in forward mode,
// and by differences.
//
//   const auto f = [](const auto& x) { return sum(exp(x)); };
//   const auto report = compare_gradients(f, {x});
//   std::cout << report;
//   return report.agrees() ? 0 : 1;
//
// The differences are central, extrapolated to step 0, with an estimate of their own error; the
// extrapolation and the verdicts are in detail/differences.h. A derivative is accused only if it is
// further off than that error explains.

#include <initializer_list>
#include <string>
#include <vector>

#include <nablur/gradcheck/compared_function.h>
#include <nablur/gradcheck/gradient_report.h>

namespace nablur {

/// How closely gradients must agree, and what is compared.
struct CompareOptions {
  double relative = 0;  ///< allowed error against differences; 0: 1e-7 for double, 5e-3 for float
  double exact =
      0;  ///< allowed error between exact derivations, relative to the greatest; 0: 1e-11 or 1e-4
  double step = 0;  ///< greatest step, times max(1, |x|) of the element (along directions, of the
                    ///< greatest); 0: 1e-2 for double, 1e-1 for float
  std::int64_t directions =
      0;  ///< 0: by every element; else along so many random directions, for large inputs
  std::uint32_t seed =
      1;  ///< of the random directions, and of the weights of an f with more than one element
  std::int64_t combinations = 4;  ///< for up to so many inputs (30 at most): every choice of them
                                  ///< on the tape, the others constants
  bool second_order = false;  ///< Hessian-vector products against differences of gradients, and the
                              ///< symmetry of the Hessian
};

/// A gradient found elsewhere, for example by hand: one tensor for each input.
template <class T>
struct NamedGradients {
  std::string name;
  std::vector<Tensor<T>> gradients;
};

namespace detail {

template <class T>
NABLUR_API GradientReport compare(const ComparedFunction<T>& function,
                                  std::span<const Tensor<T>> inputs,
                                  std::span<const NamedGradients<T>> others,
                                  const CompareOptions& options);

template <class T>
NABLUR_API Tensor<T> random_weights(const Shape& shape, std::uint32_t seed);

}  // namespace detail

/// Compares the tape's gradient of f at the inputs, the forward mode's, and `others`, with
/// differences and among themselves, and checks that f and its gradient are the same when evaluated
/// again, that the value is the same on a tape and without one, that the gradients are the same if
/// some inputs are constants, and that the inputs are left as they were. Each of these is a row.
///
/// f is a generic callable. If it has more than one element, the gradients are those of its sum
/// with random weights (then `others` must be too: gradient_weights gives them).
///
/// An Error that f throws at a displaced input, a number that is not finite there, or another shape
/// than at the inputs counts as no value: that step is left out. A NaN or a shape that is not its
/// input's is a derivative that differs, and so is an Error that f throws on a tape or in forward
/// mode only. Throws what f throws at the inputs themselves, and OutOfMemory.
template <class F, class T, std::size_t N>
GradientReport compare_gradients(
    const F& f, const Tensor<T> (&inputs)[N], const CompareOptions& options = {},
    std::initializer_list<NamedGradients<std::type_identity_t<T>>> others = {}) {
  return detail::compare<T>(detail::compared_function<N, T>(f), inputs,
                            {others.begin(), others.size()}, options);
}
template <class F, class T>
GradientReport compare_gradients(
    const F& f, const Tensor<T>& input, const CompareOptions& options = {},
    std::initializer_list<NamedGradients<std::type_identity_t<T>>> others = {}) {
  const Tensor<T> inputs[] = {input};
  return compare_gradients(f, inputs, options, others);
}

/// The weights that compare_gradients gives the elements of an f of this shape: 1 for one element,
/// else random normals.
template <class T>
Tensor<T> gradient_weights(const Shape& shape, const CompareOptions& options = {}) {
  return detail::random_weights<T>(shape, options.seed);
}

}  // namespace nablur
