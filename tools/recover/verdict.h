#pragma once
// Whether a fit answers the question: the least squares have a minimum for any pair, also for one
// that is no blur.

#include <optional>
#include <string>

#include "fit.h"

namespace recover {

/// What speaks against the fit of this pair, as one sentence; nothing if its sigma is an answer.
/// If the pair looks like another one that fits (swapped, scaled, shifted), the sentence says
/// so.
std::optional<std::string> find_objection(const Fit& fit, const nablur::Tensor<double>& signal,
                                          const nablur::Tensor<double>& smoothed,
                                          const FitOptions& options);

}  // namespace recover
