#include <nablur/ops/gaussian_kernel.h>

#include <algorithm>

#include <nablur/autodiff/detail/composed.h>
#include <nablur/ops/arithmetic.h>
#include <nablur/ops/detail/radius.h>
#include <nablur/ops/elementwise.h>
#include <nablur/ops/reduce.h>
#include <nablur/ops/reshape.h>

namespace nablur {

void detail::require_sigma(const char* op, double sigma) {
  if (!(sigma >= 0) || std::isinf(sigma))
    fail(op, ": sigma must be finite and at least 0, got ", sigma);
}

std::int64_t detail::radius_of(const char* op, double sigma, double truncate) {
  require_sigma(op, sigma);
  if (!(truncate > 0) || std::isinf(truncate))
    fail(op, ": truncate must be finite and above 0, got ", truncate);
  const double radius = std::max(1.0, std::ceil(truncate * sigma));
  if (!(radius <= static_cast<double>(kMaxRadius))) {
    fail(op, ": sigma ", sigma, " asks for a radius of ", radius, ", past the limit of 2^26");
  }
  return static_cast<std::int64_t>(radius);
}

std::int64_t detail::require_radius(const char* op, std::int64_t radius) {
  if (radius < 0 || radius > kMaxRadius) fail(op, ": the radius must be 0 to 2^26, got ", radius);
  return radius;
}

std::int64_t gaussian_radius(double sigma, double truncate) {
  return detail::radius_of("gaussian_radius", sigma, truncate);
}

namespace compiled {

template <class T>
Variable<T> GaussianKernel<T>::gaussian_kernel(const Variable<T>& sigma,
                                               std::optional<std::int64_t> radius) {
  if (sigma.size() != 1)
    fail("gaussian_kernel: sigma must have one element, got shape ", sigma.shape());
  const auto value =
      static_cast<double>(sigma.value().template cast<typename detail::Plain<T>::type>().item());
  if (!(value > 0) || std::isinf(value))
    fail("gaussian_kernel: sigma must be finite and above 0, got ", value);
  const auto end = static_cast<double>(radius ? detail::require_radius("gaussian_kernel", *radius)
                                              : detail::radius_of("gaussian_kernel", value, 3));
  return detail::composed("gaussian_kernel", sigma, [&] {
    const auto u = Tensor<T>::arange(-end, end + 1) / reshape(sigma, Shape{});
    const auto e = exp(-0.5 * square(u));
    return e / sum(e);
  });
}

template struct GaussianKernel<float>;
template struct GaussianKernel<double>;
template struct GaussianKernel<Dual<float>>;
template struct GaussianKernel<Dual<double>>;

}  // namespace compiled
}  // namespace nablur
