#include "report.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>

#include "gnuplot.h"
#include "numbers.h"
#include "standard_streams.h"

namespace recover {

Report::Report(const std::optional<std::string>& csv, const std::optional<std::string>& figure,
               double work)
    : progress_(work) {
  require_different("--csv", csv, "--figure", figure);
  if (figure) {
    format_ = figure_format(*figure);
    require_gnuplot();
    figure_.emplace(*figure);
  }
  if (csv) {
    csv_.emplace(*csv);
    csv_->write("iteration,s,sigma,loss,d_s\n");
  }
}

void Report::add(const Step& step) {
  if (csv_) {
    char row[160];
    const int length =
        std::snprintf(row, sizeof row, "%lld,%.17g,%.17g,%.17g,%.17g\n",
                      static_cast<long long>(count_), step.s, step.sigma, step.loss, step.d_s);
    csv_->write({row, static_cast<std::size_t>(length)});
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
  std::va_list arguments;
  va_start(arguments, format);
  char line[512];
  const int length = std::vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  recover::print({line, std::min(static_cast<std::size_t>(length), sizeof line - 1)});
}

void Report::finish(Figure figure) {
  progress_.clear();
  flush_standard_output();
  if (figure_) {
    figure.snapshots.insert(figure.snapshots.begin(), snapshots_.begin(), snapshots_.end());
    figure.steps = std::move(steps_);
    figure_->write(draw(figure, format_));
    figure_->close();
  }
  if (csv_) csv_->close();
  if (figure_) figure_->put_in_place();
  if (csv_) csv_->put_in_place();
}

}  // namespace recover
