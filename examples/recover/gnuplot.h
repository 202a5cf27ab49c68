#pragma once
// Runs gnuplot.

#include <cstdio>
#include <string>

namespace recover {

/// Throws nablur::Error where no gnuplot is in the PATH.
void require_gnuplot();

/// Runs a script, with no shell in between; what gnuplot draws goes to `out`. Throws nablur::Error with gnuplot's own words
/// where it fails.
void run_gnuplot(const std::string& script, std::FILE* out);

}  // namespace recover
