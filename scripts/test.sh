#!/usr/bin/env bash
# Builds and tests everything, on a bare Debian 12 machine as well: what is missing is installed.
#
# "arm64" compiles for 64-bit ARM, and runs in QEMU whatever is not about building.
#
#   scripts/test.sh [dev|release|shared|asan|tsan|coverage|arm64]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/packages.sh
source scripts/packages.sh
# shellcheck source=scripts/sysroot.sh
source scripts/sysroot.sh

preset=${1:-dev}
packages=("${build_packages[@]}" "${example_packages[@]}" "${test_packages[@]}")
case $preset in
  dev | release | shared) ;;
  asan | tsan) packages+=("${sanitizer_packages[@]}") ;;
  coverage) packages+=("${coverage_packages[@]}") ;;
  arm64)
    [[ $(uname -m) != aarch64 ]] || die "This machine is one of 64-bit ARM itself: scripts/test.sh dev tests it."
    packages=(cmake ninja-build:ninja gnuplot-nox:gnuplot "${cross_packages[@]}")
    ;;
  *) die "There is no preset \"$preset\". Usage: scripts/test.sh [dev|release|shared|asan|tsan|coverage|arm64]" ;;
esac
build=build/$preset
results=$build/ctest.xml

# Where the kernel scatters memory more widely than clang 14's sanitizers can bear, they stop at once: run without.
run=()
if [[ $preset == [at]san ]] && setarch "$(uname -m)" --addr-no-randomize true 2>/dev/null; then
  run=(setarch "$(uname -m)" --addr-no-randomize)
fi

print_coverage() {
  local folder
  for folder in autodiff ops; do
    say "Coverage of $folder/ (branches without those that only an exception takes):"
    gcovr --root . --object-directory "$build" --filter "$folder/" --exclude-throw-branches --print-summary |
      sed -n '/^lines:/p; /^branches:/p'
  done
}

# Prints "<n> passed, <n> failed", and fails unless all passed: a test that was not run did not pass. Only one that says itself that
# this machine cannot show what it looks for (GTEST_SKIP) is named and counted apart.
count() {
  if [[ ! -f $results ]]; then
    echo "0 passed, 0 failed: no test was run, because a step before them failed"
    return 1
  fi
  local passed skipped all
  passed=$(grep -c '<testcase .*status="run"' "$results" || true)
  skipped=$(grep -c '<skipped message="SKIP_REGULAR_EXPRESSION_MATCHED"' "$results" || true)
  all=$(grep -c '<testcase ' "$results" || true)
  if [[ $skipped -gt 0 ]]; then
    say "Skipped on this machine: $(grep -B 1 '<skipped message="SKIP_REG' "$results" | sed -n 's/.*<testcase name="\([^"]*\)".*/\1/p' | xargs)"
  fi
  echo "$passed passed, $((all - passed - skipped)) failed$([[ $skipped -eq 0 ]] || echo ", $skipped skipped")"
  [[ $passed -gt 0 && $((passed + skipped)) -eq $all ]]
}

install_packages "${packages[@]}"
[[ $preset != arm64 ]] || unpack_sysroot arm64 "$build/sysroot" "${arm64_libraries[@]}"
rm -f "$results"
if [[ $preset == coverage && -d $build ]]; then find "$build" -name '*.gcda' -delete; fi  # counts of runs before this one
status=0
"${run[@]}" "$cmake" --workflow --preset "$preset" || status=$?
if [[ $preset == coverage && $status -eq 0 ]]; then print_coverage || status=$?; fi
count || [[ $status -ne 0 ]] || status=1
exit "$status"
