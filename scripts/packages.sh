# shellcheck shell=bash disable=SC2034 # the lists are for the scripts that source this file
# What Nablur needs of Debian 12, and how the scripts of this folder get it. To be sourced.

# A name alone is a package; after a colon stands the command that will do wherever it comes from. Of cmake, a new enough one will.
build_packages=(cmake g++:g++ ninja-build:ninja libeigen3-dev libhwy-dev libsleef-dev)
example_packages=(libcli11-dev gnuplot-nox:gnuplot)
test_packages=(libgtest-dev librapidcheck-dev nlohmann-json3-dev libbenchmark-dev clang:clang++ binutils:readelf
  pkg-config:pkg-config doxygen:doxygen patch:patch)
peer_packages=(libopencv-dev libmpfr-dev python3:python3) # what the blur is measured against; PyTorch and SciPy come from PyPI
sanitizer_packages=(libclang-rt-14-dev llvm:llvm-symbolizer)
coverage_packages=(gcovr:gcovr)
cross_packages=(g++-aarch64-linux-gnu:aarch64-linux-gnu-g++ qemu-user:qemu-aarch64)
arm64_libraries=(libhwy-dev libhwy1 libsleef-dev libsleef3 libeigen3-dev libcli11-dev libgtest-dev librapidcheck-dev nlohmann-json3-dev) # for sysroot.sh
bare_packages=(debootstrap:debootstrap)

oldest_cmake=3.25

say() { printf '%s: %s\n' "${0##*/}" "$*"; }
die() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

cmake_version() { "$1" --version 2>/dev/null | sed -n 's/^cmake version \([0-9.]*\).*/\1/p'; }

# Prints the first cmake in PATH that is new enough.
find_cmake() {
  local candidate version
  while read -r candidate; do
    version=$(cmake_version "$candidate") || continue
    if [[ -n $version && $(printf '%s\n' "$oldest_cmake" "$version" | sort -V | head -n 1) == "$oldest_cmake" ]]; then
      printf '%s\n' "$candidate"
      return
    fi
  done < <(type -ap cmake)
  return 1
}

is_installed() { # <package>
  [[ $(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

# Sets `missing` to the packages, of those given, that are not there.
list_missing() {
  missing=()
  local entry package
  for entry in "$@"; do
    package=${entry%%:*}
    if [[ $entry == cmake ]] && find_cmake >/dev/null; then continue; fi
    if [[ $entry == *:* ]] && command -v "${entry#*:}" >/dev/null; then continue; fi
    is_installed "$package" || missing+=("$package")
  done
}

# Runs apt-get as root; what it tells is shown only if it fails.
run_apt_get() {
  local as_root=() log status=0
  [[ $EUID -eq 0 ]] || as_root=(sudo)
  log=$(mktemp)
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 "$@" >"$log" 2>&1 || status=$?
  [[ $status -eq 0 ]] || tail -n 20 "$log" >&2
  rm -f "$log"
  return "$status"
}

# install_packages <package>[:<command>]...
install_packages() {
  local missing
  list_missing "$@"
  if [[ ${#missing[@]} -gt 0 ]]; then
    local wanted="${missing[*]}"
    command -v apt-get >/dev/null ||
      die "These packages are missing, and there is no apt-get to install them (names as in Debian 12): $wanted"
    [[ $EUID -eq 0 ]] || command -v sudo >/dev/null ||
      die "These packages are missing, and only root may install them (there is no sudo). As root: apt-get install $wanted"
    say "Installing with apt-get: $wanted"
    run_apt_get update || say "The list of packages could not be brought up to date; trying with the one that is there."
    run_apt_get install --no-install-recommends "${missing[@]}" ||
      die "apt-get could not install the packages (see above). Is the network there? By hand: apt-get install $wanted"
    hash -r
    list_missing "$@"
  fi
  [[ " $* " != *" cmake "* ]] || use_cmake
  [[ ${#missing[@]} -eq 0 ]] || die "Still missing after the installation: ${missing[*]}"
}

# Sets `cmake` to one that is new enough.
use_cmake() {
  local first
  first=$(command -v cmake) || die "There is no cmake in PATH."
  cmake=$(find_cmake) ||
    die "$first is version $(cmake_version "$first"), and no other cmake in PATH is $oldest_cmake or newer, which Nablur needs."
  if [[ $cmake != "$first" ]]; then
    say "$first is version $(cmake_version "$first"), older than $oldest_cmake; using $cmake."
  fi
}
