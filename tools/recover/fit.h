#pragma once
// The scale that best turns one signal into another: least squares in σ, with the derivative by
// forward mode.

#include <vector>

#include "search.h"

namespace recover {

/// One evaluation of the loss; d_s is its derivative by the parameter s of sigma_from_param, which
/// reaches no sigma of 0.3 or less: there s and d_s are NaN.
struct Step {
  double s = 0;
  double sigma = 0;
  double loss = 0;
  double d_s = 0;
};

struct Fit {
  double sigma = 0;  ///< 0 if no blur can be told from none
  double standard_error =
      0;  ///< of sigma, from the residual and from how much the blur changes with sigma
  double relative_residual = 0;  ///< RMS of the residual over RMS of the smoothed signal
  bool at_lower_end =
      false;  ///< no blur can be told from none; standard_error is the smallest sigma that could be
  bool at_upper_end = false;  ///< beyond which nothing was tried
  std::int64_t block = 1;     ///< sigma was found on averages over so many samples
  std::vector<Step> steps;    ///< from the bracket to the minimum
  nablur::Tensor<double> signal, smoothed,
      blurred;  ///< what was compared: averages if block > 1
};

/// Both signals of rank 1 and of one length. The result does not depend on their unit. Throws
/// nablur::Error for a pair from which sigma cannot be learned.
Fit fit_sigma(const nablur::Tensor<double>& signal, const nablur::Tensor<double>& smoothed,
              const FitOptions& options, const FitObserver& observe);

/// Throws nablur::Error if the blur of the signal is the same for every sigma.
void require_learnable(const nablur::Tensor<double>& signal, nablur::Border border);

}  // namespace recover
