# shellcheck shell=bash
# Nodes that become managers, cease to be ones, leave and are removed, alive and dead; and that containers notice nothing of it but where they go.
machine_power_off
# shellcheck source=test/e2e/fleet.sh
source "$E2E/fleet.sh"
fleet_up h1 h2 h3 h4
is() { equal "$(w "$1" service list | awk '$1 == "web" { print $2 }')" "$2"; }
voters() { equal "$(w "$1" cluster info | grep -c 'Suffrage: Voter')" "$2"; }
role() { equal "$(w "$1" node list | awk -v node="$2" '$1 == node { print $2, $3 }')" "$3"; }
leader() { w "$1" cluster info | awk '/Leader ID:/ { print $3 }'; }
# refuses PATTERN HOST ARGUMENTS...: says so in one line, exits with an error, and changes nothing.
refuses() {
  local pattern=$1 host=$2 before
  shift 2
  before=$(w "$host" node list)
  if w "$host" "$@" >"$log/refused" 2>&1; then cat "$log/refused"; return 1; fi
  { grep -q "$pattern" "$log/refused" && equal "$(wc -l <"$log/refused")" 1; } || { cat "$log/refused"; return 1; }
  equal "$(w "$host" node list)" "$before"
}

check "a cluster begins" starts h1 cluster init --node-id m1 --manager-only --node-down 4s --metrics-addr off
manager_token=$(w h1 cluster join-token manager -q) worker_token=$(w h1 cluster join-token worker -q)
for n in 2 3 4; do
  check "a worker joins" starts h$n worker start --manager h1:8080 --token "$worker_token" --node-id n$n --cni-subnet 10.99.0.0/24
  c h$n images import "$MACHINE/web.tar" >/dev/null
done
check "a service" w h1 service create web --image web:demo --replicas 3 --stop-timeout 1s --timeout 120s
before2=$(runs h2) before3=$(runs h3)
pid2=$(daemons h2)

echo "  -- promoted, demoted"
check "the only manager is not removed" refuses "only manager" h1 node remove m1
check "nor demoted" refuses "only manager" h1 node demote m1
check "a worker that is up is not removed" refuses "node n3 is up and runs 1 task" h1 node remove n3
check "a worker becomes a manager" w h1 node promote n2
check "another one" w h1 node promote n3
check "all three vote" eventually 10 voters h2 3
check "its daemon is the same process" equal "$(daemons h2)" "$pid2"
check "its containers did not notice" eventually 20 still_run h2 "$before2"
ends KILL h2
check "it is restarted by the command that it was made with" starts h2 worker start --manager h1:8080 --token-file /gone --node-id n2
check "as a manager" eventually 20 role h2 n2 "manager,worker ready"
check "the containers are as before" equal "$(runs h2)" "$before2"
check "a manager that does not lead becomes a worker" w h1 node demote n3
check "which says so" eventually 20 grep -q "Worker resumed: n3" "$log/h3.out"
check "its log is gone" on h3 sh -c '! ls -d /var/lib/warren/raft 2>/dev/null'
check "its containers did not notice" eventually 20 still_run h3 "$before3"
check "it is a worker" eventually 20 role h1 n3 "worker ready"
check "the others go on" voters h1 2
check "it becomes a manager again" w h1 node promote n3
check "the three vote again" eventually 10 voters h1 3

echo "  -- managers go, the leader among them"
check "it is removed" w h2 node remove m1
check "its daemon says so and ends" eventually 20 is_off h1
check "in one line" grep -q "Node m1 was removed from cluster" "$log/h1.out"
check "nothing of it is left" on h1 sh -c '! ls /var/lib/warren/security /var/lib/warren/raft 2>/dev/null'
check "two are left" eventually 10 voters h2 2
check "the service runs on" is h2 3/3
old=$(leader h2)
host=${old/n/h} other=$([ "$old" = n2 ] && echo h3 || echo h2)
before=$(runs "$host")
check "the leader becomes a worker" w "$other" node demote "$old"
check "another leads, alone" eventually 10 voters "$other" 1
check "it is a worker" eventually 20 role "$other" "$old" "worker ready"
check "its containers did not notice" eventually 20 still_run "$host" "$before"
check "it becomes a manager again" w "$other" node promote "$old"
check "both vote" eventually 10 voters h2 2
check "the removed machine joins again, under its name" starts h1 manager join --leader h2:8080 --token "$manager_token" --node-id m1 --manager-only \
  --node-down 4s --metrics-addr off
