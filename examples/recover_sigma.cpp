// Learns the scale of a Gaussian blur from a signal and its smoothed version: the notebook
// "Learning Filter Scale by ∂σ", number for number, and then the same question for two files of
// one's own.
//
//   recover_sigma                              the notebook's experiment and its gradient checks
//   recover_sigma --figure recovery.svg --csv trace.csv
//   recover_sigma --signal before.txt --smoothed after.txt

#include <algorithm>
#include <cmath>
#include <cstdio>

#include <nablur/nablur.h>

#include "recover/command_line.h"
#include "recover/fit.h"
#include "recover/numbers.h"
#include "recover/report.h"
#include "recover/standard_streams.h"
#include "recover/verdict.h"

using namespace nablur;
using recover::Setting;

namespace {

constexpr int kChecks = 10;

// Exit statuses, besides 0.
constexpr int kWrongResult = 1;
constexpr int kRefused = 2;
constexpr int kNoAnswer = 3;

// ---- the experiment ---------------------------------------------------------------------------

// A step too long throws s so far out that a kernel of that scale could hardly be computed.
void require_in_range(double s, const Setting& setting) {
  const double sigma = sigma_from_param(Tensor<double>(s)).item();
  if (sigma <= 10 * std::max({static_cast<double>(setting.length), setting.sigma, 100.0})) return;
  fail("the descent leaves the range with s = ", s, ", sigma = ", sigma,
       ": choose a --step smaller than ", setting.step);
}

/// Gradient descent on the parameter of σ, from s = 0.
Tensor<double> descend(const Tensor<double>& signal, const Tensor<double>& smoothed,
                       const Setting& setting, const GaussianBlurOptions& blur,
                       recover::Report& report) {
  // [recover]
  Tape<double> tape;
  Tensor<double> s = 0.0;
  for (std::int64_t i = 0; i < setting.iterations; ++i) {
    tape.clear();
    const auto param = tape.variable(s);
    const auto sigma = sigma_from_param(param);
    const auto blurred = gaussian_blur(signal, sigma, blur);
    const auto loss = 0.5 * sum(square(blurred - smoothed));
    const auto d_s = gradients(loss)[param];
    report.step({s.item(), sigma.item(), loss.item(), d_s.item()}, blurred.value());
    s -= setting.step * d_s;
    require_in_range(s.item(), setting);
  }
  // [/recover]
  return s;
}

/// The tape's gradient against a forward difference, at random parameters. The difference is wrong
/// by ε/2 times the curvature, so if that is large, more than the notebook's 10ε must be
/// allowed. R is held fixed: it could jump between s and s + ε.
bool check_gradients(const Tensor<double>& signal, const Tensor<double>& smoothed,
                     const GaussianBlurOptions& blur, Random& random, recover::Report& report,
                     double work_done) {
  constexpr double eps = 1e-5;
  bool hold = true;
  for (int i = 0; i < kChecks; ++i) {
    const Tensor<double> s = random.normal() * 3;
    const double sigma = sigma_from_param(s).item();
    const auto radius = gaussian_radius(sigma, blur.truncate);
    const auto loss = [&](const auto& param) {
      const auto blurred =
          gaussian_blur(signal, sigma_from_param(param), {.radius = radius, .border = blur.border});
      return 0.5 * sum(square(blurred - smoothed));
    };
    Tape<double> tape;
    const auto param = tape.variable(s);
    const auto value = loss(param);
    const double analytic = gradients(value)[param].item();
    const double numerical = (loss(s + eps).item() - value.item()) / eps;
    const double curvature = hvp(loss, s, Tensor<double>(1.0)).item();
    const double error = std::abs(numerical - analytic);
    report.print("analytic % 09.5f numerical % 09.5f error %0.8f\n", analytic, numerical, error);
    report.progress().update(work_done + i + 1, value.item(), sigma);
    if (!(error < eps * std::max(10.0, std::abs(curvature)))) hold = false;
  }
  return hold;
}

std::string advice(const Setting& setting, bool overshot) {
  if (setting.sigma <= 0.3) return "sigma_from_param reaches no sigma of 0.3 or less";
  if (!overshot) return "not there yet; try more --iterations or a greater --step";
  // The loss is a sum over the samples, and the notebook's step goes with its 100.
  const double shorter = setting.step * std::min(0.1, 100.0 / static_cast<double>(setting.length));
  return "the steps are too long, the loss rose on the way; try --step " +
         recover::shortest(shorter);
}

int run_experiment(const Setting& setting, bool notebook) {
  recover::Report report(setting.csv, setting.figure,
                         static_cast<double>(setting.iterations + kChecks));
  const GaussianBlurOptions blur{.truncate = setting.truncate, .border = setting.border};
  Random random(static_cast<std::uint32_t>(setting.seed));
  const auto signal = Tensor<double>::normal(Shape{setting.length}, random);
  recover::require_learnable(signal, blur.border);
  const auto smoothed = gaussian_blur(signal, setting.sigma, blur).value();

  const Tensor<double> s = descend(signal, smoothed, setting, blur, report);
  const double sigma = sigma_from_param(s).item();
  report.print("\ntrue sigma %0.2f recovered sigma %0.2f\n", setting.sigma, sigma);
  const bool recovered = std::abs(sigma - setting.sigma) < 0.005 * std::max(1.0, setting.sigma);
  if (!recovered) report.print("note: %s\n", advice(setting, report.overshot()).c_str());

  const bool hold = check_gradients(signal, smoothed, blur, random, report,
                                    static_cast<double>(setting.iterations));
  recover::Figure figure{.signal = signal, .smoothed = smoothed};
  figure.sigma = sigma;
  figure.true_sigma = setting.sigma;
  figure.truncate = setting.truncate;
  if (setting.figure) {
    figure.snapshots.push_back(
        {"recovery, at the end", gaussian_blur(signal, sigma, blur).value()});
  }
  report.finish(std::move(figure));

  if (!hold)
    std::fprintf(stderr, "recover_sigma: a gradient disagrees with its finite difference\n");
  // In another setting the steps may be too few or too short; in the notebook's they are not.
  if (notebook && !recovered) std::fprintf(stderr, "recover_sigma: sigma was not recovered\n");
  return hold && (recovered || !notebook) ? 0 : kWrongResult;
}

// ---- data of one's own ------------------------------------------------------------------------

void print_fit(const recover::Fit& fit, bool same, recover::Report& report) {
  report.print("recovered sigma %.10g +- %.2g samples\n", fit.sigma, fit.standard_error);
  report.print("relative residual %.3g (RMS, against the smoothed signal's)\n",
               fit.relative_residual);
  if (fit.block > 1) {
    report.print("note: found on averages over blocks of %lld samples\n",
                 static_cast<long long>(fit.block));
  }
  if (fit.at_lower_end) {
    report.print(same ? "note: the two signals are the same: nothing was blurred\n"
                      : "note: no blur can be told from none in this pair\n");
  } else if (!(fit.standard_error < 0.1 * fit.sigma)) {
    report.print("note: sigma is poorly determined by this pair\n");
  }
  if (!(fit.relative_residual < 0.1)) {
    report.print(
        "note: the fit is poor; a Gaussian blur of the signal is not what the smoothed one looks "
        "like\n");
  }
}

int fit_files(const Setting& setting) {
  const std::string& before = setting.signal.value();
  const std::string& after = setting.smoothed.value();
  for (const auto& [option, output] :
       {std::pair{"--csv", &setting.csv}, std::pair{"--figure", &setting.figure}}) {
    recover::require_different(option, *output, "--signal", before);
    recover::require_different(option, *output, "--smoothed", after);
  }
  const auto signal = recover::read_numbers(before);
  const auto smoothed = recover::read_numbers(after);
  if (signal.size() != smoothed.size()) {
    fail(before, " holds ", signal.size(), " numbers and ", after, " ", smoothed.size(),
         ": they must be as many");
  }
  recover::Report report(setting.csv, setting.figure, 1);
  const recover::FitOptions options{setting.border, setting.truncate};
  const recover::Fit fit = recover::fit_sigma(
      signal, smoothed, options, [&](double done, double total, double loss, double sigma) {
        report.progress().update(done / total, loss, sigma);
      });
  if (const auto objection = recover::find_objection(fit, signal, smoothed, options)) {
    report.progress().clear();
    std::fprintf(stderr, "recover_sigma: %s\n", objection->c_str());
    return kNoAnswer;
  }
  print_fit(fit, std::equal(signal.begin(), signal.end(), smoothed.begin()), report);
  for (const recover::Step& step : fit.steps) report.add(step);
  recover::Figure figure{.signal = fit.signal, .smoothed = fit.smoothed, .block = fit.block};
  figure.snapshots = {{"recovery", fit.blurred}};
  figure.sigma = fit.sigma;
  figure.truncate = setting.truncate;
  report.finish(std::move(figure));
  return 0;
}

// ---- the program ------------------------------------------------------------------------------

int run(const std::vector<std::string>& arguments) {
  const recover::CommandLine line = recover::parse_command_line(arguments);
  if (line.help) {
    recover::print(*line.help);
    return 0;
  }
  for (const std::string& note : line.notes) std::fprintf(stderr, "note: %s\n", note.c_str());
  return line.setting.signal ? fit_files(line.setting)
                             : run_experiment(line.setting, line.notebook);
}

// One line, whatever a name or an argument holds.
void complain(std::string sentence) {
  for (char& c : sentence) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  std::fprintf(stderr, "recover_sigma: %s\n", sentence.c_str());
}

}  // namespace

int main(int argc, char** argv) {
  try {
    recover::open_standard_streams();
    const int status = run({argv + std::min(argc, 1), argv + argc});
    recover::close_standard_output();
    return status;
  } catch (const std::bad_alloc&) {
    complain("not enough memory");
  } catch (const std::exception& error) {
    complain(error.what());
  }
  return kRefused;
}
