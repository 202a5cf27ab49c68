#!/usr/bin/env bash
# Proves that Nablur works on a machine that has never seen it: runs scripts of this repository in a fresh clone of HEAD, in a
# minimal Debian 12 that debootstrap makes in a folder. Needs root, the right to mount, and 3 GB of disk.
#
#   scripts/bare.sh                                          the README's commands as root, then demo.sh as a user with sudo
#   scripts/bare.sh scripts/demo.sh "scripts/test.sh asan"   these, one after another, as root
#   scripts/bare.sh --sudo scripts/demo.sh                   these as a plain user who may use sudo
#
#   --fresh           makes the minimal system anew; by default one that is less than 30 days old is used again
#   --folder FOLDER   where it is kept and copied, instead of build/bare
#
# Packages come from where this machine's apt takes them, with its proxies and certificates.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/packages.sh
source scripts/packages.sh

release=bookworm
project=$PWD
folder=$project/build/bare
fresh=false
user=root
scripts=()
while [[ $# -gt 0 ]]; do
  case $1 in
    --sudo) user=builder ;;
    --fresh) fresh=true ;;
    --folder)
      [[ $# -gt 1 ]] || die "--folder needs the name of a folder."
      folder=$(realpath -m "$2")
      shift
      ;;
    -*) die "There is no option $1. Usage: scripts/bare.sh [--sudo] [--fresh] [--folder FOLDER] [\"SCRIPT ARGUMENT...\"]..." ;;
    *) scripts+=("$1") ;;
  esac
  shift
done
base=$folder/nablur-$release
run=$folder/nablur-run.$$
log=$folder/nablur-log.$$
child=
passed=0
failed=0

[[ $EUID -eq 0 ]] || die "Only root can make a system in a folder. Try: sudo scripts/bare.sh"
unshare --mount --pid --fork true 2>/dev/null ||
  die "This machine does not permit mounts (as a container without the capability CAP_SYS_ADMIN), which a system in a folder needs."

# A mount never crosses into this process: each script has a mount namespace of its own, which ends with it. So there is nothing
# to unmount, and this is only to be sure before something is removed.
remove() { # <folder>
  ! grep -qF " $1/" /proc/self/mountinfo || die "Something is mounted below $1, which is therefore not removed."
  rm -rf --one-file-system "$1"
}

clean() {
  if [[ -n $child ]]; then
    kill -KILL "$child" 2>/dev/null || true # takes all processes of the script's namespace with it
    wait "$child" 2>/dev/null || true
  fi
  remove "$run"
  rm -f "$log"
}
trap clean EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Prints this machine's mirrors of the release: <address> <suite> a line; nothing if it runs another one.
list_mirrors() {
  # shellcheck disable=SC2016 # apt-get's variables
  apt-get indextargets --format '$(ORIGIN) $(COMPONENT) $(REPO_URI) $(RELEASE)' 'Created-By: Packages' 2>/dev/null |
    awk -v release="$release" '$1 == "Debian" && $2 == "main" && $4 ~ "^" release "(-updates|-security)?$" { print $3, $4 }'
}

make_base() {
  if [[ $fresh == false && -n $(find "$base.made" -mtime -30 2>/dev/null) ]]; then return; fi
  remove "$base"
  rm -f "$base.made"
  local mirror
  [[ -n $(list_mirrors) ]] || run_apt_get update || true # its answers come from the lists
  mirror=$(list_mirrors | awk -v release="$release" '$2 == release { print $1; exit }')
  say "Making a minimal Debian ($release) in $base"
  if ! debootstrap --variant=minbase "$release" "$base" ${mirror:+"$mirror"} >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    die "debootstrap failed (see above)."
  fi
  touch "$base.made"
}

