#!/usr/bin/env bash
# Builds Nablur as a user does and lets it run for long, on a bare Debian 12 machine as well: what is missing is installed.
#
#   scripts/soak.sh [iterations] [threads]     1000000 iterations on 8 threads by default: a few minutes
#
# Every iteration has shapes of its own. Fails if memory does not stay flat or a result is wrong (tests/soak/soak.cpp says how).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/packages.sh
source scripts/packages.sh

install_packages "${build_packages[@]}" "${example_packages[@]}" "${test_packages[@]}"
"$cmake" --preset release >/dev/null
"$cmake" --build --preset release --target nablur_soak
build/release/tests/soak/nablur_soak "$@"
say "memory stayed flat, and every result was right"
