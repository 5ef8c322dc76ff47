#!/usr/bin/env bash
# run.sh DIRECTORY SECONDS SEED...: three managers and two workers, each on a machine of its own (test/e2e/machine.sh), a sixth machine that joins
# and goes; for each seed, SECONDS of faults while clients call all managers; then an oracle judges what was seen (docs/testing/faults.md).
# DIRECTORY has the built programs warren and warren-faults. What a failed run left is kept.
#
#   log/NAME.log                  of each machine's daemon
#   SEED/plan, SEED/timeline      which faults were to happen when, and which machine they happened to
#   SEED/history.json             what clients asked and were told
#   SEED/untouched.{before,after} containers on the machine that no fault touches, with their processes
#   SEED/nodes, SEED/found        the workers, and what their containerd had when all had settled
#   leftovers                     what was left when all services had been deleted
#   processes.{before,after}      memory and descriptors of daemons
set -euo pipefail
FAULTS=$(cd "$(dirname "$0")" && pwd)
E2E=$FAULTS/../e2e
WARREN=$(readlink -f "$1/warren") TOOL=$(readlink -f "$1/warren-faults") seconds=$2
shift 2
if [ "$(id -u)" != 0 ]; then
  echo "error: this makes namespaces and runs containers; run it as root" >&2
  exit 1
fi
MACHINE=$(mktemp -d /tmp/warren-faults.XXXXXX)
RUN=$MACHINE
export E2E WARREN MACHINE
# shellcheck source=test/e2e/machine.sh
source "$E2E/machine.sh"
# shellcheck source=test/e2e/lib.sh
source "$E2E/lib.sh"
# shellcheck source=test/e2e/fleet.sh
source "$E2E/fleet.sh"
log=$RUN/log

finish() {
  local status=$?
  trap - EXIT
  # shellcheck disable=SC2046 # several processes
  kill $(jobs -p) 2>/dev/null || true
  fleet_down
  if [ $status = 0 ]; then rm -rf "$RUN"; else echo "FAILED; kept for inspection: $RUN; replay: make faults SEED=${seed:-} MINUTES=1" >&2; fi
  exit $status
}
trap finish EXIT
trap 'exit 130' INT TERM

managers=(h1 h2 h3) workers=(h4 h5) spare=h6
addresses=h1:8080,h2:8080,h3:8080
# Hosts with a fault now.
declare -A impaired=()
# What each fault that is not over was done to.
declare -A targets=()

w() { on "$1" timeout 30 "$WARREN" "${@:2}"; }

boot() {
  fleet_boot "$1"
  # Callers reach a manager over its socket, from outside its machine.
  ln -sfn "/proc/$(cat "$FLEET/$FABRIC-$1/pid")/root/run/warren/warren.sock" "$FLEET/$1.sock"
}
# As a child of the machine's first process: nsenter stops itself when its child is stopped, and a machine whose process it then does not reap
# does not end.
launches() { on "$1" setsid --fork "$WARREN" "${@:2}" </dev/null >>"$log/$1.out" 2>>"$log/$1.log"; }

# joins KIND: the spare machine, again and again until it is taken in.
joins() {
  local role=${1#join-} token arguments
  token=$(cat "$RUN/$role.token")
  case $role in
    manager) arguments=(manager join --leader "$addresses" --manager-only --node-down 4s --metrics-addr off) ;;
    worker) arguments=(worker start --manager "$addresses" --cni-subnet 10.99.0.0/24) ;;
  esac
  : >"$log/$spare.out"
  until has_joined || [ ! -d "$RUN" ]; do
    on "$spare" setsid "$WARREN" "${arguments[@]}" --token "$token" --node-id "$spare" </dev/null >>"$log/$spare.out" 2>>"$log/$spare.log" || sleep 0.5
  done &
  disown
  if [ "$role" = worker ]; then (eventually 30 load_image "$spare" >/dev/null || true) & disown; fi
}
load_image() { c "$1" images import "$RUN/web.tar"; }
# goes WAY: the spare machine, again and again until it is out of the cluster.
goes() {
  local way=$1 number=0
  until has_gone || [ ! -d "$RUN" ]; do
    number=$((number + 1))
    if has_joined; then
      case $way in
        leave) on "$spare" timeout 60 "$WARREN" leave --timeout 20s || true ;;
        remove) w "h$((number % 3 + 1))" node remove "$spare" --force || true ;;
      esac
    fi
    sleep 0.5
  done >>"$round/membership.log" 2>&1 &
  disown
}
has_gone() {
  local nodes
  has_joined && is_off "$spare" && nodes=$(w h1 node list -q) && ! grep -qx "$spare" <<<"$nodes"
}
has_joined() { [ -e "$log/$spare.out" ] && grep -q '^✓' "$log/$spare.out"; }
all_managers() {
  printf '%s\n' "${managers[@]}"
  if has_joined && grep -q '^✓ Manager' "$log/$spare.out"; then echo "$spare"; fi
}

