#!/usr/bin/env bash
# setup.sh [--managers N] [--workers N] [--clean] [--cpus N] [--memory GiB] [--help]
#
# Makes and starts the VMs of the suite: warren-manager-1.. and warren-worker-1.., as warren.yaml says. VMs that are there already are
# started when they are stopped, and else left alone. Warren itself is not started: that is what test-cluster.sh tests.
#
#   --managers N   3 by default
#   --workers N    2 by default
#   --clean        deletes all VMs of the suite first
#   --cpus N       of each VM that is made; 2 by default
#   --memory GiB   of each VM that is made; 2 by default, 1.5 is enough for the small tests
#
# Needs Lima 1.0 or later (LIMACTL names another program, such as test/lima/standin/limactl), and bin/warren built for Linux.
set -euo pipefail
# shellcheck source=test/lima/lib.sh
. "$(cd "$(dirname "$0")" && pwd)/lib.sh"

manager_count=3 worker_count=2 clean='' cpus=2 memory=2
while [ $# -gt 0 ]; do
  case $1 in
    --managers) number "$1" "${2:-}" && manager_count=$2 && shift ;;
    --workers) number "$1" "${2:-}" && worker_count=$2 && shift ;;
    --cpus) number "$1" "${2:-}" && cpus=$2 && shift ;;
    --memory) number "$1" "${2:-}" '[0-9]+(\.[0-9]+)?' && memory=$2 && shift ;;
    --clean) clean=yes ;;
    -h | --help) help && exit ;;
    *) usage_error "unknown argument '$1'" ;;
  esac
  shift
done

# Programs that are run over a connection would take what is typed.
exec </dev/null
need_limactl
[ -x "$WORKSPACE/bin/warren" ] || fail "there is no $WORKSPACE/bin/warren; make it with: make build"
[ -z "$clean" ] || "$LIMA/cleanup.sh" --force
header "setup: $manager_count managers, $worker_count workers"
began=$SECONDS

wanted=
for number in $(seq "$manager_count"); do wanted="$wanted warren-manager-$number"; done
for number in $(seq "$worker_count"); do wanted="$wanted warren-worker-$number"; done
for vm in $(vms); do
  case " $wanted " in *" $vm "*) ;; *) fail "there is also $vm, which was not asked for; begin anew with --clean" ;; esac
done

work=$(scratch setup)
rm -rf "$work"
mkdir -p "$work"
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
settings=".cpus = $cpus | .memory = \"${memory}GiB\" | .mounts[0].location = \"$WORKSPACE\""
first='' pair=''
start() {
  "$LIMACTL" start --tty=false "$1" >"$work/$1" 2>&1 || touch "$work/$1.failed"
}
for vm in $wanted; do
  case $(status_of "$vm") in
    '')
      "$LIMACTL" create --tty=false --name="$vm" --set "$settings" "$LIMA/warren.yaml" >"$work/$vm" 2>&1 ||
        fail "$vm cannot be made: $(tail -1 "$work/$vm")"
      ;;
    Running) continue ;;
    Stopped) ;;
    *) fail "$vm is $(status_of "$vm"); begin anew with --clean" ;;
  esac
  # Two at once, because each takes two processors. The first alone: it starts the network's daemon, which two would both start.
  start "$vm" &
  pair="$pair $!"
  if [ -z "$first" ] || [ "$(echo "$pair" | wc -w)" -ge 2 ]; then
    # shellcheck disable=SC2086 # process ids
    wait $pair
    first=$vm pair=
  fi
done
wait
for vm in $wanted; do
  [ ! -e "$work/$vm.failed" ] || fail "$vm does not start: $(tail -1 "$work/$vm")"
done
say "$(vms running | wc -l | tr -d ' ') VMs run, after $((SECONDS - began)) s"

# shellcheck disable=SC2086 # words
for vm in $wanted; do
  guest "$vm" resolves $wanted
  guest "$vm" fits || fail "bin/warren does not run in $vm (see above); it has to be built for Linux on $(uname -m), with the \
libraries of Ubuntu 24.04 or older and Swift's own linked in: make build"
done
"$LIMACTL" list | grep -E '^(NAME|warren-)'
say "Go on with: test/lima/test-cluster.sh"
