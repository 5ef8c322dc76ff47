#!/usr/bin/env bash
# Runs the tests on real containerd with other versions of it than the machine's, and with crun: scripts/test-containerd-versions.sh [--smoke] [NAME...]
# NAME is one of 1.6 (the machine's own, Debian 12), 1.7 (Debian 13), 2 (Debian sid), crun (the machine's containerd with crun); without one, all.
# --smoke runs a short choice of the tests. Packages are only unpacked, under .build; nothing newer is installed. Needs root and a build
# (swift build --build-tests). Ends with the number of the names that failed.
set -euo pipefail
cd "$(dirname "$0")/.."

tests='IntegrationTests'
if [ "${1:-}" = --smoke ]; then
  tests='twoReplicasServeAPort|whatRunsIsAdopted|containersLiveOn|pullsAnonymously|outlivesWarren'
  shift
fi
[ $# -gt 0 ] || set -- 1.6 1.7 2 crun
store=$PWD/.build/containerd-versions
mkdir -p "$store"

# The Debian mirror that this machine uses.
# shellcheck disable=SC2016
mirror() { apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -m1 '/debian/\?$'; }

# apt with lists and a cache of its own; proxies and the like stay the machine's.
other_apt() { APT_CONFIG=$store/apt.conf apt-get -qq "$@"; }

prepare_apt() {
  [ ! -e "$store/apt.conf" ] || return 0
  local from suite
  from=$(mirror)
  mkdir -p "$store"/lists/partial "$store"/cache/archives/partial
  for suite in trixie sid; do
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $from $suite main"
  done >"$store/sources.list"
  cat >"$store/apt.conf.new" <<EOF
Dir::Etc::sourcelist "$store/sources.list";
Dir::Etc::sourceparts "-";
Dir::State::lists "$store/lists";
Dir::Cache "$store/cache";
APT::Sandbox::User "root";
EOF
  APT_CONFIG=$store/apt.conf.new apt-get -qq update
  mv "$store/apt.conf.new" "$store/apt.conf"
}

# unpack FOLDER PACKAGE/SUITE: prints the folder of its programs.
unpack() {
  local folder=$store/$1 archive
  if [ ! -d "$folder" ]; then
    prepare_apt
    rm -rf "$folder.new"
    mkdir -p "$folder.new/archive"
    (cd "$folder.new/archive" && other_apt download "$2")
    for archive in "$folder.new"/archive/*.deb; do dpkg -x "$archive" "$folder.new"; done
    rm -rf "$folder.new/archive"
    mv "$folder.new" "$folder"
  fi
  echo "$folder/usr/bin"
}

# run NAME: in a mount namespace of its own, so that nothing it mounts stays.
run() {
  # shellcheck disable=SC2016
  unshare -m --propagation slave bash -c '
    # crun refuses a machine with both versions of cgroups; runc does not mind.
    if [ "$1" = crun ] && mountpoint -q /sys/fs/cgroup/unified; then umount /sys/fs/cgroup/unified; fi
    exec swift test --skip-build --no-parallel --filter "$2"' run "$1" "$tests"
}

failed=0
for name in "$@"; do
  unset WARREN_TEST_CONTAINERD WARREN_TEST_RUNTIME
  case $name in
    1.6) ;;
    1.7) WARREN_TEST_CONTAINERD=$(unpack containerd-1.7 containerd/trixie)/containerd ;;
    2) WARREN_TEST_CONTAINERD=$(unpack containerd-2 containerd/sid)/containerd ;;
    crun)
      command -v crun >/dev/null || scripts/dependencies.sh crun
      WARREN_TEST_RUNTIME=$(command -v crun)
      ;;
    *)
      echo "error: there is no '$name'; choose from 1.6, 1.7, 2 and crun" >&2
      exit 2
      ;;
  esac
  [ -z "${WARREN_TEST_CONTAINERD:-}" ] || export WARREN_TEST_CONTAINERD
  [ -z "${WARREN_TEST_RUNTIME:-}" ] || export WARREN_TEST_RUNTIME
  printf '\n== %s: %s, %s\n' "$name" "$("${WARREN_TEST_CONTAINERD:-containerd}" --version)" "$("${WARREN_TEST_RUNTIME:-runc}" --version | head -1)"
  run "$name" || { failed=$((failed + 1)) && echo "FAILED with $name"; }
done
exit "$failed"