check "it votes" eventually 20 voters h2 3
# It may notice nothing of it but that nobody knows its number any more.
for round in 1 2 3; do
  old=$(leader h1) && [ "$old" != m1 ] || old=n2
  host=${old/n/h} && before=$(runs "$host")
  blinks() { w h1 node demote "$old" && w h1 node promote "$old"; }
  check "a manager that is a worker for a moment only ($round)" blinks
  check "and all vote" eventually 20 voters h2 3
  check "its containers did not notice" eventually 20 still_run "$host" "$before"
done

echo "  -- a manager is lost"
fleet_power_off h1
check "the others go on" eventually 10 is h2 3/3
lost() { role h2 m1 "manager down"; }
check "it is seen to be lost" eventually 30 lost
check "a second one cannot go: the third would be alone" refuses "remove it first: warren node remove m1" h2 node remove n3
check "nor be demoted" refuses "remove it first: warren node remove m1" h2 node demote n3
check "the lost one is removed" w h2 node remove m1
check "two are left" eventually 10 voters h3 2
fleet_boot h1
on h1 timeout 60 "$WARREN" start >"$log/h1.out" 2>>"$log/h1.log"
check "the lost one, back, learns that it was removed" grep -q "Node m1 was removed" "$log/h1.out"

echo "  -- a log is lost"
check "it joins again" starts h1 manager join --leader h2:8080 --token "$manager_token" --node-id m1 --manager-only --node-down 4s --metrics-addr off
check "it votes" eventually 20 voters h2 3
ends KILL h1
on h1 rm -rf /var/lib/warren/raft
loses() {
  if on h1 timeout 20 "$WARREN" start >"$log/lost" 2>&1; then return 1; fi
  grep -q "warren manager rejoin" "$log/lost" || { cat "$log/lost"; return 1; }
}
check "without its log it does not come back" loses
check "but as another member" on h1 "$WARREN" manager rejoin
check "it starts" starts h1 start
check "it votes, in the place of the former" eventually 20 voters h2 3
ends KILL h1
on h1 sh -c 'head -c 100 /dev/urandom | dd of=/var/lib/warren/raft/log.sqlite bs=1 seek=5000 conv=notrunc 2>/dev/null; rm -f /var/lib/warren/raft/log.sqlite-wal'
check "nor with a damaged one" loses
check "but as another member" on h1 "$WARREN" manager rejoin
check "it starts" starts h1 start
check "it votes" eventually 20 voters h2 3
check "an intact log is left alone" equal "$(on h1 "$WARREN" manager rejoin 2>&1 | grep -c 'in use\|intact')" 1

echo "  -- nodes leave"
check "a worker leaves" on h4 "$WARREN" leave
check "its daemon has ended" eventually 10 is_off h4
check "none of its containers is left" equal "$(on h4 sh -c "ps -eo comm= | grep -c '^containerd-shim'")" 0
check "they run elsewhere" eventually 30 is h2 3/3
check "it is no node any more" equal "$(w h2 node list -q | grep -c n4)" 0
check "it can join again" starts h4 worker start --manager h2:8080 --token "$worker_token" --node-id n4 --cni-subnet 10.99.0.0/24
check "a manager leaves" on h3 "$WARREN" leave
check "its daemon has ended" eventually 10 is_off h3
check "two are left" eventually 10 voters h2 2
check "the service runs on" eventually 30 is h2 3/3
fleet_power_off h4
down() { role h2 n4 "worker down"; }
check "a worker is lost" eventually 20 down
check "it is removed" w h2 node remove n4
check "with everything that was on it" equal "$(w h2 task list | grep -c ' n4 ')" 0
fleet_down
