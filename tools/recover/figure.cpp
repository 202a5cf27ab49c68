#include "figure.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdio>
#include <sstream>

#include <nablur/ops/gaussian_blur.h>

#include "gnuplot.h"

namespace recover {
namespace {

using nablur::Tensor;

constexpr const char* kPale = "#8cc5e3";
constexpr const char* kBlue = "#0072b2";  // a pair that colour-blind readers tell apart
constexpr const char* kOrange = "#d55e00";
constexpr std::int64_t kDots =
    1000;  // a line of more points than that is drawn as the envelope of its parts

// One panel: its place in the figure in parts of a row, counted from the left and from the top.
struct Place {
  int row;
  int column;
  int columns;
};

class Script {
 public:
  Script(FigureFormat format, int rows) : rows_(rows) {
    out_.precision(17);
    const char* const terminal =
        format == FigureFormat::svg
            ? "svg size 1200,1500 dynamic font 'Helvetica,Arial,sans-serif,14' background 'white'"
        : format == FigureFormat::png ? "pngcairo size 1200,1500 font 'Sans,12' background 'white'"
                                      : "pdfcairo size 8in,10in font 'Sans,8' background 'white'";
    out_ << "set encoding utf8\nset terminal " << terminal << "\n"
         << "set border 3 lc rgb '#444444'\nset tics nomirror out scale 0.6 tc rgb '#444444'\n"
         << "set grid lc rgb '#dddddd' lw 1 lt 1\nset key at graph 1.01,1.04 right bottom "
            "horizontal Left reverse samplen 1.5 tc "
            "rgb '#444444'\n"
         << "set offsets graph 0, graph 0, graph 0.06, graph 0.06\n";
  }

  std::ostringstream& out() { return out_; }

  /// A curve as a named block of data, x in steps of `dx` from `x0`.
  void data(const char* name, const double* y, std::int64_t n, double x0, double dx) {
    out_ << "$" << name << " << EOD\n";
    const std::int64_t part = n > 2 * kDots ? (n + kDots - 1) / kDots : 1;
    for (std::int64_t i = 0; i < n; i += part) {
      const auto [low, high] = std::minmax_element(y + i, y + std::min(n, i + part));
      for (const double* at : {std::min(low, high), std::max(low, high)}) {
        out_ << x0 + dx * static_cast<double>(at - y) << " " << *at << "\n";
        if (low == high) break;
      }
    }
    out_ << "EOD\n";
  }
  void data(const char* name, const Tensor<double>& y, double x0, double dx) {
    data(name, y.data(), y.size(), x0, dx);
  }

  void panel(const Place& place, const std::string& title, const char* x_label,
             const char* y_label) {
    const double width = 1.0 / place.columns;
    const double height = 0.965 / rows_;
    const double left = width * place.column;
    const double top = 0.995 - height * place.row;
    out_ << "set lmargin at screen " << left + 0.075 << "\nset rmargin at screen "
         << left + width - 0.025 << "\n"
         << "set tmargin at screen " << top - 0.035 << "\nset bmargin at screen "
         << top - height + 0.045 << "\n"
         << "set label 1 \"" << title << "\" at graph 0,1.1 left font ',13'\nset xlabel '"
         << x_label << "' offset 0,0.3\nset ylabel '" << y_label << "' offset 0.5,0\n";
  }

