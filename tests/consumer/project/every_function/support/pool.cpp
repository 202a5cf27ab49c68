#include <nablur/support/pool.h>

#include <vector>

#include "../checks.h"

void checks::pool() {
  namespace pool = nablur::pool;
  constexpr std::size_t bytes = 1 << 20;
  const std::size_t before = pool::usage().in_use;
  void* block = pool::allocate(bytes);
  expect("allocate", block != nullptr && reinterpret_cast<std::uintptr_t>(block) % 64 == 0);
  expect("usage", pool::usage().in_use >= before + bytes);
  pool::release(block, bytes);
  expect("release", pool::usage().in_use < before + bytes);
  pool::reset_peak();
  expect("reset_peak", pool::usage().peak < before + bytes);
  pool::trim();
  expect("trim", pool::usage().held < before + bytes);

  const std::vector<double, pool::Allocator<double>> numbers(100, 0.5);
  expect("Allocator::Allocator", numbers.back() == 0.5);
  pool::Allocator<double> allocator;
  double* place = allocator.allocate(3);
  expect("Allocator::allocate", place != nullptr);
  allocator.deallocate(place, 3);
  expect("Allocator::deallocate", pool::usage().in_use >= 100 * sizeof(double));
  expect("Allocator::operator==", allocator == pool::Allocator<float>());
}
