#pragma once
// What is done while memory is refused: something of every part of the library that asks for any.

#include <nablur/nablur.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <ostream>
#include <span>

namespace nablur::refused_test {

/// Where a scenario leaves its numbers, without asking for memory.
class Numbers {
 public:
  void add(double number) { numbers_.at(count_++) = number; }
  template <class T>
  void add(const Tensor<T>& tensor) {
    for (const T& number : tensor) add(static_cast<double>(number));
  }
  bool operator==(const Numbers& other) const {
    return count_ == other.count_ &&
           std::equal(numbers_.begin(), numbers_.begin() + count_, other.numbers_.begin());
  }
  std::size_t count() const { return count_; }

 private:
  std::array<double, 2000> numbers_{};
  std::size_t count_ = 0;
};

struct Scenario {
  const char* name;
  void (*run)(Numbers& numbers);
  friend std::ostream& operator<<(std::ostream& out, const Scenario& scenario) {
    return out << scenario.name;
  }
};

std::span<const Scenario> scenarios();

}  // namespace nablur::refused_test
