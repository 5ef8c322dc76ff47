# shellcheck shell=bash
# shellcheck disable=SC2016,SC2034
# One manager and two machines that are only workers: joining, resuming, losing the manager, a network or the power, and draining.
machine_power_off
# shellcheck source=test/e2e/fleet.sh
source "$E2E/fleet.sh"
log=$FLEET/log
fleet_up h1 h2 h3
mkdir -p "$log"

manager() {
  : >"$log/h1.out"
  on h1 setsid "$WARREN" cluster init --node-id m1 --manager-only --node-down 4s --metrics-addr off </dev/null >"$log/h1.out" 2>>"$log/h1.log" &
  disown
  eventually 20 grep -q 'Cluster initialized' "$log/h1.out"
}
kill_manager() { on h1 sh -c 'kill -9 $(ps -eo pid=,args= | awk "/[c]luster init/ { print \$1 }")'; }
# starts HOST ARGUMENTS...: a worker's daemon there, until it says that it works.
starts() {
  local host=$1
  shift
  : >"$log/$host.out"
  on "$host" setsid "$WARREN" "$@" --cni-subnet 10.99.0.0/24 </dev/null >"$log/$host.out" 2>>"$log/$host.log" &
  disown
  eventually 30 grep -qE '^✓ Worker (joined|resumed)' "$log/$host.out" || { tail -5 "$log/$host.log"; return 1; }
}
w() { on h1 "$WARREN" "$@"; }
c() { on "$1" ctr --address /var/lib/warren/containerd/containerd.sock --namespace warren "${@:2}"; }
# Containers that run there, with their processes.
runs() { c "$1" tasks list | awk '$3 == "RUNNING" { print $1, $2 }' | sort; }
count() { equal "$(runs "$1" | wc -l)" "$2"; }
is() { equal "$(w service list | awk '$1 == "web" { print $2 }')" "$1"; }
node_is() { equal "$(w node list | awk -v node="$1" '$1 == node { print $3 }')" "$2"; }
refused() {
  local host=$1 pattern=$2
  shift 2
  if on "$host" timeout 20 "$WARREN" "$@" >"$log/refused" 2>&1; then echo "it was not refused" && return 1; fi
  grep -q "^error: .*$pattern" "$log/refused" || { cat "$log/refused"; return 1; }
}

check "the manager starts" manager
token=$(w cluster join-token worker -q)
manager_token=$(w cluster join-token manager -q)
check "a manager's token makes no worker" refused h2 "for a manager" worker start --manager h1:8080 --token "$manager_token" --node-id w2
check "a token of another cluster is refused before anything is said" refused h2 "cluster" worker start --manager h1:8080 \
  --token "$(printf '0%.0s' {1..64})" --node-id w2
check "a manager that is not there is named" refused h2 "h9:8080" worker start --manager h9:8080 --token "$token" --node-id w2
check "nothing to resume" refused h2 "holds no worker" worker start
check "a worker joins" starts h2 worker start --manager h1:8080 --token "$token" --node-id w2 --label zone=a
check "another joins" starts h3 worker start --manager h9:8080,h1:8080 --token "$token" --node-id w3 --label zone=b
check "the manager knows both" eventually 10 equal "$(w node list | awk '$2 == "worker" && $3 == "ready"' | wc -l)" 2
check "the token is nowhere in a log" sh -c "! grep -q $token $log/*.log"
on h3 sh -c 'kill -TERM $(ps -eo pid=,args= | awk "/[w]orker start/ { print \$1 }")'
check "its directory is no manager's" refused h3 "belongs to node w3" cluster init
check "nor another node's" refused h3 "belongs to node w3, not w9" worker start --node-id w9
check "it resumes with neither managers nor token" starts h3 start

for host in h2 h3; do c "$host" images import "$MACHINE/web.tar" >/dev/null; done
check "a service on both" w service create web --image web:demo --replicas 4 --stop-timeout 1s --timeout 120s
spread() { count h2 2 && count h3 2; }
check "two on each" spread
check "a command in a container elsewhere" equal "$(w service exec web -- echo hello)" hello
answers() { w service logs web --tail 1; }
check "logs from elsewhere" answers

before=$(runs h3)
on h3 sh -c 'kill -9 $(ps -eo pid=,args= | awk "/[w]arren[^ ]* start/ { print \$1 }")'
check "a killed worker is started again" starts h3 start
alike() { equal "$(runs h3)" "$before"; }
check "and takes up what ran on" eventually 10 alike

echo "  -- without a manager"
before=$(runs h2)
kill_manager
crashed=$(runs h2 | awk 'NR == 1 { print $2 }')
on h2 kill -9 "$crashed"
check "what crashed is started again" eventually 30 count h2 2
fleet_power_off h3
fleet_boot h3
check "after a power cut the worker resumes" starts h3 start
check "and so does what it ran" eventually 30 count h3 2
check "the manager returns" manager
reported() { is 4/4 && node_is w2 ready && node_is w3 ready && w service ps web | grep -q ' w3 .* 1 '; }
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
check "more replicas go to the empty node" w service scale web --replicas 6 --timeout 60s
check "they did" count h3 2
# A slot is only given up when another runs: the count never drops.
: >"$log/counts"
while [ ! -e "$log/drained" ]; do w service list | awk '$1 == "web" { print $2 }' >>"$log/counts"; done &
watcher=$!
start=$(now_ms)
check "a drain moves what is there" w node drain w2 --timeout 120s
echo "        after $(($(now_ms) - start)) ms"
touch "$log/drained"
wait $watcher
check "without a replica missing at any time" equal "$(sort -u "$log/counts")" 6/6
check "nothing runs there any more" count h2 0
check "all run elsewhere" count h3 6
check "the node can be used again" w node activate w2
check "a label moves what needs it" w node label w2 disk=ssd
check "a service for that label" w service create fast --image web:demo --constraint node.labels.disk==ssd --stop-timeout 1s --timeout 60s
check "is where the label is" count h2 1

for service in web fast; do w service delete "$service" --timeout 60s >/dev/null 2>&1 || true; done
empty() { count h2 0 && count h3 0; }
check "nothing is left" empty
fleet_down
