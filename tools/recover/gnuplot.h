#pragma once
// Runs gnuplot.

#include <string>

namespace recover {

/// Throws nablur::Error if no gnuplot is in the PATH.
void require_gnuplot();

/// Runs a script, with no shell in between, and returns what gnuplot draws on its standard output.
/// Throws nablur::Error with gnuplot's own words if it fails.
std::string run_gnuplot(const std::string& script);

}  // namespace recover
