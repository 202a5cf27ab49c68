#include <nablur/ops/gaussian_blur.h>

#include <nablur/autodiff/detail/composed.h>
#include <nablur/ops/arithmetic.h>
#include <nablur/ops/detail/gaussian_filter.h>
#include <nablur/ops/detail/radius.h>
#include <nablur/ops/detail/separable.h>
#include <nablur/ops/elementwise.h>

namespace nablur::compiled {

using detail::HalfGaussian;
using detail::Lines;

namespace {

double value_of(double x) { return x; }
template <class T>
double value_of(const Dual<T>& x) {
  return static_cast<double>(x.value);
}

// A blur whose arguments have been checked.
template <class T>
struct Blur {
  Shape shape;
  Axes axes;
  Border border;
  Shape sigma_shape;
  detail::Pooled<HalfGaussian<T>> taps;  // by axis; one for all if σ is shared

  Blur(const Shape& x, const Tensor<T>& sigma, const GaussianBlurOptions& options)
      : shape(x),
        axes(options.axes.resolve("gaussian_blur", x.rank())),
        border(options.border),
        sigma_shape(sigma.shape()) {
    detail::require_border("gaussian_blur", border);
    if (!shared() && (sigma.rank() != 1 || sigma.size() != axes.count())) {
      fail("gaussian_blur: sigma must have rank 0 or an entry for each of the ", axes.count(),
           " axes, got shape ", sigma_shape);
    }
    const auto radius_of = [&options](const T& entry) {
      detail::require_sigma("gaussian_blur", value_of(entry));
      return options.radius ? detail::require_radius("gaussian_blur", *options.radius)
                            : detail::radius_of("gaussian_blur", value_of(entry), options.truncate);
    };
    for (const T& entry : sigma) radius_of(entry);  // all are checked before anything is made
    taps.reserve(static_cast<std::size_t>(sigma.size()));
    for (const T& entry : sigma) taps.push_back(detail::half_gaussian(entry, radius_of(entry)));
  }

  bool shared() const { return sigma_shape.rank() == 0; }
  const HalfGaussian<T>& taps_of(std::int64_t k) const {
    return taps[shared() ? 0 : static_cast<std::size_t>(k)];
  }

  Tensor<T> forward(const Tensor<T>& x) const {
    if constexpr (std::is_floating_point_v<T>) {
      const auto by_axis = taps_by_axis();
      if (const auto* kernels = detail::sweep_kernels<T>(by_axis))
        return detail::sweep<T>(*kernels, x, by_axis, border);
    }
    Tensor<T> y = x;
    for (std::int64_t k = 0; k < axes.count(); ++k)
      y = detail::filter(y, Lines(shape, axes[k]), taps_of(k).w, border);
    return y;
  }

  void backward(const Tensor<T>& g, const Tensor<T>& x, Adjoints<T>& d) const {
    if constexpr (std::is_floating_point_v<T>) {
      const auto by_axis = taps_by_axis();
      if (const auto* kernels = detail::sweep_kernels<T>(by_axis)) {
        auto gradients =
            detail::sweep_backward<T>(*kernels, g, x, by_axis, border, d.wants(0), d.wants(1));
        if (d.wants(0)) d.add(0, std::move(gradients.dx));
        if (d.wants(1)) add_sigma(gradients.d_sigma, d);
        return;
      }
    }
    backward_by_axis(g, x, d);
  }

 private:
  auto taps_by_axis() const {
    detail::Pooled<detail::AxisTaps<T>> by_axis;
    by_axis.reserve(static_cast<std::size_t>(axes.count()));
    for (std::int64_t k = 0; k < axes.count(); ++k) by_axis.push_back({axes[k], &taps_of(k)});
    return by_axis;
  }

  void add_sigma(std::span<const T> by_axis, Adjoints<T>& d) const {
    auto d_sigma = Tensor<T>::zeros(sigma_shape);
    for (std::size_t k = 0; k < by_axis.size(); ++k)
      d_sigma.mutable_data()[shared() ? 0 : k] += by_axis[k];
    d.add(1, std::move(d_sigma));
  }

  // u = A_kᵀ … A_1ᵀ g on the way to dx, and for each σ the same with one Aᵀ replaced by (∂A)ᵀ: its
  // product with x is ∂L/∂σ. No image of the forward pass is needed, since filters along different
  // axes commute.
  void backward_by_axis(const Tensor<T>& g, const Tensor<T>& x, Adjoints<T>& d) const {
    detail::Pooled<Tensor<T>> by_sigma;
    Tensor<T> u = g;
    for (std::int64_t k = 0; k < axes.count(); ++k) {
      const Lines lines(shape, axes[k]);
      const HalfGaussian<T>& t = taps_of(k);
      if (d.wants(1)) {
        for (Tensor<T>& e : by_sigma) e = detail::filter_adjoint(e, lines, t.w, border);
        by_sigma.push_back(detail::filter_adjoint(u, lines, t.h, border));
      }
      if (d.wants(0) || k + 1 < axes.count()) u = detail::filter_adjoint(u, lines, t.w, border);
    }
    if (d.wants(0)) d.add(0, std::move(u));
    if (!d.wants(1)) return;
    detail::Pooled<T> sums;
    for (const Tensor<T>& e : by_sigma) sums.push_back(detail::dot(e, x).item());
    add_sigma(sums, d);
  }
};

}  // namespace

template <class T>
GaussianTaps<T> GaussianBlur<T>::gaussian_taps(T sigma, std::int64_t radius) {
  detail::require_sigma("gaussian_taps", value_of(sigma));
  detail::require_radius("gaussian_taps", radius);
  const HalfGaussian<T> half = detail::half_gaussian(sigma, radius);
  GaussianTaps<T> taps{Tensor<T>::zeros(Shape{2 * radius + 1}),
                       Tensor<T>::zeros(Shape{2 * radius + 1})};
  for (std::size_t d = 0; d < half.w.size(); ++d) {
    for (const std::int64_t i :
         {radius - static_cast<std::int64_t>(d), radius + static_cast<std::int64_t>(d)}) {
      taps.w.mutable_data()[i] = half.w[d];
      taps.dw_dsigma.mutable_data()[i] = half.h[d];
    }
  }
  return taps;
}

// y = A_m … A_1 x: ∂L/∂x = A_1ᵀ … A_mᵀ g, ∂L/∂σ_k = ⟨(Π_(j≠k) A_jᵀ) (∂A_k/∂σ_k)ᵀ g, x⟩
template <class T>
Variable<T> GaussianBlur<T>::gaussian_blur(const Variable<T>& x, const Variable<T>& sigma,
                                           const GaussianBlurOptions& options) {
  Blur<T> blur(x.shape(), sigma.value(), options);
  Tensor<T> y = blur.forward(x.value());
  const Tensor<T> kept = sigma.is_constant() ? Tensor<T>() : x.value();
  return record("gaussian_blur", std::move(y), {x, sigma},
                [blur = std::move(blur), kept](const Tensor<T>& g, Adjoints<T>& d) {
                  blur.backward(g, kept, d);
                });
}

template <class T>
Variable<T> GaussianBlur<T>::sigma_from_param(const Variable<T>& s, double min_sigma,
                                              double shift) {
  return detail::composed("sigma_from_param", s, [&] { return logaddexp(min_sigma, s + shift); });
}

template struct GaussianBlur<float>;
template struct GaussianBlur<double>;
template struct GaussianBlur<Dual<float>>;
template struct GaussianBlur<Dual<double>>;

}  // namespace nablur::compiled
