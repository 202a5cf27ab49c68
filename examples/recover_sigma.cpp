// Learns the scale of a Gaussian blur from a signal and its smoothed version: the notebook "Learning Filter Scale by
// ∂σ", number for number, and then the same question for two files of one's own.
//
//   recover_sigma                                        the notebook's experiment, then its ten gradient checks
//   recover_sigma --figure recovery.svg --csv trace.csv
//   recover_sigma --signal before.txt --smoothed after.txt

#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdio>

#include <nablur/nablur.h>

#include "recover/fit.h"
#include "recover/numbers.h"
#include "recover/report.h"

using namespace nablur;

namespace {

struct Setting {
  double sigma = 3;
  std::int64_t length = 100;
  std::int64_t seed = 1337;
  std::int64_t iterations = 100;
  double step = 0.1;
  double truncate = 3;
  std::string border = "zero";
  std::string csv, figure, signal, smoothed;
  bool notebook = true;  // all of the experiment as the notebook has it
};

constexpr int kChecks = 10;

// ---- the experiment -------------------------------------------------------------------------------------------------

// A step too long throws s so far out that a kernel of that scale could hardly be computed.
void require_in_range(double s, const Setting& setting) {
  const double sigma = sigma_from_param(Tensor<double>(s)).item();
  if (sigma <= 10 * std::max({static_cast<double>(setting.length), setting.sigma, 100.0})) return;
  fail("the descent leaves the range with s = ", s, ", sigma = ", sigma, ": choose a --step smaller than ", setting.step);
}

/// Gradient descent on the parameter of σ, from s = 0.
Tensor<double> descend(const Tensor<double>& signal, const Tensor<double>& smoothed, const Setting& setting,
                       const GaussianBlurOptions& blur, recover::Report& report) {
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

/// The tape's gradient against a forward difference, at random parameters. The difference is wrong by ε/2 times the curvature,
/// so where that is great, more than the notebook's 10ε must be allowed. R is held fixed: it could jump between s and s + ε.
bool check_gradients(const Tensor<double>& signal, const Tensor<double>& smoothed, const GaussianBlurOptions& blur,
                     Random& random, recover::Report& report, double work_done) {
  constexpr double eps = 1e-5;
  bool hold = true;
  for (int i = 0; i < kChecks; ++i) {
    const Tensor<double> s = random.normal() * 3;
    const double sigma = sigma_from_param(s).item();
    const auto radius = gaussian_radius(sigma, blur.truncate);
    const auto loss = [&](const auto& param) {
      const auto blurred = gaussian_blur(signal, sigma_from_param(param), {.radius = radius, .border = blur.border});
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
  return "the steps are too long, the loss rose on the way; try --step " + recover::shortest(shorter);
}

int run_experiment(const Setting& setting) {
  recover::Report report(setting.csv, setting.figure, static_cast<double>(setting.iterations + kChecks));
  const GaussianBlurOptions blur{.truncate = setting.truncate, .border = border_from_name(setting.border)};
  Random random(static_cast<std::uint32_t>(setting.seed));
  const auto signal = Tensor<double>::normal(Shape{setting.length}, random);
  recover::require_learnable(signal, blur.border);
  const auto smoothed = gaussian_blur(signal, setting.sigma, blur).value();

  const Tensor<double> s = descend(signal, smoothed, setting, blur, report);
  const double sigma = sigma_from_param(s).item();
  report.print("\ntrue sigma %0.2f recovered sigma %0.2f\n", setting.sigma, sigma);
  const bool recovered = std::abs(sigma - setting.sigma) < 0.005 * std::max(1.0, setting.sigma);
  if (!recovered) report.print("note: %s\n", advice(setting, report.overshot()).c_str());

  const bool hold = check_gradients(signal, smoothed, blur, random, report, static_cast<double>(setting.iterations));
  recover::Figure figure{.signal = signal, .smoothed = smoothed};
  figure.sigma = sigma;
  figure.true_sigma = setting.sigma;
  figure.truncate = setting.truncate;
  if (!setting.figure.empty()) {
    figure.snapshots.push_back({"recovery, at the end", gaussian_blur(signal, sigma, blur).value()});
  }
  report.finish(std::move(figure));

  if (!hold) std::fprintf(stderr, "recover_sigma: a gradient disagrees with its finite difference\n");
  // In another setting the steps may be too few or too short; in the notebook's they are not.
  if (setting.notebook && !recovered) std::fprintf(stderr, "recover_sigma: sigma was not recovered\n");
  return hold && (recovered || !setting.notebook) ? 0 : 1;
}

// ---- data of one's own ----------------------------------------------------------------------------------------------

void print_fit(const recover::Fit& fit, recover::Report& report) {
  report.print("recovered sigma %.10g +- %.2g samples\n", fit.sigma, fit.standard_error);
  report.print("relative residual %.3g (RMS, against the smoothed signal's)\n", fit.relative_residual);
  if (fit.block > 1) {
    report.print("note: found on averages over blocks of %lld samples\n", static_cast<long long>(fit.block));
  }
  if (fit.at_lower_end) report.print("note: no blur can be told from none below 0.12 samples\n");
  if (fit.at_upper_end) report.print("note: the best sigma lies at the end of the search or beyond it\n");
  if (!fit.at_lower_end && !(fit.standard_error < 0.1 * fit.sigma)) {
    report.print("note: sigma is poorly determined by this pair\n");
  }
  if (!(fit.relative_residual < 0.1)) {
    report.print("note: the fit is poor; a Gaussian blur of the signal is not what the smoothed one looks like\n");
  }
}

int fit_files(const Setting& setting) {
  for (const auto& [option, output] : {std::pair{"--csv", &setting.csv}, std::pair{"--figure", &setting.figure}}) {
    recover::require_different(option, *output, "--signal", setting.signal);
    recover::require_different(option, *output, "--smoothed", setting.smoothed);
  }
  const auto signal = recover::read_numbers(setting.signal);
  const auto smoothed = recover::read_numbers(setting.smoothed);
  if (signal.size() != smoothed.size()) {
    fail(setting.signal, " holds ", signal.size(), " numbers and ", setting.smoothed, " ", smoothed.size(),
         ": they must be as many");
  }
  recover::Report report(setting.csv, setting.figure, 1);
  const recover::Fit fit = recover::fit_sigma(
      signal, smoothed, {border_from_name(setting.border), setting.truncate},
      [&](double done, double total, double loss, double sigma) { report.progress().update(done / total, loss, sigma); });
  print_fit(fit, report);
  for (const recover::Step& step : fit.steps) report.add(step);
  recover::Figure figure{.signal = fit.signal, .smoothed = fit.smoothed, .block = fit.block};
  figure.snapshots = {{"recovery", fit.blurred}};
  figure.sigma = fit.sigma;
  figure.truncate = setting.truncate;
  report.finish(std::move(figure));
  return 0;
}

// ---- options --------------------------------------------------------------------------------------------------------

void require(bool condition, const char* option, const char* range, double value) {
  if (!condition) fail(option, " must be ", range, ", got ", value);
}

void check(const Setting& setting) {
  require(setting.sigma >= 0 && setting.sigma <= 1e6, "--sigma", "0 to 1000000 samples", setting.sigma);
  require(setting.length >= 1 && setting.length <= recover::kMaxLength, "--length", "1 to 10000000 samples",
          static_cast<double>(setting.length));
  require(setting.seed >= 0 && setting.seed <= 0xffffffff, "--seed", "0 to 4294967295", static_cast<double>(setting.seed));
  require(setting.iterations >= 1 && setting.iterations <= 100'000'000, "--iterations", "1 to 100000000",
          static_cast<double>(setting.iterations));
  require(setting.step > 0 && std::isfinite(setting.step), "--step", "finite and above 0", setting.step);
  require(setting.truncate > 0 && setting.truncate <= 100, "--truncate", "above 0 and at most 100", setting.truncate);
  border_from_name(setting.border);
  if (!setting.figure.empty()) recover::figure_format(setting.figure);
}

// False where help was asked for, and printed.
bool parse(int argc, char** argv, Setting& setting) {
  CLI::App app{
      "Learns the scale of a Gaussian blur from a signal and its smoothed version, by gradient descent through the blur."};
  app.add_option("--sigma", setting.sigma, "true scale of the experiment, in samples")->capture_default_str();
  app.add_option("--length", setting.length, "length of its random signal, in samples")->capture_default_str();
  app.add_option("--seed", setting.seed, "seed of its random numbers, as numpy.random.seed takes it")->capture_default_str();
  app.add_option("--iterations", setting.iterations, "steps of its gradient descent")->capture_default_str();
  app.add_option("--step", setting.step, "length of a step: s is lowered by this times d_s")->capture_default_str();
  app.add_option("--border", setting.border, "beyond the ends: zero, replicate, symmetric, mirror or circular")
      ->capture_default_str();
  app.add_option("--truncate", setting.truncate, "where the filter ends, in sigmas (SciPy's default is 4)")
      ->capture_default_str();
  app.add_option("--csv", setting.csv, "write iteration,s,sigma,loss,d_s to this file, one row a step")->type_name("FILE");
  app.add_option("--figure", setting.figure, "draw the run with gnuplot: .svg, .png or .pdf")->type_name("FILE");
  auto* const signal =
      app.add_option("--signal", setting.signal, "a signal of your own: numbers separated by white space, commas or newlines");
  auto* const smoothed =
      app.add_option("--smoothed", setting.smoothed,
                     "the same signal smoothed; prints the sigma, in samples, that turns the one into the other");
  signal->type_name("FILE")->needs(smoothed);
  smoothed->type_name("FILE")->needs(signal);
  app.footer("Exit code: 0 when all is well, 1 when a result is wrong, 2 for bad input.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    app.exit(help);
    return false;
  }
  bool experiment = false;
  for (const char* option : {"--sigma", "--length", "--seed", "--iterations", "--step"}) {
    if (app.count(option) == 0) continue;
    experiment = true;
    if (!setting.signal.empty())
      std::fprintf(stderr, "note: %s belongs to the experiment and is not used with --signal\n", option);
  }
  setting.notebook = !experiment && app.count("--border") == 0 && app.count("--truncate") == 0;
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
    Setting setting;
    if (!parse(argc, argv, setting)) return 0;
    check(setting);
    return setting.signal.empty() ? run_experiment(setting) : fit_files(setting);
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "recover_sigma: not enough memory\n");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "recover_sigma: %s\n", error.what());
  }
  return 2;
}
