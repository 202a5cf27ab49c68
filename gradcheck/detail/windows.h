#pragma once
// The slope of a function φ(t) at t = 0 from its differences.
//
// φ is looked at in windows: 8 steps up to h on each side of 0. In a window the odd part (φ(t) −
// φ(−t))/2 is fitted with a t + b t³ + c t⁵ by least squares: a is the central difference
// extrapolated to step 0, and what the fit leaves over, of rounding, noise and higher powers alike,
// says how far a can be trusted. The even part is fitted with j/2 t + b t² + c t⁴: j is the jump of
// the slope, 0 unless φ has a corner. If φ has values on one side only, that side is fitted with a
// t + b t² + c t³.

#include <array>
#include <functional>
#include <vector>

namespace nablur::detail {

/// A function of one number, and the scales that it lives on.
struct Line {
  std::function<double(double)> change;  ///< φ(t) − φ(0); not finite if φ has no value there
  double rounding = 0;                   ///< magnitude of φ's rounding errors, at least
  double epsilon = 0;                    ///< relative, of the numbers t is added to
  double step = 0;                       ///< greatest |t|
  double position = 0;  ///< magnitude of the numbers that t is added to; if tiny, steps of its
                        ///< scale are tried too
};

/// What the differences in one window say.
struct Window {
  bool seen = false;   ///< φ has values at all steps of at least one side
  int side = 0;        ///< 0: both sides; +1, −1: only that one
  bool blind = false;  ///< φ does not change at all
  double step = 0;     ///< h
  double range = 0;    ///< greatest change / h
  double slope = 0;
  double error = 0;   ///< standard error of the slope
  double least = 0;   ///< what `error` would be from the rounding alone
  double corner = 0;  ///< slope on the right − slope on the left; 0 for one side
  double corner_error = 0;
  std::array<double, 16> changes{};  ///< to the right, then to the left; 0 if there is none
};

/// Looks at φ in the window of width h.
Window measure(const Line& line, double h);

/// Widths of the windows worth a look, from the greatest step down to where rounding of t +
/// position would show.
std::vector<double> window_widths(const Line& line);

/// φ's finite changes at displacements that grow far beyond all windows, nearest first.
std::vector<double> far_changes(const Line& line);

/// What the changes are multiples of, if there are two of different size and rounding of the
/// greatest does not explain it; else 0.
double common_amount(const std::vector<double>& changes, double rounding);

}  // namespace nablur::detail
