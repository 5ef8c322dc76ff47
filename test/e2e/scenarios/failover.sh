# shellcheck shell=bash
# shellcheck disable=SC2034
# Three managers and a worker, each on a machine of its own: joining, answering on any manager, losing the leader by a kill and by a silent cut,
# losing all managers at once; and that the worker's containers never notice.
machine_power_off
# shellcheck source=test/e2e/fleet.sh
source "$E2E/fleet.sh"
fleet_up h1 h2 h3 h4
voters() { equal "$(w "$1" cluster info | grep -c 'Suffrage: Voter')" 3; }
leader() { w "$1" cluster info | awk '/Leader ID:/ { print $3 }'; }
# The host of the manager that leads, as the host given first sees it.
leading_host() { leader "$1" | sed 's/^m/h/'; }
other_than() { local other; for other in h1 h2 h3; do [ "$other" = "$1" ] || { echo "$other" && return; }; done; }
is() { equal "$(w "$1" service list | awk '$1 == "web" { print $2 }')" "$2"; }
creates() { w "$1" service create "$2" --image web:demo --replicas 0 --detach; }
has() { w "$1" service list -q | wc -l; }
same_containers() { equal "$(runs h4)" "$before"; }

check "a manager starts" starts h1 cluster init --node-id m1 --manager-only --node-down 4s --metrics-addr off
token=$(w h1 cluster join-token manager -q)
check "a second joins" starts h2 manager join --leader h1:8080 --token "$token" --node-id m2 --manager-only --node-down 4s \
  --metrics-addr off
check "a third joins, through the second" starts h3 manager join --leader h9:8080,h2:8080 --token "$token" --node-id m3 \
  --manager-only --node-down 4s --metrics-addr off
for host in h1 h2 h3; do check "all vote, as $host sees it" eventually 10 voters "$host"; done
check "all know the same leader" equal "$(for host in h1 h2 h3; do leader "$host"; done | sort -u | wc -l)" 1
check "a worker joins, through a follower" starts h4 worker start --manager h3:8080 --token "$(w h2 cluster join-token worker -q)" \
  --node-id w4 --cni-subnet 10.99.0.0/24
c h4 images import "$MACHINE/web.tar" >/dev/null
check "a service, made through a follower" w h3 service create web --image web:demo --replicas 2 --stop-timeout 1s --timeout 120s
for host in h1 h2 h3; do check "its logs are read on $host" w "$host" service logs web --tail 1; done
check "a command in a container, through a follower" equal "$(w h2 service exec web -- echo hello)" hello
before=$(runs h4)

for round in 1 2; do
  host=$(leading_host h1) && survivor=$(other_than "$host")
  signals KILL "$host"
  check "a service is made although the leader was killed ($round)" creates "$survivor" "killed-$round"
  check "the service runs on ($round)" eventually 10 is "$survivor" 2/2
  check "the killed manager resumes ($round)" starts "$host" start
  check "and knows what happened meanwhile ($round)" equal "$(has "$host")" "$(has "$survivor")"
done
check "no container noticed" same_containers

host=$(leading_host h1) && survivor=$(other_than "$host")
fleet_cut "$host"
check "a service is made although the leader was cut off without a word" creates "$survivor" silent
refuses() {
  if on "$host" timeout 20 "$WARREN" service create nowhere --image x --replicas 0 --detach >"$log/refused" 2>&1; then return 1; fi
  grep -q "not heard of: m" "$log/refused" || { cat "$log/refused"; return 1; }
}
check "the leader that was cut off takes nothing, and names who is missing" refuses
fleet_heal "$host"
follows() { equal "$(leader "$host")" "$(leader "$survivor")"; }
check "healed, it follows" eventually 15 follows
check "the service runs on" eventually 10 is "$survivor" 2/2

host=$(leading_host h1) && survivor=$(other_than "$host")
signals TERM "$host"
check "a service is made while the leader shuts down" creates "$survivor" terminated
check "which ends" eventually 20 is_off "$host"
check "the manager that was shut down resumes" starts "$host" start

expected=$(has "$survivor")
for host in h1 h2 h3; do ends KILL "$host"; done
check "without any manager the containers run on" same_containers
on h4 kill -9 "$(awk 'NR == 1 { print $2 }' <<<"$before")"
again() { equal "$(runs h4 | wc -l)" 2; }
check "and what crashes is started again" eventually 30 again
before=$(runs h4)
for host in h1 h2 h3; do launches $host start; done
all_there() { equal "$(has h1)" "$expected"; }
check "all managers return at once, with all that was acknowledged" eventually 20 all_there
back() { is h2 2/2 && w h3 node list | awk '$1 == "w4" { print $3 }' | grep -q ready; }
check "the worker is back" eventually 15 back
check "and its containers were left alone" same_containers

w h1 service delete web --timeout 60s >/dev/null 2>&1 || true
gone() { equal "$(runs h4 | wc -l)" 0; }
check "a service is deleted" eventually 20 gone
fleet_down
