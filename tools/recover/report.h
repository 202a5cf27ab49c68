#pragma once
// What a run leaves behind: the printed losses, the CSV file, the figure, and the progress while it
// lasts.

#include <limits>
#include <optional>
#include <string>

#include "figure.h"
#include "output_file.h"
#include "progress.h"

namespace recover {

class Report {
 public:
  /// Opens the files that are asked for, so that a run which could not be written does not begin.
  /// `work` is what progress() counts up to. Throws nablur::Error.
  Report(const std::optional<std::string>& csv, const std::optional<std::string>& figure,
         double work);

  Progress& progress() { return progress_; }
  /// A row of the CSV file and a point of the figure.
  void add(const Step& step);
  /// The same within a descent: prints every tenth loss, as the notebook does, and keeps steps 0, 4
  /// and 16 for the figure.
  void step(const Step& step, const nablur::Tensor<double>& blurred);
  /// Whether a step has raised the loss: then the steps are too long.
  bool overshot() const { return overshot_; }
  /// A line on standard output. Throws nablur::Error if it is not taken.
  void print(const char* format, ...) __attribute__((format(printf, 2, 3)));
  /// Draws the figure, to which it adds the steps, and puts both files in their place. Throws
  /// nablur::Error.
  void finish(Figure figure);

 private:
  Progress progress_;
  std::optional<OutputFile> csv_;
  std::optional<OutputFile> figure_;
  FigureFormat format_ = FigureFormat::svg;
  std::int64_t count_ = 0;
  double last_loss_ = std::numeric_limits<double>::infinity();
  bool overshot_ = false;
  std::vector<Step> steps_;  // only for a figure
  std::vector<Figure::Snapshot> snapshots_;
};

}  // namespace recover
