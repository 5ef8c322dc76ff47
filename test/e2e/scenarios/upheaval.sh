# shellcheck shell=bash
# Daemons killed in the middle of becoming something else: joining, promoted, demoted, leaving. The same command, or a start, goes on from there.
machine_power_off
# shellcheck source=test/e2e/fleet.sh
source "$E2E/fleet.sh"
fleet_up h1 h2 h3 h4
voters() { equal "$(w h1 cluster info | grep -c 'Suffrage: Voter')" "$1"; }
members() { equal "$(w h1 cluster info | grep -c 'Suffrage:')" "$1"; }
role() { equal "$(w h1 node list | awk -v node="$1" '$1 == node { print $2, $3 }')" "$2"; }
gone() { equal "$(w h1 node list -q | grep -c "^$1$")" 0; }
is() { equal "$(w h1 service list | awk '$1 == "web" { print $2 }')" "$1"; }
# Again and again, since a daemon that becomes something else is named by nothing for a moment.
is_killed() { signals KILL "$1" && sleep 0.1 && is_off "$1"; }
# A moment of a seeded length, up to so many milliseconds.
moment() { sleep "$(printf '0.%03d' $((RANDOM % $1)))"; }
# interrupted HOST MOST ARGUMENTS...: a daemon there, killed within so many milliseconds, then started until it serves.
interrupted() {
  local host=$1 most=$2 round
  shift 2
  for round in 1 2 3; do
    launches "$host" "$@"
    moment "$most"
    eventually 5 is_killed "$host" || return 1
  done
  starts "$host" "$@"
}
# killed HOST: in the middle of what was just asked for, and started again.
killed() {
  moment 600
  eventually 5 is_killed "$1" && starts "$1" start
}

check "a cluster begins" starts h1 cluster init --node-id m1 --manager-only
manager_token=$(w h1 cluster join-token manager -q) worker_token=$(w h1 cluster join-token worker -q)
check "a manager joins, killed three times" interrupted h2 900 manager join --leader h1:8080 --token "$manager_token" --node-id n2 --cni-subnet 10.99.0.0/24
check "a worker joins, killed three times" interrupted h3 900 worker start --manager h1:8080 --token "$worker_token" --node-id n3 --cni-subnet 10.99.0.0/24
check "another" interrupted h4 900 worker start --manager h1:8080 --token "$worker_token" --node-id n4 --cni-subnet 10.99.0.0/24
check "both managers vote" eventually 20 voters 2
check "nobody was taken in twice" equal "$(w h1 node list -q | sort | tr '\n' ' ')" "m1 n2 n3 n4 "
for host in h2 h3 h4; do c "$host" images import "$MACHINE/web.tar" >/dev/null; done
check "a service" w h1 service create web --image web:demo --replicas 3 --stop-timeout 1s --timeout 120s
before3=$(runs h3)

for round in 1 2 3; do
  w h1 node promote n3 --detach >/dev/null 2>&1
  check "a worker that is promoted is killed ($round)" killed h3
  check "and votes ($round)" eventually 30 voters 3
  w h1 node demote n3 --detach >/dev/null
  check "a manager that is demoted is killed ($round)" killed h3
  check "and is a worker ($round)" eventually 30 role n3 "worker ready"
  check "of which no vote is left ($round)" eventually 20 members 2
done
check "it has no log" eventually 20 on h3 sh -c '! ls -d /var/lib/warren/raft 2>/dev/null'
check "its containers did not notice" eventually 20 still_run h3 "$before3"

echo "  -- leaving"
(on h4 timeout 30 "$WARREN" leave >"$log/leave" 2>&1 || true) &
check "a worker that leaves is killed" killed h4
wait $!
leaves() {
  if gone n4 && is_off h4; then return; fi
  on h4 timeout 30 "$WARREN" leave
  return 1
}
check "and has left, or leaves then" eventually 60 leaves
check "what it ran runs elsewhere" eventually 30 is 3/3
check "nothing of it is left there" equal "$(on h4 sh -c 'ls /var/lib/warren/security 2>/dev/null; ps -eo comm= | grep -c "^containerd-shim"')" 0

echo "  -- by force"
check "a third manager" w h1 node promote n3
fleet_power_off h3
seen() { w h1 cluster info | grep -q 'Status:'; }
check "which is lost" eventually 20 seen
refused() {
  if w h1 node demote n2 >"$log/refused" 2>&1; then cat "$log/refused" && return 1; fi
  grep -q "nothing could be changed until more of n3 are back; start n3 again, or remove it first" "$log/refused" || { cat "$log/refused"; return 1; }
}
check "the second has to stay" refused
forced() { w h1 node demote n2 --force --detach 2>&1 | grep "it was forced: .* until more of n3 are back"; }
check "by force it goes, and what that means is said" forced
no_quorum() {
  if w h1 service create lost --image web:demo --replicas 0 --detach >"$log/lost" 2>&1; then return 1; fi
  grep -q "n3" "$log/lost" || { cat "$log/lost"; return 1; }
}
check "nothing is changed then, and who is missing is named" eventually 20 no_quorum
fleet_boot h3
check "who was lost returns" starts h3 start
check "the other is a worker" eventually 30 role n2 "worker ready"
check "two are left" eventually 20 voters 2
check "what ran there runs on" eventually 30 is 3/3
check "a worker that is up is removed by force" w h1 node remove n2 --force
check "its daemon ends" eventually 30 is_off h2
check "its containers have" equal "$(on h2 sh -c 'ps -eo comm= | grep -c "^containerd-shim"')" 0
check "they run elsewhere" eventually 30 is 3/3
fleet_down
