#!/usr/bin/env bash
# Measures the blur against OpenCV, PyTorch, SciPy, NumPy and the limits of this machine, and writes docs/benchmarks.md: about half
# an hour on a machine that does nothing else. Debian's packages are installed; PyTorch and SciPy, which are not Debian's, are the
# reader's: pip install torch==2.13.0 scipy numpy
#
#   scripts/bench.sh [options of bench/report.py]      e.g. --quick
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/packages.sh
source scripts/packages.sh

install_packages "${build_packages[@]}" "${example_packages[@]}" "${test_packages[@]}" "${peer_packages[@]}"
"$cmake" --preset release >/dev/null
"$cmake" --build --preset release --target blur_bench
exec python3 bench/report.py "$@"
