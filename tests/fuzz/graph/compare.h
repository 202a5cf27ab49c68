#pragma once
// Comparing tensors: with each other, and with what the model predicts.

#include <cmath>
#include <cstring>
#include <limits>

#include "model.h"

namespace nablur::fuzz {

template <class T>
bool same_bits(const Tensor<T>& a, const Tensor<T>& b) {
  return a.shape() == b.shape() &&
         (a.size() == 0 ||
          std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.size()) * sizeof(T)) == 0);
}

/// Equal numbers; NaN equals NaN, −0 equals 0.
template <class T>
bool same_numbers(const Tensor<T>& a, const Tensor<T>& b) {
  if (!(a.shape() == b.shape())) return false;
  for (std::int64_t i = 0; i < a.size(); ++i) {
    if (!(a.data()[i] == b.data()[i] || (std::isnan(a.data()[i]) && std::isnan(b.data()[i]))))
      return false;
  }
  return true;
}

/// Finite, and neither so large nor so small that products of a few of them overflow or lose
/// digits.
template <class T>
bool is_moderate(const Tensor<T>& x) {
  constexpr T most = std::is_same_v<T, float> ? T(1e8) : T(1e60);
  for (const T& v : x) {
    if (v != 0 && !(std::fabs(v) < most && std::fabs(v) > 1 / most)) return false;
  }
  return true;
}

template <class T>
bool all_finite(const Tensor<T>& x) {
  for (const T& v : x) {
    if (!std::isfinite(v)) return false;
  }
  return true;
}

/// ⟨a, b⟩ and ⟨|a|, |b|⟩ of two tensors with as many elements.
struct Product {
  long double value = 0;
  long double magnitude = 0;
};
template <class T>
Product dot(const Tensor<T>& a, const Tensor<T>& b) {
  Product p;
  for (std::int64_t i = 0; i < a.size(); ++i) {
    const long double product =
        static_cast<long double>(a.data()[i]) * static_cast<long double>(b.data()[i]);
    p.value += product;
    p.magnitude += std::fabs(product);
  }
  return p;
}

/// Whether a number is what the model predicts, to rounding. Sums near the largest number are not
/// judged: their order decides whether they overflow.
template <class T>
bool is_near(T number, const Cell& cell) {
  using Limits = std::numeric_limits<T>;
  if (!(cell.scale < static_cast<long double>(Limits::max()) / 1e4L)) return true;
  if (std::isnan(cell.value)) return std::isnan(number);
  if (std::isinf(cell.value)) return static_cast<long double>(number) == cell.value;
  const long double allowed = 256 * static_cast<long double>(Limits::epsilon()) * cell.scale +
                              4096 * static_cast<long double>(Limits::denorm_min());
  return std::fabs(static_cast<long double>(number) - cell.value) <= allowed;
}

/// The first element that is not near its prediction; −1 if there is none.
template <class T>
std::int64_t first_far(const Tensor<T>& y, const Prediction& p) {
  for (std::size_t i = 0; i < p.cells.size(); ++i) {
    if (!is_near(y.data()[i], p.cells[i])) return static_cast<std::int64_t>(i);
  }
  return -1;
}

/// A step and its operands, for a report.
std::string describe(const Step& step, std::span<const Tensor<double>> operands);

}  // namespace nablur::fuzz