 private:
  std::ostringstream out_;
  int rows_;
};

std::string number(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*g", digits, value);
  return text;
}

// A range that holds all numbers, with some air; never empty.
std::string range(std::initializer_list<const Tensor<double>*> tensors) {
  double low = HUGE_VAL;
  double high = -HUGE_VAL;
  for (const Tensor<double>* t : tensors) {
    for (const double v : *t) {
      low = std::min(low, v);
      high = std::max(high, v);
    }
  }
  const double size = std::max({std::abs(high), std::abs(low), 1e-300});
  const double air = std::max(0.05 * (high - low), 1e-12 * size);
  return "set yrange [" + number(low - air, 17) + ":" + number(high + air, 17) + "]\n";
}

void draw_filters(Script& script, const Figure& figure) {
  const double widest = std::max(figure.sigma, figure.true_sigma.value_or(0));
  const std::int64_t radius = nablur::gaussian_radius(widest, figure.truncate);
  const auto draw_one = [&](const char* name, double sigma) {
    const auto taps = nablur::gaussian_taps(
        sigma, std::min(radius, nablur::gaussian_radius(sigma, figure.truncate)));
    const auto first = -static_cast<double>(taps.w.size() / 2);
    script.data((std::string("w_") + name).c_str(), taps.w, first, 1);
    script.data((std::string("h_") + name).c_str(), taps.dw_dsigma, first, 1);
  };
  draw_one("recovered", figure.sigma);
  if (figure.true_sigma) draw_one("true", *figure.true_sigma);
  const bool dots = radius <= 60;
  const auto curves = [&](const std::string& what) {
    std::ostringstream& out = script.out();
    out << "plot ";
    if (figure.true_sigma) {
      out << "$" << what << "_true with lines lw 2.5 lc rgb '" << kBlue
          << "' title 'true σ = " << number(*figure.true_sigma, 4) << "', ";
    }
    out << "$" << what << "_recovered with " << (dots ? "points pt 7 ps 0.7" : "lines lw 1.5 dt 2")
        << " lc rgb '" << kOrange << "' title 'recovered σ = " << number(figure.sigma, 4) << "'\n";
  };
  script.out() << "set xrange [" << -radius << ":" << radius << "]\nset autoscale y\n";
  script.panel({0, 0, 2}, "filter w", "offset [samples]", "w");
  curves("w");
  script.panel({0, 1, 2}, "derivative ∂w/∂σ", "offset [samples]", "∂w/∂σ [1/sample]");
  script.out() << "unset key\n";
  curves("h");
  script.out() << "set key\n";
}

void draw_signals(Script& script, const Figure& figure) {
  const auto dx = static_cast<double>(figure.block);
  script.data("signal", figure.signal, 0, dx);
  script.data("smoothed", figure.smoothed, 0, dx);
  script.out() << "set xrange [0:" << dx * static_cast<double>(figure.signal.size() - 1) << "]\n"
               << range({&figure.signal});
  script.panel({1, 0, 2}, "signal", "position [samples]", "value");
  script.out() << "plot $signal with lines lw 1.5 lc rgb '" << kBlue << "' notitle\n"
               << range({&figure.smoothed});
  script.panel({1, 1, 2}, "smoothed", "position [samples]", "value");
  script.out() << "plot $smoothed with lines lw 2 lc rgb '" << kBlue << "' notitle\n";
}

void draw_recovery(Script& script, const Figure& figure) {
  const auto dx = static_cast<double>(figure.block);
  for (std::size_t i = 0; i < figure.snapshots.size(); ++i) {
    const Figure::Snapshot& shot = figure.snapshots[i];
    const std::string name = "shot" + std::to_string(i);
    const auto at = static_cast<int>(i);
    script.data(name.c_str(), shot.blurred, 0, dx);
    script.out() << range({&figure.smoothed, &shot.blurred});
    script.panel({2 + at / 2, at % 2, figure.snapshots.size() == 1 ? 1 : 2}, shot.title,
                 "position [samples]", "value");
    script.out() << "plot $smoothed with lines lw 5 lc rgb '" << kPale << "' title 'smoothed', $"
                 << name << " with lines lw 1.5 lc rgb '" << kOrange << "' title 'recovered'\n";
  }
}

void draw_course(Script& script, const Figure& figure, int row) {
  std::vector<double> loss;
  std::vector<double> sigma;
  for (const Step& step : figure.steps) {
    loss.push_back(step.loss);
    sigma.push_back(step.sigma);
  }
  const auto n = static_cast<std::int64_t>(loss.size());
  script.data("loss", loss.data(), n, 0, 1);
  script.data("sigma", sigma.data(), n, 0, 1);
  const double least = *std::min_element(loss.begin(), loss.end());
  const char* const style = n > 30 ? "lines lw 2" : "linespoints lw 1.5 pt 7 ps 0.6";
  script.out() << "set xrange [0:" << std::max<std::int64_t>(n - 1, 1) << "]\nset autoscale y\n";
  script.panel({row, 0, 2}, "loss  ½ ‖blurred − smoothed‖²", "step", "");
  if (least > 0) script.out() << "set logscale y\nset format y '10^{%L}'\n";
  script.out() << "plot $loss with " << style << " lc rgb '" << kOrange
               << "' notitle\nunset logscale y\nset format y '%g'\n";
  const double top =
      std::max(*std::max_element(sigma.begin(), sigma.end()), figure.true_sigma.value_or(0));
  script.out() << "set yrange [0:" << 1.1 * top << "]\n";
  script.panel({row, 1, 2}, "scale σ", "step", "σ [samples]");
  script.out() << "plot ";
  if (figure.true_sigma)
    script.out() << *figure.true_sigma << " with lines lw 2 dt 2 lc rgb '" << kBlue
                 << "' title 'true σ', ";
  script.out() << "$sigma with " << style << " lc rgb '" << kOrange << "' title 'recovered σ'\n";
}

}  // namespace

FigureFormat figure_format(const std::string& path) {
  std::string ending = path.substr(std::min(path.size(), path.find_last_of('.')));
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (ending == ".svg") return FigureFormat::svg;
  if (ending == ".png") return FigureFormat::png;
  if (ending == ".pdf") return FigureFormat::pdf;
  nablur::fail("--figure: \"", path, "\" must end in .svg, .png or .pdf");
}

std::string draw(const Figure& figure, FigureFormat format) {
  const auto shots = static_cast<int>(figure.snapshots.size());
  const int recovery_rows = (shots + 1) / 2;
  Script script(format, 3 + recovery_rows);
  script.out() << "set multiplot\n";
  draw_filters(script, figure);
  draw_signals(script, figure);
  draw_recovery(script, figure);
  draw_course(script, figure, 2 + recovery_rows);
  script.out() << "unset multiplot\n";
  return run_gnuplot(script.out().str());
}

}  // namespace recover
