#include "fit.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include <nablur/ops/gaussian_blur.h>

#include "search.h"

namespace recover {

using nablur::Tensor;

namespace {

double greatest(const Tensor<double>& t) {
  double most = 0;
  for (const double v : t) most = std::max(most, std::abs(v));
  return most;
}

bool is_constant(const Tensor<double>& t) {
  return std::count(t.begin(), t.end(), *t.begin()) == t.size();
}

double mean_of(const Tensor<double>& t, double scale) {
  double total = 0;
  for (const double v : t) total += v / scale;
  return total / static_cast<double>(t.size());
}

template <class F>
Tensor<double> each(const Tensor<double>& t, const F& f) {
  auto out = Tensor<double>::empty(t.shape());
  std::transform(t.begin(), t.end(), out.mutable_data(), f);
  return out;
}

double half_sum_of_squares(const Tensor<double>& a, const Tensor<double>& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0, std::plus<>(),
                            [](double v, double w) { return 0.5 * (v - w) * (v - w); });
}

// The smallest sigma, on a grid that ends at 100, whose blur differs from x by two standard
// deviations of a noise.
double smallest_tellable(const Tensor<double>& x, double noise, const FitOptions& options) {
  double sigma = kTellable;
  for (; sigma < std::min(100.0, static_cast<double>(x.size())); sigma *= 1.2) {
    const auto blurred =
        gaussian_blur(x, sigma, {.truncate = options.truncate, .border = options.border}).value();
    if (half_sum_of_squares(blurred, x) > 2 * noise * noise) break;
  }
  return sigma;
}

Fit describe(const SearchResult& found, const FitOptions& options) {
  const Point& point = found.point;
  const Pair& pair = found.pair;
  const auto n = static_cast<double>(pair.x.size());
  const double size = root_mean_square(pair.y);
  Fit fit;
  fit.block = pair.block;
  fit.sigma = point.sigma * static_cast<double>(pair.block);
  fit.relative_residual =
      std::sqrt(2 * point.loss / n) / (size > 0 ? size : root_mean_square(pair.x));
  const double noise = std::max(std::sqrt(2 * point.loss / (n - 1)),
                                std::numeric_limits<double>::epsilon() * root_mean_square(pair.x));
  fit.standard_error = static_cast<double>(pair.block) * noise / std::sqrt(point.curvature);
  fit.at_upper_end = found.at_upper_end;
  // Two standard deviations are ΔL = 2 noise².
  fit.at_lower_end =
      pair.block == 1 && (point.sigma <= kTellable ||
                          half_sum_of_squares(pair.x, pair.y) - point.loss <= 2 * noise * noise);
  if (fit.at_lower_end) {
    fit.sigma = 0;
    fit.standard_error = smallest_tellable(pair.x, noise, options);
  }
  return fit;
}

// σ = ln(e^0.3 + e^(s − 3)), so s = 3.3 + ln(e^(σ − 0.3) − 1) and ∂σ/∂s = 1 − e^(0.3 − σ)
Step step_of(const Point& p, double block, double scale) {
  const double sigma = p.sigma * block;
  const double loss = p.loss * block * scale * scale;
  const double slope = p.slope * scale * scale;
  if (sigma <= 0.3) return {std::nan(""), sigma, loss, std::nan("")};
  const double s = sigma > 30 ? sigma + 3 : 3.3 + std::log(std::expm1(sigma - 0.3));
  return {s, sigma, loss, slope * -std::expm1(0.3 - sigma)};
}

}  // namespace

void require_learnable(const Tensor<double>& signal, nablur::Border border) {
  const auto [low, high] = std::minmax_element(signal.begin(), signal.end());
  if (signal.size() == 1) nablur::fail("sigma cannot be learned from a signal of one sample");
  if (*low == 0 && *high == 0)
    nablur::fail(
        "the signal is zero throughout: its blur does not depend on sigma, which cannot be "
        "learned");
  // Not exactly equal: the taps add up to 1 only to rounding.
  if (border != nablur::Border::zero && *high / 2 - *low / 2 <= 1e-14 * greatest(signal)) {
    nablur::fail("the signal is constant: with border ", nablur::to_string(border),
                 " its blur does not depend on sigma, which cannot be learned");
  }
}

Fit fit_sigma(const Tensor<double>& signal, const Tensor<double>& smoothed,
              const FitOptions& options, const FitObserver& observe) {
  require_learnable(signal, options.border);
  if (greatest(smoothed) == 0)
    nablur::fail("the smoothed signal is zero throughout: no sigma leads to it");
  if (is_constant(smoothed) && !is_constant(signal)) {
    nablur::fail("the smoothed signal is constant: no sigma leads to it from one that is not");
  }
  // A power of two changes no digit. The borders that keep a constant let its offset be taken off,
  // which leaves more digits.
  const double scale = std::exp2(std::ilogb(std::max(greatest(signal), greatest(smoothed))));
  const double offset = options.border == nablur::Border::zero ? 0 : mean_of(signal, scale);
  const auto normalise = [&](const Tensor<double>& t) {
    return each(t, [&](double v) { return v / scale - offset; });
  };
  const SearchResult found = search({normalise(signal), normalise(smoothed), 1}, options,
                                    [&](double done, double total, double loss, double sigma) {
                                      observe(done, total, loss * scale * scale, sigma);
                                    });
  const Point& point = found.point;
  const Pair& pair = found.pair;

  Fit fit = describe(found, options);
  for (const Point& p : found.trace)
    fit.steps.push_back(step_of(p, static_cast<double>(pair.block), scale));
  const auto restore = [&](const Tensor<double>& t) {
    const auto inner = t.rows(pair.margin, t.size() - pair.margin);
    return each(inner, [&](double v) { return (v + offset) * scale; });
  };
  fit.signal = restore(pair.x);
  fit.smoothed = restore(pair.y);
  const double sigma = fit.at_lower_end ? 0 : point.sigma;
  fit.blurred = restore(
      gaussian_blur(pair.x, sigma, {.radius = point.radius, .border = options.border}).value());
  return fit;
}

}  // namespace recover
