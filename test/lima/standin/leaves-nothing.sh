#!/usr/bin/env bash
# leaves-nothing.sh [SEED [ROUNDS]]: after the stand-in's last VM is deleted nothing of it is left: no process, namespace, mount, cgroup, link
# or file. Also after a script, a limactl, or an agent got SIGKILL in the middle, and the script was run again, or only those VMs deleted that
# were there. The seed decides when that is, ROUNDS (2) how often it happens to each of them.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
limactl=$here/limactl
seed=${1:-$((RANDOM * 32768 + RANDOM))} rounds=${2:-2}
RANDOM=$((seed % 32768))
passed=0 failed=0
if [ "$(id -u)" != 0 ]; then
  echo "error: the stand-in makes namespaces; run this as root" >&2
  exit 1
fi
echo "seed $seed"

# The same each time, so that what a run left that got SIGKILL itself is found by the next.
work=/tmp/lima-left-$(cksum <<<"$here" | cut -d' ' -f1)
export LIMA_HOME=$work/home
tag=$(cd "$here" && /usr/bin/python3 -B -c 'import store; print(store.TAG)')
clean() {
  "$limactl" delete -f l1 l2 l3 >/dev/null 2>&1 || true
  rm -rf "$work"
}
finish() {
  status=$?
  clean
  printf '%s passed, %s failed, 0 skipped\n' "$passed" "$failed"
  if [ "$failed" != 0 ] && [ "$status" = 0 ]; then exit 1; fi
}
trap finish EXIT
trap 'exit 130' INT TERM

clean
mkdir "$work"
cat >"$work/vm.yaml" <<'YAML'
cpus: 1
memory: 512MiB
networks: [{lima: user-v2}]
containerd: {system: true, user: false}
provision:
- mode: system
  script: |
    #!/bin/bash
    echo "{{.Name}}" >>/var/boots
probes:
- script: |
    #!/bin/bash
    sudo ctr version >/dev/null
YAML

