#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <utility>

#include <nablur/gradcheck/detail/windows.h>

// Eigen under a name of our own, as in ops/matmul.cpp.
#define Eigen nablur_eigen
#include <Eigen/QR>

namespace nablur::detail {
namespace {

constexpr int kSteps = 8;
constexpr double kShrink = 8;
using Values = std::array<double, kSteps>;

// Steps in a window, in units of its width. Without a common measure: an oscillation of φ, or
// rounding of φ to multiples of some amount, must show as scatter and not fall in step with them.
constexpr Values kStep = {1, 0.9137, 0.8059, 0.6911, 0.5827, 0.4733, 0.3301, 0.2113};

struct Rounding {
  double of_values = 0;  // of φ's values
  double of_all = 0;     // and of x + t on its way to them
};

struct Fit {
  double first;  // coefficient of t¹
  double error;  // its standard error
  double least;  // the same from the rounding of φ's values alone
};

// Least squares: values ≈ Σ coefficient·step^power, over three powers, the first of which is 1.
Fit fit(const Values& steps, const Values& values, const std::array<int, 3>& powers,
        const Rounding& rounding) {
  const double h = steps[0];
  Eigen::Matrix<double, kSteps, 3> basis;
  Eigen::Matrix<double, kSteps, 1> y;
  for (int j = 0; j < kSteps; ++j) {
    y(j) = values[static_cast<std::size_t>(j)];
    for (int k = 0; k < 3; ++k) {
      basis(j, k) =
          std::pow(steps[static_cast<std::size_t>(j)] / h, powers[static_cast<std::size_t>(k)]);
    }
  }
  const auto qr = basis.householderQr();
  const Eigen::Vector3d coefficients = qr.solve(y);
  const double scatter = (y - basis * coefficients).norm() / std::sqrt(kSteps - 3.0);
  // The root of (basisᵀ basis)⁻¹ at (0, 0) is the length of the first row of R⁻¹.
  const Eigen::Matrix3d r = qr.matrixQR().topRows<3>();
  const double leverage =
      r.triangularView<Eigen::Upper>().transpose().solve(Eigen::Vector3d::UnitX()).norm() / h;
  return {coefficients(0) / h, leverage * std::max(scatter, rounding.of_all),
          leverage * rounding.of_values};
}

double greatest(const Values& values) {
  double most = 0;
  for (const double v : values) most = std::max(most, std::abs(v));
  return most;
}

// Multiples of the distance between numbers about as great as x + h, so that x + t and x − t are
// exact.
Values steps_of(const Line& line, double h) {
  const double grid = line.epsilon * std::exp2(std::ceil(std::log2(line.position + h)));
  Values steps{};
  for (std::size_t j = 0; j < steps.size(); ++j) steps[j] = std::round(h * kStep[j] / grid) * grid;
  return steps;
}

// False if one of them has no value.
bool look(const Line& line, const Values& steps, double side, Values& values) {
  for (std::size_t j = 0; j < values.size(); ++j) {
    values[j] = line.change(side * steps[j]);
    if (!std::isfinite(values[j])) return false;
  }
  return true;
}

}  // namespace

Window measure(const Line& line, double h) {
  Values right{};
  Values left{};
  const Values steps = steps_of(line, h);
  const bool has_right = look(line, steps, 1, right);
  const bool has_left = look(line, steps, -1, left);
  Window w;
  w.step = h;
  w.seen = has_right || has_left;
  w.side = (has_right ? 1 : 0) - (has_left ? 1 : 0);
  if (!w.seen) return w;
  const double farthest = std::max(has_right ? greatest(right) : 0, has_left ? greatest(left) : 0);
  Rounding rounding;
  rounding.of_values = line.rounding + line.epsilon * farthest;
  rounding.of_all = rounding.of_values + line.epsilon * farthest * line.position / h;
  w.blind = farthest == 0;
  w.range = farthest / h;
  if (has_right) std::copy(right.begin(), right.end(), w.changes.begin());
  if (has_left) std::copy(left.begin(), left.end(), w.changes.begin() + kSteps);
  if (w.side != 0) {
    const Fit slope = fit(steps, has_right ? right : left, {1, 2, 3}, rounding);
    w.slope = w.side * slope.first;
    w.error = slope.error;
    w.least = slope.least;
    return w;
  }
  Values odd{};
  Values even{};
  for (std::size_t j = 0; j < odd.size(); ++j) {
    odd[j] = (right[j] - left[j]) / 2;
    even[j] = right[j] + left[j];
  }
  const Fit slope = fit(steps, odd, {1, 3, 5}, rounding);
  const Fit corner = fit(steps, even, {1, 2, 4}, rounding);
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
    const double narrowest = 128 * line.epsilon * position;  // eight different steps that are exact
    for (double h = widest; h >= narrowest; h /= kShrink) widths.push_back(h);
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
      if (std::isfinite(change)) changes.push_back(change);
    }
  }
  return changes;
}

// Euclid's algorithm, on numbers that are multiples to within double's rounding.
double common_amount(const std::vector<double>& changes, double rounding) {
  std::set<double> sizes;
  for (const double change : changes) sizes.insert(std::abs(change));
  sizes.erase(0);
  if (sizes.size() < 2) return 0;
  const double most = *sizes.rbegin();
  double common = most;
  for (double rest : sizes) {
    while (rest > 1e-13 * most) {
      const double remainder = std::fmod(common, rest);
      common = std::exchange(rest, remainder);
    }
  }
  return common > std::max(64 * rounding, 1e-11 * most) ? common : 0;
}

}  // namespace nablur::detail
