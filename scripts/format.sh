#!/usr/bin/env bash
# Formats all sources as .clang-format says, by the clang-format that the sources are kept in.
#
#   scripts/format.sh [--check]     with --check changes nothing, and fails if something would change
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

version=20.1.8
tool=build/format/bin/clang-format
if [[ $("$tool" --version 2>/dev/null) != *" $version"* ]]; then
  python3 -m venv build/format
  build/format/bin/pip install --quiet "clang-format==$version"
fi
mapfile -t files < <(git ls-files '*.h' '*.cpp')
if [[ ${1:-} == --check ]]; then
  "$tool" --dry-run --Werror "${files[@]}"
else
  "$tool" -i "${files[@]}"
fi
