#pragma once
// Private: the kernels of each instruction set that Highway compiled.

#include <nablur/ops/detail/sweep.h>

namespace nablur::detail {

/// `target` is one of Highway's bits. None, unless kernels-inl.h was compiled for it.
template <std::int64_t target>
struct TargetKernels {
  static constexpr const Kernels<float>* floats = nullptr;
  static constexpr const Kernels<double>* doubles = nullptr;
};

}  // namespace nablur::detail
