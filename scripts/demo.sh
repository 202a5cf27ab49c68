#!/usr/bin/env bash
# Builds the notebook's experiment and runs it, on a bare Debian 12 machine as well: what is missing is installed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/packages.sh
source scripts/packages.sh

build=build/demo
figure=$build/recovery.svg

install_packages "${build_packages[@]}" "${example_packages[@]}"
say "Building into $build; the first time takes a minute or two."
"$cmake" --preset demo >/dev/null
"$cmake" --build --preset demo --target recover_sigma
say "Running $build/examples/recover_sigma --figure $figure"
"$build/examples/recover_sigma" --figure "$figure"
say "The figure is in $PWD/$figure"
