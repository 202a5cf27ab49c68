#pragma once
// Optimisers: each is a value that says, from a loss's gradient, where to go next.
//
//   Adam<double> adam(0.1);
//   Tensor<double> a = 1.0, b = 0.0;
//   for (int i = 0; i < 200; ++i) {
//     tape.clear();
//     const auto va = tape.variable(a), vb = tape.variable(b);
//     const auto d = gradients(sum(square(va * x + vb - y)));
//     adam.step({&a, &b}, {d[va], d[vb]});
//   }
//
// The parameters are Tensors of float or double, always the same number of them, in the same order
// and of the same shapes: step throws Error if they change, and leaves parameters and state as they
// were if it throws. Steps of several parameters are taken together. An optimiser's state is in its
// public members: copy the optimiser to keep it, or save the members.

#include <span>
#include <vector>

#include <nablur/autodiff/tensor.h>

namespace nablur {
namespace detail {

// Parameters to update, in braces or in a list known at run time.
template <class T>
class Parameters {
 public:
  Parameters(std::initializer_list<Tensor<T>*> list) : list_(list.begin(), list.end()) {}
  Parameters(std::span<Tensor<T>> list) {
    for (Tensor<T>& x : list) list_.push_back(&x);
  }
  Parameters(std::vector<Tensor<T>>& list) : Parameters(std::span<Tensor<T>>(list)) {}
  std::size_t size() const noexcept { return list_.size(); }
  Tensor<T>& operator[](std::size_t i) const noexcept { return *list_[i]; }

 private:
  pool::Vector<Tensor<T>*> list_;
};

}  // namespace detail

/// A loss and its gradients by the parameters.
template <class T>
struct Evaluation {
  T loss;
  std::vector<Tensor<T>> gradients;
};

/// Gradient descent with momentum: v ← momentum·v + g, x ← x − rate·v (Polyak, 1964; PyTorch's
/// SGD). With `nesterov` the step is rate·(g + momentum·v).
template <class T>
class NABLUR_API GradientDescent {
 public:
  /// Constants of the formula above.
  struct Options {
    double momentum = 0;
    bool nesterov = false;
  };
  /// Throws unless rate is finite and above 0, and 0 ≤ momentum < 1.
  explicit GradientDescent(double rate, const Options& options = {});
  void step(const detail::Parameters<T>& x, std::span<const Tensor<T>> gradients);
  void step(const detail::Parameters<T>& x, std::initializer_list<Tensor<T>> gradients) {
    step(x, std::span(gradients.begin(), gradients.size()));
  }

  double rate;
  Options options;
  std::vector<Tensor<T>> velocity;  ///< empty before the first step
};

/// Adam (Kingma and Ba, arXiv:1412.6980, algorithm 1): steps of about `rate` along each coordinate,
/// whatever the gradient's scale.
template <class T>
class NABLUR_API Adam {
 public:
  /// The paper's constants, under its names.
  struct Options {
    double beta1 = 0.9;
    double beta2 = 0.999;
    double epsilon = 1e-8;
  };
  /// Throws unless rate and epsilon are finite and above 0, and 0 ≤ beta1, beta2 < 1.
  explicit Adam(double rate = 1e-3, const Options& options = {});
  void step(const detail::Parameters<T>& x, std::span<const Tensor<T>> gradients);
  void step(const detail::Parameters<T>& x, std::initializer_list<Tensor<T>> gradients) {
    step(x, std::span(gradients.begin(), gradients.size()));
  }

  double rate;
  Options options;
  std::int64_t steps = 0;
  std::vector<Tensor<T>> mean;    ///< of the gradients; empty before the first step
  std::vector<Tensor<T>> square;  ///< the mean of their squares
};

/// L-BFGS with a line search for the strong Wolfe conditions (Nocedal and Wright, Numerical
/// Optimization, 2nd ed., algorithms 7.4, 3.5 and 3.6). For a smooth loss of up to millions of
/// parameters it needs far fewer gradients than the others, and no rate.
///
///   Lbfgs<double> lbfgs;
///   for (int i = 0; i < 100 && !lbfgs.converged; ++i) lbfgs.step({&a, &b}, [&] { …; return
///   Evaluation<double>{loss, {da, db}}; });
template <class T>
class NABLUR_API Lbfgs {
 public:
  /// How much is remembered, and when a line search ends.
  struct Options {
    std::size_t history = 10;  ///< pairs of s and y that are kept
    int evaluations = 25;      ///< at most so many in one line search
    double sufficient_decrease = 1e-4;
    double curvature = 0.9;
  };
  /// Throws unless history and evaluations are at least 1 and 0 < sufficient_decrease < curvature
  /// < 1.
  explicit Lbfgs(const Options& options = {});

  /// One line search along the quasi-Newton direction. `evaluate()`, always the same function,
  /// returns the loss and its gradients at the parameters as they are; step changes these as it
  /// searches. Returns the loss reached. If no lower loss is found, or the gradient is zero, the
  /// parameters stay and `converged` is set. If evaluate throws, parameters and state are as before
  /// the step. Throws if the loss or a gradient is not finite at the start.
  template <class F>
  T step(const detail::Parameters<T>& x, const F& evaluate) {
    return search(x, &evaluate,
                  [](const void* f) -> Evaluation<T> { return (*static_cast<const F*>(f))(); });
  }

  Options options;
  bool converged = false;  ///< never set if the loss falls without end: limit the steps
  std::vector<std::vector<Tensor<T>>> s;  ///< steps taken, the oldest first
  std::vector<std::vector<Tensor<T>>> y;  ///< changes of the gradient along them

 private:
  T search(const detail::Parameters<T>& x, const void* f, Evaluation<T> (*evaluate)(const void* f));
  T advance(const detail::Parameters<T>& x, const void* f,
            Evaluation<T> (*evaluate)(const void* f));
  void remember(std::vector<Tensor<T>>&& step, std::vector<Tensor<T>>&& change);

  // The evaluation where the last step ended. It serves the next one if the parameters still share
  // their memory with `at_`: whoever writes to a shared tensor gets memory of its own.
  std::vector<Tensor<T>> at_;
  Evaluation<T> last_;
};

extern template class GradientDescent<float>;
extern template class GradientDescent<double>;
extern template class Adam<float>;
extern template class Adam<double>;
extern template class Lbfgs<float>;
extern template class Lbfgs<double>;

}  // namespace nablur
