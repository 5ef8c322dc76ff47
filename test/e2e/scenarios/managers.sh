# shellcheck shell=bash
# Three managers, the first of which runs containers, too, and two workers: what workers and containers notice of managers that come and go.
machine_power_off
# shellcheck source=test/e2e/fleet.sh
source "$E2E/fleet.sh"
fleet_up h1 h2 h3 h4 h5
count() { equal "$(runs "$1" | wc -l)" "$2"; }
workers_run() { runs h4 && runs h5; }
as_before() { equal "$(workers_run)" "$before"; }
leads() { w "$1" cluster info | sed -n 's/^  Leader ID: //p'; }
# another_leads HOST OLD
another_leads() {
  local now
  now=$(leads "$1")
  if [ -z "$now" ] || [ "$now" = "$2" ]; then echo "$now leads" && return 1; fi
}
is() { equal "$(w "$1" service list | awk '$1 == "web" { print $2 }')" "$2"; }
ready() { equal "$(w "$1" node list | awk '$3 == "ready"' | wc -l)" "$2"; }
sessions() { grep -c 'session.open ' "$log/$1.log"; }
has_more() { [ "$(sessions "$1")" -gt "$2" ] || { tail -3 "$log/$1.log" && return 1; }; }

check "a cluster begins" starts h1 cluster init --node-id m1 --node-down 6s --cni-subnet 10.99.0.0/24
worker_token=$(w h1 cluster join-token worker -q) manager_token=$(w h1 cluster join-token manager -q)
for n in 2 3; do
  check "a manager joins" starts h$n manager join --leader h1:8080 --token "$manager_token" --node-id m$n --manager-only --node-down 6s
done
for n in 4 5; do
  check "a worker joins through one that does not lead" starts h$n worker start --manager h3:8080 --token "$worker_token" --node-id w$n --cni-subnet 10.99.0.0/24
done
# From a manager that does not lead: to itself that runs none, and to those that do.
refused() {
  if w h2 image load "$MACHINE/web.tar" 2>"$log/refused"; then return 1; fi
  grep -q "m2 runs no containers, so it has no images; .*--node" "$log/refused" || { cat "$log/refused"; return 1; }
}
check "a manager that runs no containers takes no image" refused
check "an image for every node that does, through it" w h2 image load "$MACHINE/web.tar" --node m1 --node w4 --node w5
check "it is there" equal "$(c h5 images list -q | grep -c web:demo)" 1
check "the manager that is asked is meant where none is named" equal "$(w h1 image list -q | grep -c web:demo)" 1
check "a service, made at one that does not lead" w h2 service create web --image web:demo --replicas 6 --stop-timeout 1s --timeout 120s
spread() { count h1 2 && count h4 2 && count h5 2; }
check "two tasks on each machine that runs any" spread
before=$(workers_run)
# Each manager can ask each worker, whichever manager that one has its session with.
everywhere() {
  local host task
  for host in h1 h2 h3; do
    for task in $(w h1 task list -q --service web); do
      equal "$(w "$host" service exec --task "$task" web -- echo hello)" hello || return 1
    done
  done
}
check "commands in every container, from every manager" everywhere

echo "  -- the leader is killed"
opened4=$(sessions h4) opened5=$(sessions h5) start=$(now_ms)
signals KILL h1
check "another leads" eventually 10 another_leads h2 m1
moved() { has_more h4 "$opened4" && has_more h5 "$opened5"; }
check "within 2 s both workers have a session again" eventually 2 moved
echo "        after $(($(now_ms) - start)) ms"
check "the tasks of its machine are replaced" eventually 30 is h3 6/6
elsewhere() { equal "$(w h3 service ps web | awk '/ running /' | grep -c ' m1 ')" 0; }
check "elsewhere" eventually 30 elsewhere
check "it returns" starts h1 start
check "as one that follows, whose worker has a session" eventually 15 ready h3 5
check "the duplicates are gone" eventually 10 count h1 0
untouched() { equal "$(workers_run | grep -c -F "$before")" 4; }
check "what ran on the workers was left alone" untouched
before=$(workers_run)

echo "  -- the leader's network is cut"
leader=$(leads h1) cut=h${leader#m}
rest=$([ "$cut" = h3 ] && echo h2 || echo h3)
opened4=$(sessions h4) opened5=$(sessions h5) start=$(now_ms)
fleet_cut "$cut"
check "another leads" eventually 10 another_leads "$rest" "$leader"
check "both workers have a session" eventually 10 is "$rest" 6/6
fleet_heal "$cut"
check "all are ready again" eventually 20 ready "$rest" 5
check "no container was touched" as_before

echo "  -- all managers at once"
for host in h1 h2 h3; do ends KILL $host; done
check "containers run on" as_before
for host in h1 h2 h3; do launches $host start; done
check "the cluster is back" eventually 30 ready h2 5
check "with all its workers" eventually 15 is h2 6/6
sleep 7
check "none of which was taken for gone" ready h2 5
check "no container was touched" as_before
fleet_down
