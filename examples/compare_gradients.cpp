// The blur's gradient by hand, composed on the tape, in forward mode and by differences, side by
// side; then every operator of the library in one line; then what each verdict looks like. Exit
// code 0 if all is as expected, 1 if not, 2 for options it does not know.

#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdio>
#include <iostream>

#include <nablur/nablur.h>

#include "gradient_cases.h"

using namespace nablur;

namespace {

struct Setting {
  Shape shape;
  double sigma;
  std::int64_t radius;
  Border border;
};

std::vector<Setting> settings() {
  std::vector<Setting> list;
  for (const Border border :
       {Border::zero, Border::replicate, Border::symmetric, Border::mirror, Border::circular}) {
    for (const double sigma : {0.4, 1.0, 3.0}) {
      for (const std::int64_t radius : {3, 9}) {
        list.push_back({{12}, sigma, radius, border});
        list.push_back({{5, 6}, sigma, radius, border});
      }
    }
    list.push_back({{3, 4, 3}, 1.0, 4, border});
  }
  return list;
}

// [compare]
// Half of the squared norm of the blurred image: once with the hand-derived operator, once composed
// of primitives.
GradientReport compare(const Tensor<double>& image, const Tensor<double>& sigma,
                       const GaussianBlurOptions& options, double perturbation) {
  const auto by_hand = [&](const auto& x, const auto& s) {
    return 0.5 * sum(square(gaussian_blur(x, s, options)));
  };
  const auto composed = [&](const auto& x, const auto& s) {
    auto y = 1.0 * x;
    for (std::int64_t axis = 0; axis < x.rank(); ++axis) {
      y = convolve(y, gaussian_kernel(s, options.radius), axis, options.border);
    }
    return 0.5 * sum(square(y));
  };
  const auto hand = vjp(by_hand, {image, sigma}, 1.0);
  const double factor = 1 + perturbation;
  return compare_gradients(composed, {image, sigma}, {},
                           {{"by hand", {factor * hand[0], factor * hand[1]}}});
}
// [/compare]

const char* verdict(const GradientReport& report) {
  return report.differs() ? "DIFFERS" : report.agrees() ? "agrees" : "not all agree";
}

// The worst of the rows of one derivation, by its relative error.
double worst(const GradientReport& report, const std::string& derivation) {
  double error = 0;
  for (const auto& row : report.rows) {
    if (row.derivation == derivation && row.against == "differences")
      error = std::max(error, row.relative);
  }
  return error;
}

bool compare_blur(double perturbation) {
  std::printf(
      "gaussian_blur: gradients in sigma and in the signal against differences, worst relative "
      "error\n");
  std::printf("%-10s %6s %3s  %-10s  %10s %10s %10s  %s\n", "shape", "sigma", "R", "border",
              "by hand", "composed", "forward", "verdict");
  bool all = true;
  GradientReport example;
  for (const Setting& s : settings()) {
    Random random(1);
    const auto image = Tensor<double>::normal(s.shape, random);
    const auto report =
        compare(image, s.sigma, {.radius = s.radius, .border = s.border}, perturbation);
    std::printf("%-10s %6.2f %3d  %-10s  %10.1e %10.1e %10.1e  %s\n", to_string(s.shape).c_str(),
                s.sigma, static_cast<int>(s.radius), to_string(s.border), worst(report, "by hand"),
                worst(report, "tape"), worst(report, "forward mode"), verdict(report));
    if (example.rows.empty() || (all && !report.agrees())) example = report;
    all = all && report.agrees();
  }
  std::fflush(stdout);
  std::cout << "\nin full, " << (all ? "the first of them" : "the first that differs")
            << " (x0: signal, x1: sigma; tape: composed):\n"
            << example;
  return all;
}

bool compare_operators() {
  std::printf("\n%-18s %-22s %10s %10s  %s\n", "operator", "case", "tape", "forward", "verdict");
  bool all = true;
  for (const auto& row : cases::gradient_cases()) {
    const auto report = row.compare({});
    std::printf("%-18s %-22s %10.1e %10.1e  %s\n", row.name.c_str(), row.variant.c_str(),
                worst(report, "tape"), worst(report, "forward mode"), verdict(report));
    all = all && report.agrees();
  }
  return all;
}

// Wrong, hopeless, and right in two ways: the derivative of f at x that somebody claims.
template <class F>
GradientRow judge(const std::string& claim, const F& f, double x, double derivative) {
  const auto report = compare_gradients(f, Tensor<double>(x), {}, {{claim, {derivative}}});
  for (const auto& row : report.rows) {
    if (row.derivation == claim && row.against == "differences") return row;
  }
  return {};
}

bool one_of_each_verdict() {
  const auto root = [](const auto& x) { return sqrt(x); };
  const auto magnitude = [](const auto& x) { return abs(x); };
  const GradientReport report{
      {judge("d sqrt(x) = 1/4", root, 4, 0.25), judge("d sqrt(x) = 0.2500025", root, 4, 0.2500025),
       judge("d sqrt(x) = inf", root, 0, INFINITY), judge("d |x| = 0", magnitude, 0, 0)}};
  std::cout << "\none of each verdict:\n" << report << std::flush;
  return report.count(Verdict::agrees) == 1 && report.count(Verdict::differs) == 1 &&
         report.count(Verdict::cannot_tell) == 1 && report.count(Verdict::kink) == 1;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Compares Nablur's gradients, derived in four ways.");
  double perturbation = 0;
  app.add_option("--perturb", perturbation,
                 "Spoil the blur's hand-derived gradient by this relative amount")
      ->check(CLI::Number);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    std::cout << app.help();
    return 0;
  } catch (const CLI::ParseError& error) {
    std::cerr << "compare_gradients: " << error.what() << "\n";
    return 2;
  }
  const bool blur = compare_blur(perturbation);
  const bool operators = compare_operators();
  std::printf("\n%s\n", blur && operators ? "all agree" : "NOT all agree");
  std::fflush(stdout);
  const bool verdicts = one_of_each_verdict();
  return blur && operators && verdicts ? 0 : 1;
}
