# shellcheck shell=bash
# Machines that were off for months, with clocks that are ahead: docs/operations/expired-certificates.md.
machine_power_off
# shellcheck source=test/e2e/fleet.sh
source "$E2E/fleet.sh"
fleet_up h1 h2 h3 h4 h5
check "a clock that can be set ahead" clang -shared -fPIC -O2 -o "$log/clock-shift.so" "$E2E/clock-shift.c"
days=0
# So many days later.
program_on() { echo env "LD_PRELOAD=$log/clock-shift.so" "CLOCK_SHIFT_SECONDS=$((days * 86400))" "$WARREN"; }
# Containers' first processes: what containerd knows is not asked, its clock may be another.
runs() { on "$1" ps -eo pid=,comm= | awk '$2 ~ /httpd|busybox|web/ { print $1 }' | sort; }
has_containers() { [ -n "$before" ]; }
# What ran before runs on, whatever else does.
untouched() { equal "$(runs h4 | grep -c -xF "$before")" "$(wc -l <<<"$before")"; }
is_whole() { equal "$(w h1 service list | awk '$1 == "web" { print $2 }')" 2/2; }
voters() { equal "$(w "$1" cluster info | grep -c 'Suffrage: Voter')" 3; }
is_ready() { equal "$(w h1 node list | awk -v name="$1" '$1 == name { print $3 }')" ready; }
logged() { grep -q "$2" "$log/$1.log" || { tail -3 "$log/$1.log"; return 1; }; }

check "a cluster begins" starts h1 cluster init --node-id m1 --manager-only
manager_token=$(w h1 cluster join-token manager -q) worker_token=$(w h1 cluster join-token worker -q)
for n in 2 3; do check "a manager joins" starts h$n manager join --leader h1:8080 --token "$manager_token" --node-id m$n --manager-only; done
for n in 4 5; do
  check "a worker joins" starts h$n worker start --manager h1:8080 --token "$worker_token" --node-id w$n --cni-subnet 10.99.0.0/24
  c h$n images import "$MACHINE/web.tar" >/dev/null
done
check "three vote" eventually 20 voters h1
check "a service" w h1 service create web --image web:demo --replicas 2 --stop-timeout 1s --timeout 120s
before=$(runs h4)
check "whose containers are seen" has_containers
for host in h1 h2 h3 h4 h5; do ends TERM $host; done

echo "  -- 100 days later"
days=100
for n in 1 2; do
  launches h$n start
done
check "managers start" starts h3 start
check "with certificates of their own signature" eventually 20 logged h3 certificate.signed-here
check "and agree" eventually 30 voters h3
check "a change is made" w h3 service create after --image web:demo --replicas 0 --detach
check "a worker renews its certificate" starts h4 start
check "which counts" eventually 30 is_ready w4
check "its containers were not touched" untouched

echo "  -- 250 days later"
for host in h1 h2 h3 h4; do ends TERM $host; done
days=250
for n in 1 2; do
  launches h$n start
done
check "managers start again" starts h3 start
check "and agree again" eventually 30 voters h3
check "the worker that had renewed does so again" starts h4 start
check "and is back" eventually 30 is_ready w4
launches h5 start
check "the one that was off all the time is too late" eventually 30 logged h5 certificate.lost
ends TERM h5
# shellcheck disable=SC2046 # words
check "it forgets what it was" on h5 $(program_on h5) leave --force
is_down() { equal "$(w h1 node list | awk -v name="$1" '$1 == name { print $3 }')" down; }
check "the others have given it up" eventually 30 is_down w5
check "so that it is removed" w h1 node remove w5
worker_token=$(w h1 cluster join-token worker -q)
check "it joins again, under its name" starts h5 worker start --manager h1:8080 --token "$worker_token" --node-id w5 --cni-subnet 10.99.0.0/24
check "and is there" eventually 30 is_ready w5
nothing_runs() { equal "$(runs h5)" ""; }
check "a person gets another context" w h1 context export "$log/context"
check "what was left of it is removed" eventually 30 nothing_runs
check "the service is whole" is_whole
check "the other worker's containers were not touched" untouched
fleet_down
