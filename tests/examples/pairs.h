#pragma once
// Signals and their blurs, written to files and given to recover_sigma.

#include <string>
#include <vector>

#include "run_program.h"

/// Independent normal numbers, mean 0, variance 1.
std::vector<double> noise(int n, unsigned seed);

/// The definition, sample by sample: e^(−d²/2σ²) for |d| ≤ R, normalised, R = max(1, ⌈truncate σ⌉).
std::vector<double> blurred(const std::vector<double>& x, double sigma, const std::string& border,
                            double truncate = 3);

/// factor · x + offset
std::vector<double> scaled(std::vector<double> x, double factor, double offset = 0);

/// x + size · noise
std::vector<double> with_noise(std::vector<double> x, double size, unsigned seed);

/// Runs recover_sigma in the folder on x.txt and y.txt, which it writes, with more options.
Outcome fit(const Scratch& scratch, const std::vector<double>& x, const std::vector<double>& y,
            std::vector<std::string> more = {});

/// The sigma that was printed; NaN, and a failure of the test, if none was.
double recovered(const Outcome& run);
