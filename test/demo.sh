#!/usr/bin/env bash
# What the README's first command promises: it works from nothing, may be repeated, takes up what a killed daemon left, and goes without a
# trace; and what it built installs. Needs root.
set -euo pipefail
cd "$(dirname "$0")/.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
passed=0 failed=0

# check WHAT COMMAND...: counts one expectation.
check() {
  local what=$1
  shift
  if "$@" >"$scratch/check" 2>&1; then
    passed=$((passed + 1)) && echo "  ok    $what"
  else
    failed=$((failed + 1)) && echo "  FAIL  $what" && sed 's/^/        | /' "$scratch/check"
  fi
}
says() { grep -qF -- "$2" "$1" || { echo "not there: $2" && return 1; }; }
tasks() { grep -Eo '^[a-z0-9]{20} +web\.[0-9]' "$1" | sort; }

# traces: what a demo could leave on this machine.
traces() {
  ls -d /var/lib/warren-demo /run/warren-demo 2>/dev/null || true
  ip -br link show | grep -F warrendemo0 || true
  nft list tables | grep -F warrendemo0 || true
  grep -F warren-demo /proc/mounts || true
  ls -d /sys/fs/cgroup/warren-demo /sys/fs/cgroup/*/warren-demo 2>/dev/null || true
  pgrep -af -- 'containerd.*warren-demo|cluster init.*warren-demo' || true
}

up() {
  if ! make --no-print-directory demo >"$1" 2>&1; then
    tail -50 "$1"
    echo "error: make demo failed; its last lines are above" >&2
    exit 1
  fi
}

up "$scratch/first"
sed -n '/^\$ warren/,$p' "$scratch/first"
for line in '✓ Image loaded: docker.io/library/web:demo' '✓ Service created: web' 'answered from web-1' 'answered from web-2' 'make demo-down'; do
  check "make demo says: $line" says "$scratch/first" "$line"
done
check "two replicas run" grep -Eq '^web +2/2 +web:demo ' "$scratch/first"

up "$scratch/second"
tasks "$scratch/first" >"$scratch/tasks"
check "a second make demo finds the same tasks" diff "$scratch/tasks" <(tasks "$scratch/second")

kill -9 "$(cat /run/warren-demo/pid)"
check "the port answers while no daemon runs" curl -fsS --max-time 5 http://127.0.0.1:8088/
up "$scratch/third"
check "make demo after kill -9 finds the same tasks" diff "$scratch/tasks" <(tasks "$scratch/third")

scripts/demo.sh down >"$scratch/down"
check "make demo-down leaves nothing" test -z "$(traces)"

make --no-print-directory install DESTDIR="$scratch/root" PREFIX=/usr >"$scratch/install"
root=$scratch/root
check "make install: the binary runs" "$root/usr/bin/warren" version
check "make install: completions are a bash script" bash -n "$root/usr/share/bash-completion/completions/warren"
check "make install: the manual names the commands" grep -q '^\.SS warren service create' "$root/usr/share/man/man1/warren.1"
check "make install: the unit starts that binary" grep -qx 'ExecStart=/usr/bin/warren start' "$root/etc/systemd/system/warren.service"

printf '\n%s passed, %s failed\n' "$passed" "$failed"
[ "$failed" = 0 ]
