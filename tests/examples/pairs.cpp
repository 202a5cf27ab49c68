#include "pairs.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <random>
#include <sstream>

namespace {

// Where place i of n samples lies under a border, found by walking: -1 for a zero.
int place(int i, int n, const std::string& border) {
  if (border == "zero") return i < 0 || i >= n ? -1 : i;
  if (border == "replicate") return std::min(std::max(i, 0), n - 1);
  while (i < 0 || i >= n) {
    if (border == "circular") i += i < 0 ? n : -n;
    if (border == "symmetric") i = i < 0 ? -1 - i : 2 * n - 1 - i;
    if (border == "mirror") i = i < 0 ? -i : 2 * n - 2 - i;
  }
  return i;
}

std::string text_of(const std::vector<double>& x, const char* separator = "\n") {
  std::ostringstream out;
  out.precision(17);
  for (const double v : x) out << v << separator;
  return out.str();
}

}  // namespace

std::vector<double> noise(int n, unsigned seed) {
  std::mt19937 bits(seed);
  std::normal_distribution<double> normal;
  std::vector<double> x(static_cast<std::size_t>(n));
  for (double& v : x) v = normal(bits);
  return x;
}

std::vector<double> blurred(const std::vector<double>& x, double sigma, const std::string& border,
                            double truncate) {
  const int n = static_cast<int>(x.size());
  const int radius = static_cast<int>(std::max(1.0, std::ceil(truncate * sigma)));
  std::vector<long double> w;
  long double weights = 0;
  for (int d = -radius; d <= radius; ++d) {
    w.push_back(std::exp(-0.5L * d * d / (static_cast<long double>(sigma) * sigma)));
    weights += w.back();
  }
  std::vector<double> y;
  for (int i = 0; i < n; ++i) {
    long double total = 0;
    for (int d = -radius; d <= radius; ++d) {
      const int from = place(i + d, n, border);
      if (from >= 0)
        total += w[static_cast<std::size_t>(d + radius)] * x[static_cast<std::size_t>(from)];
    }
    y.push_back(static_cast<double>(total / weights));
  }
  return y;
}

Outcome fit(const Scratch& scratch, const std::vector<double>& x, const std::vector<double>& y,
            std::vector<std::string> more) {
  scratch.write("x.txt", text_of(x));
  scratch.write("y.txt", text_of(y, ", "));
  more.insert(more.end(), {"--signal", "x.txt", "--smoothed", "y.txt"});
  return scratch.run(RECOVER_SIGMA, more);
}

double recovered(const Outcome& run) {
  double sigma = NAN;
  if (std::sscanf(run.out.c_str(), "recovered sigma %lf", &sigma) != 1)
    ADD_FAILURE() << run.out << run.error;
  return sigma;
}

std::vector<double> scaled(std::vector<double> x, double factor, double offset) {
  for (double& v : x) v = v * factor + offset;
  return x;
}

std::vector<double> with_noise(std::vector<double> x, double size, unsigned seed) {
  const auto more = noise(static_cast<int>(x.size()), seed);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] += size * more[i];
  return x;
}
