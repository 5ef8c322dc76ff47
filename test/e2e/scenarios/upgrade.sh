# shellcheck shell=bash
# Three managers and a worker get another binary, one after the other, while services are being made: docs/operations/upgrade.md.
machine_power_off
# shellcheck source=test/e2e/fleet.sh
source "$E2E/fleet.sh"
fleet_up h1 h2 h3 h4
# What is installed on each machine, and what comes: two files, as it would be.
for host in h1 h2 h3 h4; do install -D -m 755 "$WARREN" "$FLEET/bin/$host/warren"; done
program_on() { echo "$FLEET/bin/$1/warren"; }
leads() { w "$1" cluster info | sed -n 's/^  Leader ID: m/h/p'; }
# All vote, none is away or behind.
whole() { equal "$(w "$1" cluster info | grep -c -e 'Suffrage: Voter' -e 'Status:' -e 'Behind:')" 3; }

check "a cluster begins" starts h1 cluster init --node-id m1 --manager-only
manager_token=$(w h1 cluster join-token manager -q) worker_token=$(w h1 cluster join-token worker -q)
for n in 2 3; do check "a manager joins" starts h$n manager join --leader h1:8080 --token "$manager_token" --node-id m$n --manager-only; done
check "a worker joins" starts h4 worker start --manager h1:8080 --token "$worker_token" --node-id w4 --cni-subnet 10.99.0.0/24
c h4 images import "$MACHINE/web.tar" >/dev/null
check "three vote" eventually 20 whole h1
check "a service" w h1 service create web --image web:demo --replicas 2 --stop-timeout 1s --timeout 120s
before=$(runs h4)
check "a backup" w h1 cluster backup "$log/before-upgrade"

# Asked is whichever manager answers: those that are not being restarted.
(
  number=0
  while [ ! -e "$log/enough" ]; do
    number=$((number + 1))
    host=h$((number % 3 + 1))
    [ "$host" != "$(cat "$log/busy" 2>/dev/null)" ] || continue
    if w "$host" service create "s$number" --image web:demo --replicas 0 --detach >/dev/null 2>>"$log/failed"; then echo "s$number"; else echo "s$number" >>"$log/unsure"; fi
  done
) >"$log/created" &
load=$!
upgrade() {
  echo "$1" >"$log/busy"
  sleep 0.5
  install -m 755 "$WARREN" "$FLEET/bin/$1/warren.new"
  mv "$FLEET/bin/$1/warren.new" "$FLEET/bin/$1/warren"
  ends TERM "$1"
  starts "$1" start
  : >"$log/busy"
}
last=$(leads h1)
for host in h1 h2 h3; do
  [ "$host" != "$last" ] || continue
  check "$host is upgraded" upgrade "$host"
  check "and takes part again" eventually 20 whole "$host"
done
check "$last, which leads, is upgraded" upgrade "$last"
check "and takes part again" eventually 20 whole "$last"
check "the worker is upgraded" upgrade h4
touch "$log/enough"
wait "$load"
echo "        $(wc -l <"$log/created") services were made meanwhile"
all_there() { equal "$(sort "$log/created" <(w h2 service list | awk '/^s[0-9]/ { print $1 }' | sort) | uniq -d | wc -l)" "$(wc -l <"$log/created")"; }
check "all of them are there" all_there
none_failed() { [ ! -s "$log/failed" ] || { cat "$log/failed" && return 1; }; }
check "no call failed" none_failed
check "no container was touched" equal "$(runs h4)" "$before"
fleet_down
