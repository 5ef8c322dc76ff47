# shellcheck shell=bash
# What the scenarios share: running warren in the test machine, waiting, counting, and looking at what is really there.

passed=0 failed=0
now_ms() { date +%s%3N; }

# check WHAT COMMAND...: counts one expectation.
check() {
  local what=$1
  shift
  if "$@" >"$MACHINE/check.out" 2>&1; then
    passed=$((passed + 1))
    printf '  ok    %s\n' "$what"
  else
    failed=$((failed + 1))
    printf '  FAIL  %s\n' "$what"
    sed 's/^/        | /' "$MACHINE/check.out"
    if [ $failed = 1 ]; then evidence; fi
  fi
}

# eventually SECONDS COMMAND...: true as soon as the command is; at the end its last output is printed.
eventually() {
  local deadline=$(($(now_ms) + $1 * 1000))
  shift
  while ! "$@" >"$MACHINE/eventually.out" 2>&1; do
    if [ "$(now_ms)" -gt "$deadline" ]; then
      cat "$MACHINE/eventually.out"
      return 1
    fi
    sleep 0.1
  done
}

equal() { [ "$1" = "$2" ] || { echo "expected '$2', got '$1'" && return 1; }; }

warren() { in_machine "$WARREN" "$@"; }

# start_warren: starts (or resumes) the daemon and waits until it answers. Its log grows across restarts.
start_warren() {
  : >"$MACHINE/out"
  # nsenter's own working directory must not pin the machine's mounts.
  in_machine setsid "$WARREN" cluster init --cni-subnet 10.99.0.0/24 </dev/null >"$MACHINE/out" 2>>"$MACHINE/warren.log" &
  disown
  eventually 20 grep -q 'Cluster initialized successfully' "$MACHINE/out"
}

# pids_of NAME: pids (in the machine) of processes with that name that are not zombies. Containers' log drivers are warren, too: "warren" means
# the daemon only.
pids_of() {
  if [ "$1" = warren ]; then
    in_machine ps -eo pid=,stat=,args= | awk '$2 !~ /^Z/ && $3 ~ /warren$/ && ($4 == "cluster" || $4 == "start") { print $1 }'
  else
    in_machine ps -eo pid=,stat=,comm= | awk -v name="$1" '$3 == name && $2 !~ /^Z/ { print $1 }'
  fi
}
kill_processes() {
  local pids
  pids=$(pids_of "$1")
  # shellcheck disable=SC2086
  [ -z "$pids" ] || in_machine kill -9 $pids 2>/dev/null || true
}

socket() { in_machine sh -c 'ls /run/containerd/containerd.sock /run/warren/containerd/containerd.sock /var/lib/warren/containerd/*.sock 2>/dev/null | head -1'; }
ctr() { in_machine ctr --address "$(socket)" --namespace warren "$@"; }

running_containers() { ctr tasks list 2>/dev/null | awk '$3 == "RUNNING" { print $1 }' | sort; }
has_replicas() { equal "$(warren service list | awk -v name="$1" '$1 == name { print $2 }')" "$2"; }

# inventory: everything on the machine that exists because of a task. Empty when there is no task.
inventory() {
  ctr containers list -q | sed 's/^/container /'
  ctr tasks list -q | sed 's/^/task /'
  ctr snapshots list | awk 'NR > 1 && $3 == "Active" { print "snapshot " $1 }'
  ctr leases list -q | sed 's/^/lease /'
  in_machine sh -c 'ls /run/netns 2>/dev/null' | sed 's/^/netns /'
  in_machine ip -o link show type veth | awk '{ print "veth " $2 }'
  in_machine nft list ruleset | grep dnat | grep -v 'ct status' | sed 's/^ */port /'
  in_machine iptables-save 2>/dev/null | grep -E '^-A (CNI|.*CNI)' | sed 's/^/rule /'
  in_machine sh -c 'find /var/lib/warren/network -type f -name "[0-9]*" 2>/dev/null' | sed 's/^/address /'
  in_machine sh -c 'ls /var/lib/warren/logs /var/lib/warren/tasks 2>/dev/null | grep -v :$ | grep .' | sed 's/^/files /'
  in_machine sh -c 'grep -c " /run/containerd/io.containerd.runtime" /proc/mounts' | awk '$1 > 0 { print "mounts " $1 }'
  in_machine find /sys/fs/cgroup -mindepth 2 -path '*/warren/*' -type d | sed 's/^/cgroup /'
  in_machine ps -eo comm= | grep -c '^containerd-shim' | awk '$1 > 0 { print "shims " $1 }'
}
nothing_left() { equal "$(inventory)" ""; }

evidence() {
  echo "        --- the daemon's last lines"
  tail -30 "$MACHINE/warren.log" | sed 's/^/        | /'
}
