# shellcheck shell=bash
# shellcheck disable=SC2016,SC2034
# One manager and two machines that are only workers: joining, resuming, losing the manager, a network or the power, and draining.
machine_power_off
# shellcheck source=test/e2e/fleet.sh
source "$E2E/fleet.sh"
fleet_up h1 h2 h3

manager() { starts h1 cluster init --node-id m1 --manager-only --node-down 4s --metrics-addr off; }
# works HOST ARGUMENTS...: a worker's daemon there.
works() { starts "$@" --cni-subnet 10.99.0.0/24; }
count() { equal "$(runs "$1" | wc -l)" "$2"; }
is() { equal "$(w h1 service list | awk '$1 == "web" { print $2 }')" "$1"; }
node_is() { equal "$(w h1 node list | awk -v node="$1" '$1 == node { print $3 }')" "$2"; }
refused() {
  local host=$1 pattern=$2
  shift 2
  if on "$host" timeout 20 "$WARREN" "$@" >"$log/refused" 2>&1; then echo "it was not refused" && return 1; fi
  grep -q "^error: .*$pattern" "$log/refused" || { cat "$log/refused"; return 1; }
}

check "the manager starts" manager
token=$(w h1 cluster join-token worker -q)
manager_token=$(w h1 cluster join-token manager -q)
check "a manager's token makes no worker" refused h2 "for a manager" worker start --manager h1:8080 --token "$manager_token" --node-id w2
check "a token of another cluster is refused before anything is said" refused h2 "cluster" worker start --manager h1:8080 \
  --token "$(printf '0%.0s' {1..64})" --node-id w2
check "a manager that is not there is named" refused h2 "h9:8080" worker start --manager h9:8080 --token "$token" --node-id w2
check "nothing to resume" refused h2 "holds no worker" worker start
check "a worker joins" works h2 worker start --manager h1:8080 --token "$token" --node-id w2 --label zone=a
check "another joins" works h3 worker start --manager h9:8080,h1:8080 --token "$token" --node-id w3 --label zone=b
check "the manager knows both" eventually 10 equal "$(w h1 node list | awk '$2 == "worker" && $3 == "ready"' | wc -l)" 2
check "the token is nowhere in a log" sh -c "! grep -q $token $log/*.log"
ends TERM h3
check "its directory is no manager's" refused h3 "belongs to node w3" cluster init
check "nor another node's" refused h3 "belongs to node w3, not w9" worker start --node-id w9
check "it resumes with neither managers nor token" works h3 start

for host in h2 h3; do c "$host" images import "$MACHINE/web.tar" >/dev/null; done
check "a service on both" w h1 service create web --image web:demo --replicas 4 --stop-timeout 1s --timeout 120s
spread() { count h2 2 && count h3 2; }
check "two on each" spread
check "a command in a container elsewhere" equal "$(w h1 service exec web -- echo hello)" hello
answers() { w h1 service logs web --tail 1; }
check "logs from elsewhere" answers

before=$(runs h3)
ends KILL h3
check "a killed worker is started again" works h3 start
alike() { equal "$(runs h3)" "$before"; }
check "and takes up what ran on" eventually 10 alike

echo "  -- without a manager"
before=$(runs h2)
ends KILL h1
crashed=$(runs h2 | awk 'NR == 1 { print $2 }')
on h2 kill -9 "$crashed"
check "what crashed is started again" eventually 30 count h2 2
fleet_power_off h3
fleet_boot h3
check "after a power cut the worker resumes" works h3 start
check "and so does what it ran" eventually 30 count h3 2
check "the manager returns" manager
reported() { is 4/4 && node_is w2 ready && node_is w3 ready && w h1 service ps web | grep -q ' w3 .* 1 '; }
check "and learns within 15 s what happened" eventually 15 reported
check "nobody touched what ran on" equal "$(runs h2 | grep -c -F "$(tail -1 <<<"$before")")" 1

echo "  -- a worker that is cut off"
kept=$(runs h2)
fleet_cut h3
start=$(now_ms)
check "its tasks run elsewhere" eventually 30 count h2 4
echo "        after $(($(now_ms) - start)) ms (--node-down 4s)"
check "it is shown as down" node_is w3 down
check "what it runs goes on there" count h3 2
fleet_heal h3
start=$(now_ms)
check "when it is back the duplicates go within 10 s" eventually 10 count h3 0
echo "        after $(($(now_ms) - start)) ms"
check "the others were left alone" equal "$(runs h2 | grep -c -F "$kept")" 2
check "it is ready again" eventually 10 node_is w3 ready

echo "  -- drain"
check "more replicas go to the empty node" w h1 service scale web --replicas 6 --timeout 60s
check "they did" count h3 2
# A slot is only given up when another runs: the count never drops.
: >"$log/counts"
while [ ! -e "$log/drained" ]; do w h1 service list | awk '$1 == "web" { print $2 }' >>"$log/counts"; done &
watcher=$!
start=$(now_ms)
check "a drain moves what is there" w h1 node drain w2 --timeout 120s
echo "        after $(($(now_ms) - start)) ms"
touch "$log/drained"
wait $watcher
check "without a replica missing at any time" equal "$(sort -u "$log/counts")" 6/6
check "nothing runs there any more" count h2 0
check "all run elsewhere" count h3 6
check "the node can be used again" w h1 node activate w2
check "a label moves what needs it" w h1 node label w2 disk=ssd
check "a service for that label" w h1 service create fast --image web:demo --constraint node.labels.disk==ssd --stop-timeout 1s --timeout 60s
check "is where the label is" count h2 1

for service in web fast; do w h1 service delete "$service" --timeout 60s >/dev/null 2>&1 || true; done
empty() { count h2 0 && count h3 0; }
check "nothing is left" empty
fleet_down
