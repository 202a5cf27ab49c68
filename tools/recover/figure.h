#pragma once
// What the notebook plots, as one figure.

#include <optional>
#include <string>
#include <vector>

#include "fit.h"

namespace recover {

struct Figure {
  /// A smoothed signal as it was recovered at some step.
  struct Snapshot {
    std::string title;
    nablur::Tensor<double> blurred;
  };

  nablur::Tensor<double> signal;
  nablur::Tensor<double> smoothed;
  std::int64_t block = 1;  ///< samples for each element of the signals
  std::vector<Snapshot> snapshots = {};
  std::vector<Step> steps = {};
  double sigma = 0;  ///< recovered
  std::optional<double> true_sigma = {};
  double truncate = 3;
};

enum class FigureFormat { svg, png, pdf };

/// By the ending of the file's name. Throws nablur::Error for another ending.
FigureFormat figure_format(const std::string& path);

/// The drawn figure, as the content of a file. Throws nablur::Error if gnuplot fails.
std::string draw(const Figure& figure, FigureFormat format);

}  // namespace recover