# leader: the machine whose leadership began last.
leader() { grep -H leadership.begun "$log"/*.log | sed -E 's|.*/(h[0-9]+)\.log:.* term=([0-9]+).*|\2 \1|' | sort -n | tail -1 | cut -d' ' -f2; }
# victim TARGET: the machine that is meant; another manager when it has a fault already.
victim() {
  local host=$1
  [ "$host" != leader ] || host=$(leader)
  if [ -n "${impaired[$host]:-}" ]; then
    for other in "${managers[@]}"; do [ -n "${impaired[$other]:-}" ] || host=$other; done
  fi
  echo "$host"
}
# drops NUMBER RULE...: frames that the bridge does not pass on, until the fault is over.
drops() {
  local rule table=fault$1
  ip netns exec "$FABRIC" nft "add table bridge $table; add chain bridge $table forward { type filter hook forward priority 0; }"
  for rule in "${@:2}"; do ip netns exec "$FABRIC" nft "add rule bridge $table forward $rule drop"; done
}

# fault_begin NUMBER KIND TARGET; fault_end NUMBER KIND
fault_begin() {
  local number=$1 kind=$2 host
  host=$(victim "$3")
  targets[$number]=$host
  impaired[$host]=1
  echo "$(now_ms) begin $number $kind $host" >>"$round/timeline"
  case $kind in
    kill) signals KILL "$host" ;;
    pause) signals STOP "$host" ;;
    power) fleet_power_off "$host" ;;
    cut) fleet_cut "$host" ;;
    cut-in) drops "$number" "oifname $host" ;;
    cut-out) drops "$number" "iifname $host" ;;
    lossy) drops "$number" "oifname $host numgen random mod 100 < 20" "iifname $host numgen random mod 100 < 20" ;;
    slow)
      ip netns exec "$FABRIC" tc qdisc replace dev "$host" root tbf rate 256kbit burst 8kb latency 400ms
      on "$host" tc qdisc replace dev eth0 root tbf rate 256kbit burst 8kb latency 400ms ;;
    containerd)
      on "$host" pkill -9 -x containerd || true
      unset "impaired[$host]" ;;
    restart-all) for host in $(all_managers); do signals KILL "$host"; done ;;
    join-*) joins "$kind" ;;&
    leave | remove) goes "$kind" ;;&
    join-* | leave | remove) unset "impaired[$host]" ;;
  esac
}
fault_end() {
  local number=$1 kind=$2 host=${targets[$1]}
  echo "$(now_ms) end $number $kind $host" >>"$round/timeline"
  case $kind in
    kill) launches "$host" start ;;
    pause) signals CONT "$host" ;;
    power)
      boot "$host"
      launches "$host" start ;;
    cut) fleet_heal "$host" ;;
    cut-in | cut-out | lossy) ip netns exec "$FABRIC" nft delete table bridge "fault$number" ;;
    slow)
      ip netns exec "$FABRIC" tc qdisc del dev "$host" root
      on "$host" tc qdisc del dev eth0 root ;;
    restart-all) for host in $(all_managers); do launches "$host" start; done ;;
  esac
  unset "impaired[${targets[$1]}]"
}

# faults: all of the round's plan.
faults() {
  local begin at what number kind target pause
  begin=$(now_ms)
  while read -r -u 3 at what number kind target; do
    pause=$((begin + at - $(now_ms)))
    [ $pause -le 0 ] || sleep "$(printf '%d.%03d' $((pause / 1000)) $((pause % 1000)))"
    "fault_$what" "$number" "$kind" "$target"
  done 3< <(tail -n +2 "$round/plan")
}

# command_line: services made by the command line on one manager after the other, while faults happen.
command_line() {
  local number=0 host
  while [ ! -e "$round/written" ]; do
    number=$((number + 1)) host=h$((number % 3 + 1))
    if on "$host" timeout 15 "$WARREN" service create "cli-$seed-$number" --image web:demo --replicas 0 --detach; then
      echo "cli-$seed-$number" >>"$round/acknowledged"
    fi
    sleep 2
  done >>"$round/command-line.log" 2>&1
}

