#pragma once
// A fuzzer's input, read from front to back as small choices. Past its end all bytes are 0, which
// every reader takes for its simplest choice.

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>

namespace nablur::fuzz {

/// Sizes, indices and counts that code trips over.
inline constexpr std::array<std::int64_t, 22> kHostileIntegers = {
    0,
    1,
    -1,
    2,
    -2,
    3,
    7,
    -7,
    64,
    std::int64_t{1} << 26,
    (std::int64_t{1} << 26) + 1,
    std::int64_t{1} << 31,
    std::int64_t{1} << 32,
    std::int64_t{1} << 50,
    std::int64_t{1} << 53,
    std::int64_t{1} << 62,
    -(std::int64_t{1} << 62),
    std::int64_t{1} << 61,
    std::numeric_limits<std::int64_t>::max(),
    std::numeric_limits<std::int64_t>::max() - 1,
    std::numeric_limits<std::int64_t>::min(),
    std::numeric_limits<std::int64_t>::min() + 1};

/// Numbers at which functions bend, overflow or lose their digits.
inline constexpr std::array<double, 28> kHostileNumbers = {0.0,
                                                           -0.0,
                                                           1.0,
                                                           -1.0,
                                                           0.5,
                                                           2.0,
                                                           -3.0,
                                                           5e-324,
                                                           -5e-324,
                                                           1e-310,
                                                           2.2250738585072014e-308,
                                                           std::numeric_limits<double>::infinity(),
                                                           -std::numeric_limits<double>::infinity(),
                                                           std::numeric_limits<double>::quiet_NaN(),
                                                           800.0,
                                                           -800.0,
                                                           1e308,
                                                           -1e308,
                                                           1e-8,
                                                           -1e-8,
                                                           88.72,
                                                           709.78,
                                                           -745.0,
                                                           1e19,
                                                           1e154,
                                                           -1e-160,
                                                           26.6,
                                                           1e38};

class Bytes {
 public:
  Bytes(const std::uint8_t* data, std::size_t size) : rest_(data, size) {}

  bool empty() const { return rest_.empty(); }
  /// The next `count` bytes (or as many as there are) as an input of their own, which are skipped
  /// here.
  Bytes split(std::size_t count) {
    const auto part = rest_.first(std::min(count, rest_.size()));
    rest_ = rest_.subspan(part.size());
    return Bytes(part.data(), part.size());
  }
  std::int64_t byte() {
    if (rest_.empty()) return 0;
    const std::uint8_t first = rest_.front();
    rest_ = rest_.subspan(1);
    return first;
  }
  /// 0 … n − 1, for n from 1 to 256.
  std::int64_t below(std::int64_t n) { return byte() % n; }
  /// from … to, both included, at most 256 of them.
  std::int64_t between(std::int64_t from, std::int64_t to) { return from + below(to - from + 1); }
  /// True for one byte value in n.
  bool one_in(std::int64_t n) { return below(n) == n - 1; }

  std::int64_t hostile_integer() {
    return kHostileIntegers[static_cast<std::size_t>(below(kHostileIntegers.size()))];
  }
  /// One of the list above, or (one time in four) any bits whatever.
  double hostile_number() {
    const auto choice = static_cast<std::size_t>(below(kHostileNumbers.size() * 4 / 3));
    if (choice < kHostileNumbers.size()) return kHostileNumbers[choice];
    std::uint64_t bits = 0;
    for (int i = 0; i < 8; ++i) bits = bits << 8 | static_cast<std::uint64_t>(byte());
    double number = 0;
    std::memcpy(&number, &bits, sizeof number);
    // A signalling NaN becomes a quiet one on its way through most instructions, but not through
    // all.
    return number == number ? number : std::numeric_limits<double>::quiet_NaN();
  }

 private:
  std::span<const std::uint8_t> rest_;
};

/// Pseudo-random numbers from a seed: SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
class Noise {
 public:
  explicit Noise(std::int64_t seed) : state_(static_cast<std::uint64_t>(seed)) {}
  std::uint64_t bits() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15U);
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
    z = (z ^ z >> 27) * 0x94d049bb133111ebU;
    return z ^ z >> 31;
  }
  /// Uniform in [low, high).
  double between(double low, double high) {
    return low + (high - low) * static_cast<double>(bits() >> 11) * 0x1p-53;
  }
  /// Of either sign, of a magnitude in [½, 2): a weight that leaves nothing out.
  double weight() {
    const double magnitude = between(0.5, 2);
    return (bits() & 1) != 0 ? -magnitude : magnitude;
  }

 private:
  std::uint64_t state_;
};

}  // namespace nablur::fuzz
