#include "report.h"

#include <cstdarg>

#include <nablur/autodiff/error.h>

#include "gnuplot.h"
#include "numbers.h"

namespace recover {

Report::Report(const std::string& csv, const std::string& figure, double work) : progress_(work) {
  require_different("--csv", csv, "--figure", figure);
  if (!figure.empty()) {
    format_ = figure_format(figure);
    require_gnuplot();
    figure_ = std::make_unique<OutputFile>(figure);
  }
  if (!csv.empty()) {
    csv_ = std::make_unique<OutputFile>(csv);
    std::fprintf(csv_->stream(), "iteration,s,sigma,loss,d_s\n");
  }
}

void Report::add(const Step& step) {
  if (csv_) {
    std::fprintf(csv_->stream(), "%lld,%.17g,%.17g,%.17g,%.17g\n", static_cast<long long>(count_), step.s, step.sigma, step.loss,
                 step.d_s);
  }
  if (figure_) steps_.push_back(step);
  ++count_;
}

void Report::step(const Step& step, const nablur::Tensor<double>& blurred) {
  if (count_ % 10 == 0) print("loss  %s\n", shortest(step.loss).c_str());
  if (figure_ && (count_ == 0 || count_ == 4 || count_ == 16)) {
    snapshots_.push_back({"recovery, step " + std::to_string(count_), blurred});
  }
  overshot_ = overshot_ || step.loss > last_loss_;
  last_loss_ = step.loss;
  add(step);
  progress_.update(static_cast<double>(count_), step.loss, step.sigma);
}

void Report::print(const char* format, ...) {
  progress_.clear();
  va_list arguments;
  va_start(arguments, format);
  std::vprintf(format, arguments);
  va_end(arguments);
}

void Report::finish(Figure figure) {
  progress_.clear();
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) nablur::fail("standard output cannot be written");
  if (figure_) {
    figure.snapshots.insert(figure.snapshots.begin(), snapshots_.begin(), snapshots_.end());
    figure.steps = std::move(steps_);
    draw(figure, format_, figure_->stream());
    figure_->close();
  }
  if (csv_) csv_->close();
  if (figure_) figure_->rename();
  if (csv_) csv_->rename();
}

}  // namespace recover
