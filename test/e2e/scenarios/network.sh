# shellcheck shell=bash
# The node's network as whoever keeps the machine meets it: addresses that are taken, another subnet, forwarding, a port on a wrong address.

# code CODE COMMAND...: its exit code is that.
code() {
  local want=$1 actual=0
  shift
  "$@" || actual=$?
  equal "$actual" "$want"
}
# resume ARGUMENTS...: 'warren start', until it answers.
resume() {
  : >"$MACHINE/out"
  in_machine setsid "$WARREN" start "$@" </dev/null >"$MACHINE/out" 2>>"$MACHINE/warren.log" &
  disown
  eventually 20 grep -q 'Node resumed' "$MACHINE/out"
}
stopped() { [ -z "$(pids_of warren)" ]; }
stop_warren() {
  in_machine kill -TERM "$(pids_of warren)"
  eventually 20 stopped
}
said() { # said WORDS COMMAND...: it fails, and says so.
  local words=$1 output
  shift
  output=$("$@" 2>&1) && { echo "it did not fail: $output"; return 1; }
  grep -qF -- "$words" <<<"$output" || { echo "$output"; return 1; }
}

in_machine ip link add lan type veth peer name far
in_machine ip addr add 10.99.0.129/25 dev lan
in_machine ip link set lan up
in_machine ip link set far up
in_machine sysctl -qw net.ipv4.ip_forward=0
init() { in_machine timeout 20 "$WARREN" cluster init --cni-subnet 10.99.0.0/24; }
check "a subnet that the machine has elsewhere is refused" said "overlaps 10.99.0.128/25, which this machine reaches over lan" init
nothing_made() { equal "$(ls "$MACHINE/disk/warren")" ""; }
check "and nothing is made" nothing_made
check "doctor says so, too" code 1 warren doctor --cni-subnet 10.99.0.0/24
forwards() { equal "$(in_machine sysctl -n net.ipv4.ip_forward)" "$1"; }
check "forwarding is as it was" forwards 0

in_machine ip addr flush dev lan
in_machine ip addr add 192.168.77.1/24 dev lan
check "the daemon starts" start_warren
check "forwarding is on" eventually 20 forwards 1
no_router() { in_machine nft list table ip warren_no_router | grep 'iifname "lan" oifname {.*"far".*} drop'; }
check "but not between the machine's own links" no_router
check "an image loads" warren image load "$MACHINE/web.tar"

warren service create elsewhere --image web:demo --publish 203.0.113.9:8081:80 --detach >/dev/null
reasoned() { grep -qF 'does not have that address' <<<"$(warren service ps elsewhere)"; }
check "a port on an address of another machine: the task says so" eventually 20 reasoned
check "it goes" warren service delete elsewhere

check "a service" warren service create web --image web:demo --publish 8088:80 --stop-timeout 1s
check "SIGTERM" stop_warren
change() { in_machine timeout 20 "$WARREN" start --cni-subnet 10.98.0.0/24; }
check "the subnet stays while a container has an address of it" said "1 container is still on warren0" change
check "the daemon resumes as it was" resume
check "with its service" eventually 20 has_replicas web 1/1
check "to none" warren service scale web --replicas 0
check "stops" stop_warren
check "and takes another subnet" resume --cni-subnet 10.98.0.0/24
check "the service is back" warren service scale web --replicas 1
address() { grep -qF " $1" <<<"$(warren service ps web)"; }
check "with an address of that" address 10.98.0.2
check "stops again" stop_warren
check "and resumes without being told" resume
check "with the container as it was" address 10.98.0.2
doctor() { ! grep '^container subnet.*failure' <<<"$(warren doctor)"; }
check "doctor knows the subnet" doctor
check "the service goes" warren service delete web
in_machine ip link delete lan
check "nothing is left" eventually 20 nothing_left
