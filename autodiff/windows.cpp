#include <algorithm>
#include <array>
#include <cmath>

#include <nablur/autodiff/detail/windows.h>

// Eigen under a name of our own, as in ops/matmul.cpp.
#define Eigen nablur_eigen
#include <Eigen/QR>

namespace nablur::detail {
namespace {

// Steps in a window, in units of its greatest. Binary fractions with short numerators, so that most x ± t are exact; at uneven
// distances, so that no oscillation of φ looks constant.
constexpr int kSteps = 8;
constexpr std::array<double, kSteps> kStep = {1, 59 / 64., 52 / 64., 45 / 64., 38 / 64., 30 / 64., 21 / 64., 13 / 64.};
constexpr double kShrink = 8;

using Values = std::array<double, kSteps>;

struct Fit {
  double first;  // coefficient of t¹
  double error;  // its standard error
  double least;  // the same from the rounding alone
};

// Least squares: values ≈ Σ coefficient·t^power, over three powers of which the first is 1.
Fit fit(const Values& values, const std::array<int, 3>& powers, double h, double rounding) {
  Eigen::Matrix<double, kSteps, 3> basis;
  Eigen::Matrix<double, kSteps, 1> y;
  for (int j = 0; j < kSteps; ++j) {
    y(j) = values[static_cast<std::size_t>(j)];
    for (int k = 0; k < 3; ++k) basis(j, k) = std::pow(kStep[static_cast<std::size_t>(j)], powers[static_cast<std::size_t>(k)]);
  }
  const auto qr = basis.householderQr();
  const Eigen::Vector3d coefficients = qr.solve(y);
  const double scatter = (y - basis * coefficients).norm() / std::sqrt(kSteps - 3.0);
  // The root of (basisᵀ basis)⁻¹ at (0, 0) is the length of the first row of R⁻¹.
  const Eigen::Matrix3d r = qr.matrixQR().topRows<3>();
  const double leverage = r.triangularView<Eigen::Upper>().transpose().solve(Eigen::Vector3d::UnitX()).norm() / h;
  return {coefficients(0) / h, leverage * std::max(scatter, rounding), leverage * rounding};
}

double greatest(const Values& values) {
  double most = 0;
  for (const double v : values) most = std::max(most, std::abs(v));
  return most;
}

// False if one of them has no value.
bool look(const Line& line, double h, Values& values) {
  for (std::size_t j = 0; j < values.size(); ++j) {
    values[j] = line.change(h * kStep[j]);
    if (!std::isfinite(values[j])) return false;
  }
  return true;
}

double power_of_two_below(double x) { return std::exp2(std::floor(std::log2(x))); }

}  // namespace

Window measure(const Line& line, double h) {
  Values right{};
  Values left{};
  const bool has_right = look(line, h, right);
  const bool has_left = look(line, -h, left);
  Window w;
  w.step = h;
  w.seen = has_right || has_left;
  w.side = (has_right ? 1 : 0) - (has_left ? 1 : 0);
  if (!w.seen) return w;
  const double farthest = std::max(has_right ? greatest(right) : 0, has_left ? greatest(left) : 0);
  const double rounding = line.rounding + line.epsilon * farthest;
  w.blind = farthest == 0;
  w.range = farthest / h;
  if (w.side != 0) {
    const Fit slope = fit(w.side > 0 ? right : left, {1, 2, 3}, w.side * h, rounding);
    w.slope = slope.first;
    w.error = std::abs(slope.error);
    w.least = std::abs(slope.least);
    return w;
  }
  Values odd{};
  Values even{};
  for (std::size_t j = 0; j < odd.size(); ++j) {
    odd[j] = (right[j] - left[j]) / 2;
    even[j] = right[j] + left[j];
  }
  const Fit slope = fit(odd, {1, 3, 5}, h, rounding);
  const Fit corner = fit(even, {1, 2, 4}, h, rounding);
  w.slope = slope.first;
  w.error = slope.error;
  w.least = slope.least;
  w.corner = corner.first;
  w.corner_error = corner.error;
  return w;
}

std::vector<double> window_widths(const Line& line) {
  std::vector<double> widths;
  const auto add = [&](double widest, double position) {
    if (!std::isfinite(widest) || !(widest > 0)) return;
    const double narrowest = 64 * line.epsilon * position;  // steps are multiples of h / 64, and x + t exact
    for (double h = power_of_two_below(widest); h >= narrowest; h /= kShrink) widths.push_back(h);
  };
  const double scale = std::max(1.0, line.position);
  add(line.step, scale);
  const double own = line.step / scale * line.position;
  if (!widths.empty() && own < widths.back()) add(own, line.position);
  return widths;
}

std::vector<double> far_changes(const Line& line) {
  std::vector<double> changes;
  double t = line.step;
  for (int i = 0; i < 64; ++i, t *= 1.7) {
    for (const double change : {line.change(t), line.change(-t)}) {
      if (std::isfinite(change)) changes.push_back(std::abs(change));
    }
  }
  return changes;
}

}  // namespace nablur::detail
