#!/usr/bin/env bash
# Builds the fuzzers and runs them, on a bare Debian 12 machine as well: what is missing is installed.
#
#   scripts/fuzz.sh [--fast] [seconds] [fuzzer]...     60 seconds of each fuzzer of tests/fuzz by default
#
# --fast builds without sanitizers, in build/fuzz-fast: several times as many inputs in the same time. What is found lies in
# build/fuzz/found/<fuzzer>; new inputs are kept in build/fuzz/corpus/<fuzzer>, from which the next run starts.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/packages.sh
source scripts/packages.sh

preset=fuzz
if [[ ${1:-} == --fast ]]; then
  preset=fuzz-fast
  shift
fi
seconds=60
if [[ ${1:-} =~ ^[0-9]+$ ]]; then
  seconds=$1
  shift
fi
build=build/$preset

# Prints the number that libFuzzer gave for a statistic.
statistic() { # <name> <log>
  sed -n "s/^stat::$1: *//p" "$2"
}

# Where the kernel scatters memory more widely than clang 14's sanitizers can bear, they stop at once: run without.
run=()
if setarch "$(uname -m)" --addr-no-randomize true 2>/dev/null; then run=(setarch "$(uname -m)" --addr-no-randomize); fi

fuzz() { # <fuzzer>
  local name=$1 found=$build/found/$1 corpus=$build/corpus/$1 log=$build/$1.log status=0
  mkdir -p "$found" "$corpus"
  # A request past 1 GiB is refused, so that inputs which ask for too much are cheap and the machine stays usable.
  ASAN_OPTIONS=allocator_may_return_null=1:max_allocation_size_mb=1024 UBSAN_OPTIONS=print_stacktrace=1 \
    nice "${run[@]}" "$build/tests/fuzz/${name}_fuzz" -max_total_time="$seconds" -timeout=10 -entropic=0 -print_final_stats=1 \
    -artifact_prefix="$found/" "$corpus" "tests/fuzz/corpus/$name" >"$log" 2>&1 || status=$?
  if [[ $status -ne 0 ]]; then
    grep -v '^#' "$log" | tail -n 60 >&2
    say "$name: FOUND something; the input is in $PWD/$found, the whole log in $PWD/$log"
    return 1
  fi
  grep '^oracle:' "$log" || true
  say "$name: $(statistic number_of_executed_units "$log") executions, $(statistic average_exec_per_sec "$log") a second," \
    "$(sed -n 's/.* \(cov: [0-9]*\) .*/\1/p' "$log" | tail -n 1) edges; nothing found"
}

install_packages "${build_packages[@]}" "${example_packages[@]}" clang:clang++ "${sanitizer_packages[@]}"
"$cmake" --preset "$preset" >/dev/null
"$cmake" --build --preset "$preset"
if [[ $# -eq 0 ]]; then
  for program in "$build"/tests/fuzz/*_fuzz; do set -- "$@" "$(basename "$program" _fuzz)"; done
fi
failed=0
for name in "$@"; do
  [[ -x $build/tests/fuzz/${name}_fuzz ]] || die "There is no fuzzer \"$name\" in tests/fuzz."
  fuzz "$name" || failed=1
done
exit "$failed"
