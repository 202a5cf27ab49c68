#pragma once
// What the tests of arithmetic share.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include <nablur/autodiff/derivatives.h>
#include <nablur/ops/arithmetic.h>
#include <nablur/ops/elementwise.h>
#include <nablur/ops/reduce.h>

#include "../messages.h"
#include "../ulps.h"

namespace nablur::arithmetic_test {

using D = Tensor<double>;
using Wide = long double;

inline constexpr double kInf = std::numeric_limits<double>::infinity();
inline constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

inline constexpr auto add = [](const auto& a, const auto& b) { return a + b; };
inline constexpr auto subtract = [](const auto& a, const auto& b) { return a - b; };
inline constexpr auto multiply = [](const auto& a, const auto& b) { return a * b; };
inline constexpr auto divide = [](const auto& a, const auto& b) { return a / b; };
inline constexpr auto power = [](const auto& a, const auto& b) { return pow(a, b); };
inline constexpr auto greatest = [](const auto& a, const auto& b) { return maximum(a, b); };
inline constexpr auto least = [](const auto& a, const auto& b) { return minimum(a, b); };

inline Variable<double> constant(const D& x) { return x; }

inline D counting(const std::vector<std::int64_t>& sizes, double first) {
  auto x = D::empty(Shape(std::span<const std::int64_t>(sizes)));
  for (std::int64_t i = 0; i < x.size(); ++i) x.mutable_data()[i] = first + static_cast<double>(i);
  return x;
}

}  // namespace nablur::arithmetic_test