# Lets the system reach the network and its packages as this machine does.
copy_settings() {
  local file name address suite
  for file in /etc/resolv.conf /etc/hosts /etc/pip.conf /etc/ssl/certs/ca-certificates.crt /usr/local/share/ca-certificates; do
    [[ ! -e $file ]] || cp -rL --parents "$file" "$run"
  done
  apt-config dump | grep -E '^Acquire::(Retries|https?|ftp)\b' >"$run/etc/apt/apt.conf.d/99host" || true
  for name in http https; do
    address=${name}_proxy
    [[ -z ${!address:-} ]] || echo "Acquire::$name::Proxy \"${!address}\";" >>"$run/etc/apt/apt.conf.d/99host"
  done
  if [[ -n $(list_mirrors) ]]; then
    list_mirrors | while read -r address suite; do echo "deb $address $suite main"; done >"$run/etc/apt/sources.list"
    cp -r /etc/apt/trusted.gpg.d "$run/etc/apt/" # a mirror may sign with a key of its own
  fi
}

# in_system <user> <command>: runs it in the system; what it tells goes to the log.
in_system() {
  local home settings=()
  home=/root
  [[ $1 == root ]] || home=/home/$1
  mapfile -t settings < <(env | grep -E '^(https?_proxy|HTTPS?_PROXY|no_proxy|NO_PROXY|PIP_[A-Z_]+)=' || true)
  # shellcheck disable=SC2016 # for the shell inside
  setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child bash -c '
    set -e
    mount -t proc proc "$1/proc"
    for folder in /dev /sys; do mount --rbind "$folder" "$1$folder"; done
    exec chroot --userspec="$2" "$1" "${@:3}"' bare "$run" "$1" \
    env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME="$home" USER="$1" LANG=C.UTF-8 "${settings[@]}" \
    bash -c "$2" </dev/null >"$log" 2>&1 &
  child=$!
  local status=0
  wait "$child" || status=$?
  child=
  return "$status"
}

make_user() { # <name>
  in_system root "apt-get -q -y update && apt-get -q -y install --no-install-recommends sudo && useradd --create-home $1 &&
    echo '$1 ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/$1" || {
    tail -n 20 "$log" >&2
    die "The bare system could not be given sudo and a user (see above)."
  }
}

# run_scripts <user> <script>...: in a system of their own, so that nothing which others installed can help.
run_scripts() {
  local as=$1 home=/root script begin status
  shift
  remove "$run"
  cp -a --reflink=auto "$base" "$run"
  copy_settings
  if [[ $as != root ]]; then
    make_user "$as"
    home=/home/$as
  fi
  git clone -q "$project" "$run$home/nablur"
  [[ $as == root ]] || chroot "$run" chown -R "$as:" "$home/nablur"
  for script in "$@"; do
    say "Running $script as $as on bare Debian"
    begin=$SECONDS
    status=0
    in_system "$as" "cd ~/nablur && $script" || status=$?
    if [[ $status -eq 0 ]]; then
      passed=$((passed + 1))
      say "$script passed in $((SECONDS - begin)) s; its last line: $(tail -n 1 "$log")"
    else
      failed=$((failed + 1))
      grep -nE 'FAILED|[Ee]rror|\*\*\*' "$log" | tail -n 20 || true
      tail -n 20 "$log"
      mv "$log" "$folder/nablur-failed.log"
      say "$script FAILED after $((SECONDS - begin)) s with status $status; see above, and $folder/nablur-failed.log"
    fi
  done
}

install_packages "${bare_packages[@]}"
mkdir -p "$folder"
for left in "$folder"/nablur-run.* "$folder"/nablur-log.*; do # by a run that was killed
  kill -0 "${left##*.}" 2>/dev/null || remove "$left"
done
make_base
if [[ ${#scripts[@]} -gt 0 ]]; then
  run_scripts "$user" "${scripts[@]}"
elif [[ $user == root ]]; then
  run_scripts root scripts/demo.sh scripts/test.sh scripts/demo.sh # once more: nothing is missing any longer
  run_scripts builder scripts/demo.sh
else
  run_scripts "$user" scripts/demo.sh
fi
echo "$passed passed, $failed failed"
[[ $failed -eq 0 ]]
