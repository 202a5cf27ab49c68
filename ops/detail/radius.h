#pragma once
// Private: the radius of a filter, checked in the name of the operator that asks.

#include <cstdint>

namespace nablur::detail {

inline constexpr std::int64_t kMaxRadius = std::int64_t{1} << 26;

/// Throws for a σ that is negative, infinite or NaN.
void require_sigma(const char* op, double sigma);

/// max(1, ⌈truncate·σ⌉). Throws for a bad σ or truncation and past the limit.
std::int64_t radius_of(const char* op, double sigma, double truncate);

/// The radius itself. Throws below 0 and past the limit.
std::int64_t require_radius(const char* op, std::int64_t radius);

}  // namespace nablur::detail
