# shellcheck shell=bash
# shellcheck disable=SC2016,SC2034
# Rolling updates on three managers and two workers: good and bad ones, a rollback, and the leader killed at several moments of a rollout.
machine_power_off
# shellcheck source=test/e2e/fleet.sh
source "$E2E/fleet.sh"
fleet_up h1 h2 h3 h4 h5
leader() { w "$1" cluster info | awk '/Leader ID:/ { print $3 }'; }
other_than() { local other; for other in h1 h2 h3; do [ "$other" = "$1" ] || { echo "$other" && return; }; done; }
containers() { { runs h4 && runs h5; } | sort; }
# Any moment of a rollout that takes about that long.
moment() { sleep "$((RANDOM % 4)).$(printf '%03d' $((RANDOM % 1000)))"; }
run_on() { equal "$(runs "$1" | wc -l)" "$2"; }
running() { equal "$(containers | wc -l)" "$1"; }
# values: what each container has for V, and how often.
values() { w h1 task list --service web -q | while read -r task; do w h1 task inspect "$task" -o json | jq -r '[.spec.container.env[]? | select(startswith("V="))][0] // "none"'; done | sort | uniq -c | awk '{ print $2 "*" $1 }' | xargs; }
phase() { w "$1" service inspect web -o json | jq -r '.rollout | "\(.kind) \(.state)" | ascii_downcase | gsub("rollout_(kind|state)_"; "")'; }
is_phase() { equal "$(phase "$1")" "$2"; }
revision() { w "$1" service inspect web -o json | jq -r .revision; }
# fails PATTERN COMMAND...: with that on standard error, and the exit code EXIT (1).
fails() {
  local pattern=$1 code=0
  shift
  "$@" >"$log/fails" 2>&1 || code=$?
  [ $code = "${EXIT:-1}" ] || { echo "exit code $code"; cat "$log/fails"; return 1; }
  grep -q -- "$pattern" "$log/fails" || { cat "$log/fails"; return 1; }
}

check "a manager starts" starts h1 cluster init --node-id m1 --manager-only --node-down 4s --metrics-addr off
token=$(w h1 cluster join-token manager -q)
for number in 2 3; do
  check "manager $number joins" starts "h$number" manager join --leader h1:8080 --token "$token" --node-id "m$number" --manager-only --node-down 4s \
    --metrics-addr off
done
token=$(w h1 cluster join-token worker -q)
for number in 4 5; do
  check "worker $number joins" starts "h$number" worker start --manager h1:8080 --token "$token" --node-id "w$number" --cni-subnet 10.99.0.0/24
  c "h$number" images import "$MACHINE/web.tar" >/dev/null
done
check "a service" w h1 service create web --image web:demo --replicas 4 --stop-timeout 1s --env V=1 --update-monitor 1s --rollback-monitor 1s \
  --timeout 120s
check "there is nothing to roll back" fails "never had another revision" w h1 service rollback web
first=$(containers)

echo "  -- good updates"
plan() { w h2 service update web --env-add V=2 --plan; }
plans() { plan >"$log/plan" && grep -q '^4 tasks would be replaced, 1 at a time, start-first:$' "$log/plan" && grep -q 'V=1 → .*V=2' "$log/plan"; }
check "the plan says what would happen" plans
check "and does nothing" equal "$(containers)" "$first"
# Each moment that is looked at, all four run: the old ones go only after the new ones have come.
fewest() { while [ ! -e "$log/over" ]; do runs h4 >"$log/r4" && runs h5 >"$log/r5" && cat "$log/r4" "$log/r5" | wc -l; done | sort -n | head -1 >"$log/fewest"; }
rm -f "$log/over"
fewest &
check "an update, through a follower" w h2 service update web --env-add V=2 --timeout 120s
touch "$log/over"
wait $!
check "never fewer than four ran" equal "$(cat "$log/fewest")" 4
check "all have come to it" equal "$(values)" "V=2*4"
second=$(containers)
check "none is left of the first" equal "$(comm -12 <(echo "$first") <(echo "$second"))" ""
check "the same again replaces nothing" w h3 service update web --env-add V=2
check "the containers are the same" equal "$(containers)" "$second"
check "two at a time, and stop-first" w h1 service update web --env-add V=3 --update-parallelism 2 --update-order stop-first --timeout 120s
check "all have come to that" equal "$(values)" "V=3*4"
check "history has three revisions" equal "$(w h1 service history web -q | xargs)" "3 2 1"

echo "  -- bad updates"
third=$(containers)
broken() { w h1 service update web --update-order start-first --update-parallelism 1 "$@" --timeout 120s -- sh -c 'echo this is broken >&2; exit 3'; }
check "an update that crashes is paused, and says why" fails "paused; web.1 failed: exited with .*3" broken
check "with the container's last words" grep -q "this is broken" "$log/fails"
undisturbed() { equal "$(comm -23 <(echo "$third") <(containers))" ""; }
check "the old containers serve" undisturbed
check "the store says that it is paused" is_phase h3 "update paused"
check "it is rolled back by hand" w h3 service rollback web --timeout 120s
check "which touched none of the old containers" equal "$(containers)" "$third"
check "an update that crashes undoes itself if asked to" fails "was rolled back; web.1 failed" broken --update-failure-action rollback
check "and touched none of the old containers" equal "$(containers)" "$third"
check "an image that is not there" fails "paused; web.1 failed" w h1 service update web --image 127.0.0.1:1/none:1 --update-failure-action pause --timeout 120s
check "the old containers serve on" undisturbed
check "a newer update wins over the one that is paused" w h2 service update web --image web:demo --env-add V=4 --timeout 120s
check "all have come to the newer one" equal "$(values)" "V=4*4"
check "back to a revision by its number" w h2 service rollback web --to 1 --timeout 120s
check "all have come back to it" equal "$(values)" "V=1*4"
EXIT=3 check "no revision of that number" fails "no revision 99" w h2 service rollback web --to 99

echo "  -- the leader is killed in the middle"
over() { equal "$(phase "$1")" "update completed"; }
for round in 1 2 3; do
  host=$(leader h1 | sed s/m/h/) && survivor=$(other_than "$host")
  check "an update begins ($round)" w "$survivor" service update web --env-add "V=k$round" --detach
  moment
  signals KILL "$host"
  check "it comes to its end under another leader ($round)" eventually 60 over "$survivor"
  check "all have come to it, once each ($round)" eventually 15 running 4
  check "the killed manager resumes ($round)" starts "$host" start
  check "all are of the new revision ($round)" equal "$(values)" "V=k$round*4"
done

echo "  -- paused and resumed by hand"
check "an update begins" w h1 service update web --env-add V=p --detach
check "it is paused" w h2 service pause web
before=$(revision h1)
check "it is resumed, and waited for" w h3 service resume web --timeout 120s
check "all have come to it" equal "$(values)" "V=p*4"
check "as the same revision" equal "$(revision h1)" "$before"
EXIT=6 check "who waits for less long than it takes is told" fails "did not get there within 1s; .*; the rollout goes on" w h2 service update web \
  --env-add V=s --timeout 1s
check "an update while a worker is drained" w h1 service update web --env-add V=d --detach
check "the worker drains" w h1 node drain w5 --timeout 120s
check "it comes to its end" eventually 60 over h1
check "all run on the other worker" eventually 30 run_on h4 4
check "the service goes" w h1 service delete web --timeout 60s
check "nothing of it runs" eventually 15 running 0
fleet_down
