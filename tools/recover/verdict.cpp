#include "verdict.h"

#include <algorithm>
#include <cmath>
#include <cstdarg>
#include <cstdio>

#include <nablur/ops/arithmetic.h>
#include <nablur/ops/elementwise.h>
#include <nablur/ops/gaussian_blur.h>
#include <nablur/ops/reduce.h>

namespace recover {
namespace {

using nablur::Tensor;

constexpr double kPoor = 0.1;  // from this relative residual on, another explanation is sought,
constexpr double kBetter = 1.0 / 3;  // which must leave less than this of it
constexpr double kPromising =
    0.25;  // part of the variance that an explanation may leave before it is fitted
constexpr double kUnrelated =
    0.9;  // a relative residual from here on means that there is hardly anything in common
constexpr double kSignificant = 25;     // what a blur must explain, in squared standard deviations
constexpr std::int64_t kFewest = 20;    // samples, for an explanation with parameters of its own
constexpr std::int64_t kWindow = 8192;  // samples, from the middle, are enough for an explanation

// Another pair, made from the one at hand, that fits; in words that go on after "is not a Gaussian
// blur of the signal".
struct Explanation {
  double relative_residual = 1;
  std::string words = {};
};

std::string text(const char* format, ...) __attribute__((format(printf, 1, 2)));
std::string text(const char* format, ...) {
  char line[256];
  std::va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  return line;
}

double total(const Tensor<double>& t) { return sum(t).item(); }
double average(const Tensor<double>& t) { return mean(t).item(); }
Tensor<double> deviations(const Tensor<double>& t) { return t - average(t); }
double greatest(const Tensor<double>& t) { return max(abs(t)).item(); }

// Nothing if the pair cannot be fitted at all.
std::optional<Fit> try_fit(const Tensor<double>& x, const Tensor<double>& y,
                           const FitOptions& options) {
  try {
    return fit_sigma(x, y, options, [](double, double, double, double) {});
  } catch (const nablur::OutOfMemory&) {
    throw;
  } catch (const nablur::Error&) {
    return std::nullopt;
  }
}

// y ≈ gain · b + offset
struct Line {
  double gain = 0;
  double offset = 0;
  double residual = 1;  // the part of y's variance that is left
};

Line regress(const Tensor<double>& b, const Tensor<double>& y) {
  const auto db = deviations(b);
  const auto dy = deviations(y);
  const double bb = total(square(db).value());
  const double by = total(db * dy);
  const double yy = total(square(dy).value());
  if (!(bb > 0 && yy > 0)) return {};
  return {by / bb, average(y) - by / bb * average(b), 1 - by / bb * by / yy};
}

Line line_at(double sigma, const Tensor<double>& x, const Tensor<double>& y,
             const FitOptions& options) {
  return regress(
      gaussian_blur(x, sigma, {.truncate = options.truncate, .border = options.border}).value(), y);
}

// The best on a grid of sigmas: cheaper than a fit, and tells whether a fit is worth its time.
Line best_line(const Tensor<double>& x, const Tensor<double>& y, const FitOptions& options) {
  Line best;
  const double longest = std::min(1000.0, static_cast<double>(x.size()));
  for (double sigma = 0.1; sigma < longest; sigma *= 1.25) {
    const Line here = line_at(sigma, x, y, options);
    if (here.residual < best.residual) best = here;
  }
  return best;
}

Explanation explain_by_order(const Tensor<double>& x, const Tensor<double>& y,
                             const FitOptions& options) {
  if (best_line(y / greatest(y), x / greatest(x), options).residual > kPromising) return {};
  const auto fit = try_fit(y, x, options);
  if (!fit || fit->at_lower_end) return {};
  return {fit->relative_residual, text(" but sharper: swapped, they fit with sigma %.3g; are "
                                       "--signal and --smoothed in the wrong order?",
                                       fit->sigma)};
}

Explanation explain_by_scale(const Tensor<double>& x, const Tensor<double>& y,
                             const FitOptions& options) {
  const double unit_x = greatest(x);
  const double unit_y = greatest(y);
  const auto before = x / unit_x;
  const auto after = y / unit_y;
  Line line = best_line(before, after, options);
  if (line.residual > kPromising) return {};
  double sigma = 0;
  for (int i = 0; i < 4 && std::isnormal(line.gain); ++i) {  // sigma and the line in turn
    const auto fit = try_fit(before, (after - line.offset) / line.gain, options);
    if (!fit) return {};
    sigma = fit->sigma;
    line = line_at(sigma, before, after, options);
  }
  const double gain = line.gain * unit_y / unit_x;
  std::string words = ": it looks like ";
  if (std::abs(gain - 1) > 0.02) words += text("%.3g times ", gain);
  words += text("the blur with sigma %.3g", sigma);
  if (std::abs(line.offset) > 0.01) words += text(", plus %.3g", line.offset * unit_y);
  return {std::sqrt(std::max(0.0, line.residual)), std::move(words)};
}

Explanation explain_by_shift(const Tensor<double>& x, const Tensor<double>& y,
                             const FitOptions& options) {
  const std::int64_t n = x.size();
  const auto first = [](std::int64_t lag) { return std::max<std::int64_t>(0, lag); };
  const auto last = [n](std::int64_t lag) { return std::min(n, n + lag); };
  const auto dx = deviations(x / greatest(x));
  const auto dy = deviations(y / greatest(y));
  std::int64_t lag = 0;
  double most = 0;
  for (std::int64_t k = -n / 2; k <= n / 2; ++k) {  // the greatest cross-correlation
    const double here = total(dx.rows(first(-k), last(-k)) * dy.rows(first(k), last(k)));
    if (here <= most) continue;
    most = here;
    lag = k;
  }
  const double squared_correlation =
      most * most / (total(square(dx).value()) * total(square(dy).value()));
  if (lag == 0 || !(squared_correlation * static_cast<double>(n) > kSignificant)) return {};
  const auto fit = try_fit(x.rows(first(-lag), last(-lag)), y.rows(first(lag), last(lag)), options);
  if (!fit) return {};
  return {fit->relative_residual,
          text(": it looks like the blur with sigma %.3g, shifted by %lld samples", fit->sigma,
               static_cast<long long>(lag))};
}

// Empty if none is much better than the fit as it is.
std::string explain(const Fit& fit, const Tensor<double>& signal, const Tensor<double>& smoothed,
                    const FitOptions& options) {
  const std::int64_t n = signal.size();
  if (n < kFewest) return "";
  const std::int64_t first = std::max<std::int64_t>(0, (n - kWindow) / 2);
  const auto x = signal.rows(first, n - first);
  const auto y = smoothed.rows(first, n - first);
  Explanation best{.relative_residual = kBetter * std::min(1.0, fit.relative_residual),
                   .words = ""};
  for (const auto& other : {explain_by_order, explain_by_scale, explain_by_shift}) {
    Explanation found = other(x, y, options);
    if (found.relative_residual < best.relative_residual) best = std::move(found);
  }
  return best.words;
}

}  // namespace

std::optional<std::string> find_objection(const Fit& fit, const Tensor<double>& signal,
                                          const Tensor<double>& smoothed,
                                          const FitOptions& options) {
  const std::string no_blur = "the smoothed signal is not a Gaussian blur of the signal";
  const double residual = fit.relative_residual;
  const double percent = 100 * residual;
  if (residual >= kPoor) {
    const std::string words = explain(fit, signal, smoothed, options);
    if (!words.empty()) return no_blur + words;
    if (fit.at_lower_end)
      return no_blur +
             text(": they differ by %.3g %% (RMS), and no sigma brings them notably closer",
                  percent);
  }
  if (fit.at_upper_end) {
    return no_blur + text(" with any sigma in range: the best, %.4g, lies at the end of the search",
                          fit.sigma);
  }
  const double explained = static_cast<double>(fit.signal.size()) * (1 / (residual * residual) - 1);
  if (residual >= kUnrelated || explained < kSignificant) {
    return no_blur + text(": the best fit, sigma %.4g, leaves %.3g %% of it (RMS) unexplained",
                          fit.sigma, percent);
  }
  return std::nullopt;
}

}  // namespace recover
