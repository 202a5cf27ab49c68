# shellcheck shell=bash
# Debian's libraries of another architecture, unpacked into a folder, so that this machine need not become one of several
# architectures. To be sourced, after packages.sh.

# unpack_sysroot <architecture> <folder> <package>...: does nothing if the folder holds just these packages.
unpack_sysroot() {
  local architecture=$1 folder=$2 work=$2.packages deb
  shift 2
  if [[ -d $folder && $(cat "$work/list" 2>/dev/null) == "$*" ]]; then return; fi
  say "Fetching for $architecture: $*"
  rm -rf "$folder" "$work"
  mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
  touch "$work/status"
  cat >"$work/apt.conf" <<EOF
Dir::State "$PWD/$work";
Dir::State::status "$PWD/$work/status";
Dir::Cache "$PWD/$work/cache";
APT::Architecture "$architecture";
APT::Architectures { "$architecture"; };
APT::Sandbox::User "root";
EOF
  (
    export APT_CONFIG=$PWD/$work/apt.conf
    cd "$work"
    apt-get -q update && apt-get -q download "$@"
  ) >"$work/log" 2>&1 || {
    tail -n 20 "$work/log" >&2
    die "The packages could not be fetched (see above)."
  }
  for deb in "$work"/*.deb; do dpkg-deb --extract "$deb" "$folder"; done
  printf '%s' "$*" >"$work/list"
}
