#pragma once
// How far a number is from the right one.

#include <algorithm>
#include <cmath>
#include <limits>

/// |got − want| in units of the last place of T at `want`, denormals' unit included; 0 between NaNs
/// and between equal infinities.
template <class T>
double ulps(T got, long double want) {
  using Limits = std::numeric_limits<T>;
  if (std::isnan(got) || std::isnan(want))
    return std::isnan(got) && std::isnan(want) ? 0 : Limits::infinity();
  const T nearest = static_cast<T>(want);
  if (std::isinf(got) || std::isinf(nearest)) return got == nearest ? 0 : Limits::infinity();
  const int exponent = nearest == 0 ? Limits::min_exponent - 1
                                    : std::max(std::ilogb(nearest), Limits::min_exponent - 1);
  return static_cast<double>(std::abs(static_cast<long double>(got) - want) /
                             std::ldexp(1.0L, exponent - Limits::digits + 1));
}
