#include <nablur/ops/simd.h>

#include "../checks.h"

void checks::simd() {
  const std::vector<std::string> targets = nablur::simd_targets();
  expect("simd_targets", !targets.empty() && targets.back() == "PLAIN");
  expect("simd_target", nablur::simd_target() == targets.front());
  nablur::set_simd_target("PLAIN");
  expect("set_simd_target", nablur::simd_target() == "PLAIN");
  nablur::set_simd_target(targets.front());
}
