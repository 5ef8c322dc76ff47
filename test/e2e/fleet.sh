# shellcheck shell=bash disable=SC2034
# Several test machines (machine.sh) on one network, each by its name. Used by scenarios after run.sh's own machine was powered off; their
# state is under $FLEET. Addresses: 10.250.0.(10 + number), in the order of booting for the first time; each knows all by name.
#
#   fleet_up h1 h2 h3        makes and boots them
#   on h1 COMMAND...         runs it there
#   fleet_cut h2; fleet_heal h2        its link down, at the other end: no packet comes or goes, no connection is closed
#   fleet_power_off h3; fleet_boot h3  the plug; the disk stays
#   fleet_down               removes everything

FLEET=$MACHINE/fleet
# What daemons say: HOST.out and HOST.log.
log=$FLEET/log
FABRIC=wf-$(basename "$MACHINE" | tr -cd '[:alnum:]' | tail -c 8)

fleet_up() {
  # Machines of an earlier scenario had the same names.
  rm -rf "$FLEET"
  mkdir -p "$FLEET" "$log"
  ip netns add "$FABRIC"
  ip -n "$FABRIC" link add br0 type bridge
  ip -n "$FABRIC" link set br0 up
  ip netns exec "$FABRIC" sysctl -qw net.bridge.bridge-nf-call-iptables=0 2>/dev/null || true
  local name number=0
  echo "127.0.0.1 localhost" >"$FLEET/hosts"
  for name in "$@"; do
    number=$((number + 1))
    mkdir -p "$FLEET/$FABRIC-$name"
    echo "10.250.0.$((10 + number))" >"$FLEET/$FABRIC-$name/address"
    echo "10.250.0.$((10 + number)) $name" >>"$FLEET/hosts"
  done
  for name in "$@"; do fleet_boot "$name"; done
}

# Names its machine to the functions of machine.sh, which name its cgroups after its directory.
fleet_use() {
  MACHINE=$FLEET/$FABRIC-$1
  CGROUP=$FABRIC-$1
  MACHINE_OUTER=$(cat "$MACHINE/outer" 2>/dev/null || true)
  MACHINE_PID=$(cat "$MACHINE/pid" 2>/dev/null || true)
}

fleet_boot() (
  fleet_use "$1"
  machine_boot
  echo "$MACHINE_OUTER" >"$MACHINE/outer"
  echo "$MACHINE_PID" >"$MACHINE/pid"
  ip -n "$FABRIC" link del "$1" 2>/dev/null || true
  ip -n "$FABRIC" link add "$1" type veth peer name eth0 netns "$MACHINE_PID"
  ip -n "$FABRIC" link set "$1" master br0 up
  in_machine hostname "$1"
  in_machine mount --bind "$FLEET/hosts" /etc/hosts
  in_machine ip address add "$(cat "$MACHINE/address")/24" dev eth0
  in_machine ip link set eth0 up
)

on() (
  fleet_use "$1"
  shift
  in_machine "$@"
)

# The words that begin a daemon's command line on a host; scenarios may have others.
program_on() { echo "$WARREN"; }
# launches HOST ARGUMENTS...: a daemon there.
launches() {
  local host=$1
  shift
  : >"$log/$host.out"
  # shellcheck disable=SC2046 # words
  on "$host" setsid $(program_on "$host") "$@" </dev/null >"$log/$host.out" 2>>"$log/$host.log" &
  disown
}
# starts HOST ARGUMENTS...: the same, until it says that it serves.
starts() {
  local host=$1
  launches "$@"
  eventually 90 grep -q '^✓' "$log/$host.out" || { tail -30 "$log/$host.log"; return 1; }
}

# Without the log drivers of containers, which are warren, too.
daemons() {
  on "$1" ps -eo pid=,stat=,args= |
    awk '$2 !~ /^Z/ && $3 ~ /warren[^\/]*$/ && ($4 == "start" || $5 == "start" || $5 == "init" || $5 == "join") { print $1 }'
}
is_off() { equal "$(daemons "$1")" ""; }
# signals SIGNAL HOST: its daemon, if it has one.
signals() {
  local pids
  pids=$(daemons "$2")
  # shellcheck disable=SC2086 # words
  [ -z "$pids" ] || on "$2" kill "-$1" $pids || true
}
# ends SIGNAL HOST: the same, and waits until it has ended.
ends() { signals "$@" && eventually 20 is_off "$2"; }

w() { on "$1" "$WARREN" "${@:2}"; }
c() { on "$1" ctr --address /var/lib/warren/containerd/containerd.sock --namespace warren "${@:2}"; }
# Containers that run there, with their processes.
runs() { c "$1" tasks list | awk '$3 == "RUNNING" { print $1, $2 }' | sort; }

# still_run HOST CONTAINERS: the same, with the same processes. Nothing can be said while containerd comes back with its daemon.
still_run() { equal "$(runs "$1")" "$2"; }

fleet_power_off() (
  fleet_use "$1"
  [ -z "$MACHINE_PID" ] || machine_power_off
)
fleet_cut() { ip -n "$FABRIC" link set "$1" down; }
fleet_heal() { ip -n "$FABRIC" link set "$1" up; }

fleet_down() {
  local directory name
  for directory in "$FLEET"/*/; do
    [ -d "$directory" ] || continue
    name=$(basename "$directory")
    name=${name#"$FABRIC-"}
    fleet_power_off "$name"
    (fleet_use "$name" && machine_remove_cgroups)
  done
  ip netns del "$FABRIC" 2>/dev/null || true
}
