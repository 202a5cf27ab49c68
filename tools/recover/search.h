#pragma once
// The minimum of L(σ) = ½ ‖A(σ) x − y‖², where A is the blur: over the whole range of σ, then to
// the last digits.

#include <functional>
#include <limits>
#include <vector>

#include <nablur/autodiff/tensor.h>
#include <nablur/ops/border.h>

namespace recover {

/// Below this, e^(−1/2σ²) is nearly lost beside 1: such a blur cannot be told from none.
inline constexpr double kTellable = 0.12;

struct FitOptions {
  nablur::Border border = nablur::Border::zero;
  double truncate = 3;
};

/// Called with the work done and to be done, in any unit, and with the loss and the scale that were
/// tried last.
using FitObserver = std::function<void(double done, double total, double loss, double sigma)>;

/// x and y, or their averages over blocks of so many samples.
struct Pair {
  nablur::Tensor<double> x;
  nablur::Tensor<double> y;
  std::int64_t block = 1;
  std::int64_t margin =
      0;  ///< samples at each end that stand for what is beyond it, and are not compared
};

/// One evaluation of L, in units of the pair's own samples.
struct Point {
  double sigma = 0;
  std::int64_t radius = 0;
  double loss = std::numeric_limits<double>::infinity();
  double slope = 0;      ///< ∂L/∂σ = ⟨A x − y, ∂A/∂σ x⟩
  double curvature = 0;  ///< ‖∂A/∂σ x‖², Gauss and Newton's share of ∂²L/∂σ²
};

struct SearchResult {
  Point point;
  Pair pair;                 ///< on which it was found: averages if the whole would cost too much
  std::vector<Point> trace;  ///< the last steps to it
  bool at_upper_end = false;
};

/// x and y of one length and of the order of 1.
SearchResult search(const Pair& pair, const FitOptions& options, const FitObserver& observe);

/// √(Σ t² / n)
double root_mean_square(const nablur::Tensor<double>& t);

}  // namespace recover
