#pragma once
// Private: the kernels of each instruction set that Highway compiled.

#include <cstdint>
#include <type_traits>
#include <utility>

#include <nablur/ops/detail/sweep.h>

namespace nablur::detail {

/// visit(std::integral_constant<std::int64_t, bit>) for each of Highway's bits that `targets` has,
/// the best first: Highway's bits are ordered, the lower the better.
template <class Visit>
void for_each_target(std::int64_t targets, const Visit& visit) {
  const auto visit_one = [&]<std::int64_t bit>(std::integral_constant<std::int64_t, bit> target) {
    if ((targets & bit) != 0) visit(target);
  };
  [&]<int... i>(std::integer_sequence<int, i...>) {
    (visit_one(std::integral_constant<std::int64_t, std::int64_t{1} << i>()), ...);
  }(std::make_integer_sequence<int, 63>());
}

/// `target` is one of Highway's bits. None, unless kernels-inl.h was compiled for it.
template <std::int64_t target>
struct TargetKernels {
  static constexpr const Kernels<float>* floats = nullptr;
  static constexpr const Kernels<double>* doubles = nullptr;
};

}  // namespace nablur::detail
