#pragma once
// NumPy's legacy random numbers (numpy.random.seed, rand, randn), so that an experiment can be
// replayed number for number.

#include <cstdint>

#include <nablur/support/export.h>

namespace nablur {

/// MT19937 seeded as numpy.random.seed(seed) does it. Not safe for use from several threads at
/// once.
class NABLUR_API Random {
 public:
  /// Throws OutOfMemory.
  explicit Random(std::uint32_t seed);
  ~Random();
  Random(const Random&) = delete;
  Random& operator=(const Random&) = delete;

  /// Uniform in [0, 1) with 53 random bits: numpy.random.rand().
  double uniform();
  /// Normal with mean 0 and deviation 1 by the polar method, whose second value is kept for the
  /// next call: numpy.random.randn().
  double normal();

 private:
  struct State;
  State* state_;
};

}  // namespace nablur
