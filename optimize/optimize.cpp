#include <nablur/optimize/optimize.h>

#include <cmath>

#include <nablur/optimize/detail/lists.h>

namespace nablur {

using detail::Parameters;

namespace {

// The new parameters and state are made first, and take their places when all are there.
template <class T>
void assign(const Parameters<T>& x, std::vector<Tensor<T>>&& values) noexcept {
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::move(values[i]);
}

// An optimiser's own tensors: zeros at first, later of the parameters' shapes.
template <class T>
std::vector<Tensor<T>> state_for(const char* op, const Parameters<T>& x,
                                 const std::vector<Tensor<T>>& state) {
  if (!state.empty()) {
    detail::require_alike(op, "state", x, std::span(state));
    return state;
  }
  std::vector<Tensor<T>> zeros;
  for (std::size_t i = 0; i < x.size(); ++i) zeros.push_back(Tensor<T>::zeros(x[i].shape()));
  return zeros;
}

void require_rate(const char* op, double rate) {
  if (!(rate > 0) || std::isinf(rate)) {
    fail(op, ": the rate must be finite and above 0, got ", rate);
  }
}

void require_fraction(const char* op, const char* name, double value) {
  if (!(value >= 0 && value < 1)) {
    fail(op, ": ", name, " must be at least 0 and below 1, got ", value);
  }
}

}  // namespace

template <class T>
GradientDescent<T>::GradientDescent(double r, const Options& o) : rate(r), options(o) {
  require_rate("GradientDescent", rate);
  require_fraction("GradientDescent", "momentum", options.momentum);
}

template <class T>
void GradientDescent<T>::step(const Parameters<T>& x, std::span<const Tensor<T>> gradients) {
  detail::require_alike("GradientDescent", "gradient", x, gradients);
  detail::or_out_of_memory("GradientDescent", [&] {
    const T momentum = static_cast<T>(options.momentum);
    std::vector<Tensor<T>> v = state_for("GradientDescent", x, velocity);
    std::vector<Tensor<T>> next;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const Tensor<T>& g = gradients[i];
      v[i] = momentum * v[i] + g;
      next.push_back(x[i] - static_cast<T>(rate) * (options.nesterov ? g + momentum * v[i] : v[i]));
    }
    velocity = std::move(v);
    assign(x, std::move(next));
  });
}

template <class T>
Adam<T>::Adam(double r, const Options& o) : rate(r), options(o) {
  require_rate("Adam", rate);
  require_fraction("Adam", "beta1", options.beta1);
  require_fraction("Adam", "beta2", options.beta2);
  if (!(options.epsilon > 0) || std::isinf(options.epsilon)) {
    fail("Adam: epsilon must be finite and above 0, got ", options.epsilon);
  }
}

// m̂ = m/(1 − β₁ᵗ), v̂ = v/(1 − β₂ᵗ), x ← x − rate·m̂/(√v̂ + ε)
template <class T>
void Adam<T>::step(const Parameters<T>& x, std::span<const Tensor<T>> gradients) {
  detail::require_alike("Adam", "gradient", x, gradients);
  detail::or_out_of_memory("Adam", [&] {
    std::vector<Tensor<T>> m = state_for("Adam", x, mean);
    std::vector<Tensor<T>> v = state_for("Adam", x, square);
    std::vector<Tensor<T>> next;
    const T beta1 = static_cast<T>(options.beta1);
    const T beta2 = static_cast<T>(options.beta2);
    const T rest1 = static_cast<T>(1 - options.beta1);
    const T rest2 = static_cast<T>(1 - options.beta2);
    const T epsilon = static_cast<T>(options.epsilon);
    const double t = static_cast<double>(steps) + 1;
    const T step_size = static_cast<T>(rate / (1 - std::pow(options.beta1, t)));
    const T correction = static_cast<T>(1 / (1 - std::pow(options.beta2, t)));
    for (std::size_t i = 0; i < x.size(); ++i) {
      const Tensor<T>& g = gradients[i];
      m[i] = beta1 * m[i] + rest1 * g;
      v[i] = beta2 * v[i] + rest2 * g * g;
      Tensor<T> moved = x[i];
      T* const to = moved.mutable_data();
      for (std::int64_t k = 0; k < moved.size(); ++k) {
        to[k] -= step_size * m[i].data()[k] / (std::sqrt(correction * v[i].data()[k]) + epsilon);
      }
      next.push_back(std::move(moved));
    }
    mean = std::move(m);
    square = std::move(v);
    ++steps;
    assign(x, std::move(next));
  });
}

template class GradientDescent<float>;
template class GradientDescent<double>;
template class Adam<float>;
template class Adam<double>;

}  // namespace nablur
