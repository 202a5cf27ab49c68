#include <nablur/ops/simd.h>

#include <array>
#include <atomic>
#include <utility>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE <nablur/ops/detail/kernels-inl.h>
#include <hwy/foreach_target.h>  // before highway.h

#include <hwy/highway.h>

#include <nablur/ops/detail/kernels-inl.h>
#include <nablur/support/error.h>

namespace nablur {

namespace {

struct Target {
  const char* name = "PLAIN";
  const detail::Kernels<float>* floats = nullptr;
  const detail::Kernels<double>* doubles = nullptr;
};

struct Targets {
  std::array<Target, 65>
      all;  // those that the machine runs, best first; the plain loop ends the list
  std::size_t count = 0;
};

const Targets& targets() {
  static const Targets list = [] {
    Targets all;
    detail::for_each_target(hwy::SupportedTargets(),
                            [&]<std::int64_t target>(std::integral_constant<std::int64_t, target>) {
                              using Compiled = detail::TargetKernels<target>;
                              if (Compiled::floats == nullptr) return;
                              all.all[all.count++] = {hwy::TargetName(target), Compiled::floats,
                                                      Compiled::doubles};
                            });
    ++all.count;
    return all;
  }();
  return list;
}

std::atomic<const Target*>& chosen() {
  static std::atomic<const Target*> target(targets().all.data());
  return target;
}

// While the library is loaded: a child of fork() would wait for ever for a thread of its parent
// that was just at it.
[[maybe_unused]] const auto& chosen_when_loaded = chosen();

}  // namespace

namespace detail {

template <>
const Kernels<float>* kernels<float>() {
  return chosen().load(std::memory_order_relaxed)->floats;
}
template <>
const Kernels<double>* kernels<double>() {
  return chosen().load(std::memory_order_relaxed)->doubles;
}

}  // namespace detail

std::vector<std::string> simd_targets() {
  return detail::or_out_of_memory("simd_targets", [] {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < targets().count; ++i) names.emplace_back(targets().all[i].name);
    return names;
  });
}

std::string simd_target() {
  return detail::or_out_of_memory("simd_target", [] { return std::string(chosen().load()->name); });
}

void set_simd_target(std::string_view name) {
  for (std::size_t i = 0; i < targets().count; ++i) {
    if (targets().all[i].name == name) {
      chosen().store(&targets().all[i]);
      return;
    }
  }
  const std::string known = detail::or_out_of_memory("set_simd_target", [] {
    std::string names;
    for (const std::string& target : simd_targets())
      names.append(names.empty() ? "" : ", ").append(target);
    return names;
  });
  fail("set_simd_target: expected one of ", known, ", got \"", name, "\"");
}

}  // namespace nablur
