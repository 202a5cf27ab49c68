#include <nablur/support/random.h>

#include <cmath>
#include <new>
#include <random>
#include <utility>

#include <nablur/support/pool.h>

namespace nablur {

struct Random::State {
  std::mt19937 bits;
  double spare = 0;
  bool has_spare = false;
};

Random::Random(std::uint32_t seed) : state_(nullptr) {
  void* const memory = pool::allocate(sizeof(State));
  state_ = ::new (memory) State{std::mt19937(seed)};
}
Random::~Random() {
  state_->~State();
  pool::release(state_, sizeof(State));
}

// 27 high and 26 low bits, as in NumPy's random_double
double Random::uniform() {
  const auto high = static_cast<double>(state_->bits() >> 5);
  const auto low = static_cast<double>(state_->bits() >> 6);
  return (high * 67108864.0 + low) / 9007199254740992.0;
}

// NumPy's legacy_gauss: G. Marsaglia's polar method, the second number of a pair first
double Random::normal() {
  if (std::exchange(state_->has_spare, false)) return state_->spare;
  double x = 0;
  double y = 0;
  double r2 = 0;
  do {
    x = 2.0 * uniform() - 1.0;
    y = 2.0 * uniform() - 1.0;
    r2 = x * x + y * y;
  } while (r2 >= 1.0 || r2 == 0.0);
  const double scale = std::sqrt(-2.0 * std::log(r2) / r2);
  state_->spare = scale * x;
  state_->has_spare = true;
  return scale * y;
}

}  // namespace nablur