# What a script does with VMs, whatever is there already. It must be able to run twice.
script() {
  set -e
  for name in l1 l2 l3; do
    [ -n "$("$limactl" list --format '{{.Name}}' "$name" 2>/dev/null)" ] || "$limactl" create --tty=false --name="$name" "$work/vm.yaml"
  done
  "$limactl" start l1
  "$limactl" start l2 &
  other=$!
  "$limactl" start l3
  wait "$other"
  "$limactl" shell --workdir / l2 sudo bash -c 'mkdir -p /sys/fs/cgroup/pids/inner /sys/fs/cgroup/inner 2>/dev/null; ip link add d0 type veth
    mount -t tmpfs tmpfs /mnt; nohup sleep 1000 >/dev/null 2>&1 &'
  "$limactl" shell --workdir / l2 getent hosts lima-l1.internal lima-l3.internal
  "$limactl" stop -f l3
  "$limactl" stop l1
  "$limactl" start l3
  "$limactl" delete l1
  "$limactl" delete -f l2 l3
}
members() {
  grep -l "/$tag/" /proc/[0-9]*/cgroup 2>/dev/null | cut -d/ -f3 || true
}
# The namespaces of the VMs.
namespaces() {
  local pid kind
  for pid in $(members); do
    for kind in mnt uts ipc pid net cgroup; do readlink "/proc/$pid/ns/$kind" || true; done
  done 2>/dev/null | sort -u | grep -vxFf <(readlink /proc/self/ns/*) | tee -a "$work/seen" >>"$work/namespaces" || true
}
left() {
  local pid
  for pid in $(members); do echo "process $pid: $(tr '\0' ' ' <"/proc/$pid/cmdline")"; done
  { grep -lzxF "LIMA_HOME=$LIMA_HOME" /proc/[0-9]*/environ || true; } 2>/dev/null | cut -d/ -f3 | while read -r pid; do
    # This shell's own have it too.
    case $(awk '{ print $6 }' "/proc/$pid/stat" 2>/dev/null) in
      "$session" | '') ;;
      *) echo "process $pid: $(tr '\0' ' ' <"/proc/$pid/cmdline")" ;;
    esac
  done
  grep -H -e "$tag" -e "$LIMA_HOME" /proc/self/mountinfo || true
  # Without a process only a mount keeps one. Others' processes soon have namespaces of the same numbers.
  awk '$9 == "nsfs" { print $4 }' /proc/self/mountinfo | grep -xFf "$work/namespaces" || true
  find /sys/fs/cgroup -maxdepth 2 -name "$tag"
  ip -o link | grep -E '^[0-9]+: vm[0-9]+@' || true
  [ ! -e "$LIMA_HOME" ] || find "$LIMA_HOME" | head
}
session=$(awk '{ print $6 }' /proc/$$/stat)
# settled: a namespace may take a moment to go after its last process.
settled() {
  for _ in $(seq 50); do
    found=$(left)
    [ -n "$found" ] || return 0
    sleep 0.1
  done
  return 1
}
# cleanup: as cleanup.sh does it.
cleanup() {
  local vms
  vms=$("$limactl" list -q)
  # shellcheck disable=SC2086 # words
  [ -z "$vms" ] || "$limactl" delete -f $vms
}
# round WHAT script|cleanup
round() {
  local what=$1
  if ! "$2" >"$work/log" 2>&1; then
    failed=$((failed + 1))
    echo "FAIL  $what: $2 does not run to its end"
    tail -5 "$work/log" | sed 's/^/      | /'
    "$limactl" delete -f l1 l2 l3 >/dev/null 2>&1 || true
  elif ! settled; then
    failed=$((failed + 1))
    echo "FAIL  $what: left behind"
    printf '%s\n' "$found" | sed 's/^/      | /'
  else
    passed=$((passed + 1))
    echo "ok    $what"
  fi
}
# watch PID: notes the namespaces for as long as it runs.
watch() {
  while kill -0 "$1" 2>/dev/null; do
    namespaces
    sleep 0.2
  done
}
# ends SESSION: all of it. Who was born while its processes were looked for is found the next time.
ends() {
  for _ in $(seq 50); do
    pkill -9 -s "$1" || return 0
    sleep 0.02
  done
}
export -f script
export limactl work

: >"$work/namespaces"
: >"$work/seen"
watch $$ &
watcher=$!
began=$(date +%s%N)
round "a whole run" script
kill "$watcher"
took=$((($(date +%s%N) - began) / 1000000))
again=cleanup
for victim in script limactl agent; do
  for _ in $(seq "$rounds"); do
    delay=$((RANDOM % took))
    : >"$work/namespaces"
    leader=$(setsid bash -c script >"$work/log.killed" 2>&1 & echo $!)
    watch "$leader" &
    watcher=$!
    sleep "$((delay / 1000)).$(printf %03d $((delay % 1000)))"
    case $victim in
      # With all its limactls, as an end of the terminal or the CI's time limit does.
      script) pkill -9 -s "$leader" || true ;;
      limactl) pgrep -s "$leader" -f "$limactl" | xargs -r kill -9 2>/dev/null || true ;;
      agent) cat /sys/fs/cgroup/{,pids/}"$tag"/_agent-*/cgroup.procs 2>/dev/null | xargs -r kill -9 2>/dev/null || true ;;
    esac
    # The rest goes on as far as it can; then all of it ends.
    [ $victim = script ] || sleep 0.5
    ends "$leader"
    kill "$watcher" 2>/dev/null || true
    wait "$watcher" 2>/dev/null || true
    round "SIGKILL to the $victim after $delay of $took ms, then $again" $again
    [ $again = script ] && again=cleanup || again=script
  done
done
# Else nothing was looked for.
[ "$(sort -u "$work/seen" | wc -l)" -ge 12 ] || { failed=$((failed + 1)) && echo "FAIL  the VMs had namespaces of their own"; }