# untouched: containers of the service that has one on each worker, on the worker that no fault touches.
untouched() { runs "$sheltered" | grep -F -f "$round/steady"; }
found() {
  local host
  for host in "${workers[@]}"; do
    c "$host" tasks list -q | sed "s/^/$host task /"
    c "$host" snapshots list | awk -v host="$host" 'NR > 1 && $3 == "Active" { print host " snapshot " $1 }'
  done
}
collect() {
  found >"$round/found"
  untouched >"$round/untouched.after"
}
judged() { collect && "$TOOL" judge "$RUN" --seed "$seed"; }

run_round() {
  local load writer
  round=$RUN/$seed
  mkdir "$round"
  : >"$round/acknowledged"
  "$TOOL" plan --seed "$seed" --seconds "$seconds" >"$round/plan"
  sheltered=$(head -1 "$round/plan")
  w h1 task list --service steady -q >"$round/steady"
  untouched >"$round/untouched.before"
  "$TOOL" load --seed "$seed" --until "$round/over" --sockets "$FLEET" --out "$round/history.json" >"$round/load" 2>&1 &
  load=$!
  command_line &
  writer=$!
  faults
  # Until a machine that was just started again has reported, the store has what ran there before.
  sleep 10
  if ! eventually 90 has_gone; then
    echo "VIOLATION a machine joins and goes while others fail: $spare did not"
    tail -n 5 "$log/$spare.log" "$round/membership.log"
    touch "$round/written" "$round/over"
    return 1
  fi
  # What is acknowledged after the load has listed what there is would be missing there.
  touch "$round/written"
  wait "$writer"
  touch "$round/over"
  wait "$load" || { cat "$round/load"; return 1; }
  printf '%s\n' "${workers[@]}" >"$round/nodes"
  printf 'seed %s: %s faults; %s\n' "$seed" "$(grep -c begin "$round/timeline")" "$(tail -1 "$round/load")"
  # What is only slow to go is no violation.
  if ! eventually 45 judged; then
    echo "what happened, in milliseconds since 1970:"
    cat "$round/timeline"
    return 1
  fi
}

processes() {
  local host pid
  for host in "${managers[@]}" "${workers[@]}"; do
    for pid in $(daemons "$host"); do on "$host" sh -c "echo $host-warren \$(awk '/^VmRSS/ { print \$2 }' /proc/$pid/status) \$(ls /proc/$pid/fd | wc -l)"; done
    for pid in $(on "$host" pgrep -x containerd); do
      on "$host" sh -c "echo $host-containerd \$(awk '/^VmRSS/ { print \$2 }' /proc/$pid/status) \$(ls /proc/$pid/fd | wc -l)"
    done
  done
}
left() {
  local host
  # Its link to the others is the machine's, not a container's.
  for host in "${workers[@]}" "$spare"; do (fleet_use "$host" && inventory | { grep -v '^veth eth0@' || true; } | sed "s/^/$host /"); done >"$RUN/leftovers"
  processes >"$RUN/processes.after"
  "$TOOL" judge "$RUN"
}

"$E2E/../../scripts/web-image.sh" "$RUN/web.tar"
fleet_up "${managers[@]}" "${workers[@]}" "$spare"
for host in "${managers[@]}" "${workers[@]}" "$spare"; do ln -sfn "/proc/$(cat "$FLEET/$FABRIC-$host/pid")/root/run/warren/warren.sock" "$FLEET/$host.sock"; done
starts h1 cluster init --node-id h1 --manager-only --node-down 4s --metrics-addr off
for role in manager worker; do w h1 cluster join-token "$role" -q >"$RUN/$role.token"; done
for host in h2 h3; do
  starts "$host" manager join --leader h1:8080 --token "$(cat "$RUN/manager.token")" --node-id "$host" --manager-only --node-down 4s --metrics-addr off
done
for host in "${workers[@]}"; do
  starts "$host" worker start --manager "$addresses" --token "$(cat "$RUN/worker.token")" --node-id "$host" --cni-subnet 10.99.0.0/24
  load_image "$host" >/dev/null
done
# Power cuts in a row count as failures in a row, each of which doubles the delay.
w h2 service create steady --image web:demo --mode global --restart-delay 100ms --stop-timeout 1s --timeout 60s >/dev/null 2>&1
processes >"$RUN/processes.before"

for seed in "$@"; do run_round; done

mapfile -t services < <(w h1 service list -q)
on h1 timeout 120 "$WARREN" service delete "${services[@]}" >/dev/null 2>&1
# Once a minute a daemon gives back the memory that it has freed.
eventually 130 left
echo "daemons before and after (KiB, descriptors):"
paste "$RUN/processes.before" "$RUN/processes.after"
