# shellcheck shell=bash
# shellcheck disable=SC2016
# Blue-green and canary: which version answers at each step, that no request fails on the way, and that the daemon may be killed at any of them.
check "the daemon starts" start_warren
check "an image" warren image load "$MACHINE/web.tar"
answer() { in_machine curl -sf -m 2 http://127.0.0.1:8088/version || echo failed; }
# answers_are VERSIONS: what twelve requests in a row are answered with.
answers_are() { equal "$(for _ in 1 2 3 4 5 6 7 8 9 10 11 12; do answer; done | sort -u | xargs)" "$1"; }
hammer() { while [ ! -e "$MACHINE/over" ]; do answer; done | sort | uniq -c >"$MACHINE/requests"; }
all_answered() {
  cat "$MACHINE/requests"
  ! grep -q failed "$MACHINE/requests" && [ "$(awk '{ n += $1 } END { print n }' "$MACHINE/requests")" -gt 100 ]
}
pids() { warren task list --service web -q | while read -r task; do warren task inspect "$task" -o json | jq -r 'select(.desiredState != "DESIRED_STATE_SHUTDOWN" and .status.state == "TASK_STATE_RUNNING") | .status.pid'; done | sort -n | xargs; }
standing_by() { equal "$(warren service ps web | grep -c 'running (standby)')" "$1"; }
phase() { equal "$(warren service inspect web -o json | jq -r '.rollout.state')" "ROLLOUT_STATE_$1"; }
prints() {
  local pattern=$1
  shift
  { "$@" >"$MACHINE/prints" 2>&1 && grep -q -- "$pattern" "$MACHINE/prints"; } || { cat "$MACHINE/prints"; return 1; }
}
# refused CODE PATTERN COMMAND...
refused() {
  local code=0 expected=$1 pattern=$2
  shift 2
  "$@" >"$MACHINE/refused" 2>&1 || code=$?
  { equal "$code" "$expected" && grep -q -- "$pattern" "$MACHINE/refused"; } || { cat "$MACHINE/refused"; return 1; }
}
update() { warren service update web --timeout 60s "$@"; }
is_dead() { [ -z "$(pids_of warren)" ]; }
restart() { kill_processes warren; eventually 10 is_dead; start_warren; }

echo "  -- bad input"
create=(warren service create bad --image web:demo --detach)
check "a share that is none" refused 2 "not a share" "${create[@]}" --strategy canary --canary-weight 0
check "shares that fall" refused 2 "larger than the one before" "${create[@]}" --strategy canary --canary-weight 50,10
check "a share without a canary" refused 2 "strategy is rolling" "${create[@]}" --canary-weight 10
check "blue-green with the host's network" refused 2 "with the host's network" "${create[@]}" --strategy blue-green --network host --publish 8090:80
check "nothing was made" refused 3 "bad" warren service inspect bad

echo "  -- blue-green"
check "two replicas" warren service create web --image web:demo --replicas 2 --publish 8088:80 --readiness http://:80/ready --readiness-interval 200ms --readiness-start-period 30s \
  --update-monitor 1s --rollback-monitor 1s --stop-timeout 1s --env V=1 --timeout 60s -- \
  sh -c 'echo "$V" >/www/version; sleep 1; echo yes >/www/ready; exec httpd -f -p 80 -h /www'
first=$(pids)
rm -f "$MACHINE/over"
hammer &
hammering=$!
check "there is nothing to promote" refused 1 "waits to be promoted" warren service promote web
check "the plan says what would happen" prints "2 tasks would start beside the old ones" update --env-add V=2 --strategy blue-green --plan
check "an update is staged" prints "✓ Update staged: web" update --env-add V=2 --strategy blue-green --blue-green-keep 1h
check "and says what to do" grep -q "Go on with 'warren service promote web' or back with 'warren service rollback web'" "$MACHINE/prints"
check "the new tasks stand by" standing_by 2
check "the list counts those that serve" has_replicas web 2/2
check "the old ones answer" answers_are 1
check "the daemon is killed, and is back" restart
check "the new tasks still stand by" standing_by 2
check "the old ones still answer" answers_are 1
both=$(pids)
check "it is promoted" prints "✓ Rollout promoted: web" warren service promote web --timeout 60s
check "the new ones answer" eventually 5 answers_are 2
check "the old ones are kept" equal "$(pids)" "$both"
check "aside" standing_by 2
check "the daemon is killed, and is back" restart
check "the new ones still answer" answers_are 2
check "and back, at once" warren service rollback web --timeout 10s
check "the old ones answer" eventually 5 answers_are 1
check "they are those that were there first" eventually 10 equal "$(pids)" "$first"
check "once more, and not kept" prints "✓ Update staged: web" update --env-add V=3 --strategy blue-green --blue-green-keep 0s
check "it is promoted" warren service promote web --timeout 60s
check "it is over" eventually 10 phase COMPLETED
check "the new ones answer" answers_are 3
check "nobody stands by" standing_by 0
touch "$MACHINE/over"
wait $hammering
check "no request failed" all_answered

echo "  -- a bad version"
third=$(pids)
check "one that ends at its start goes" refused 1 "was rolled back; web.[12] failed: exited with 3" update --update-failure-action rollback -- \
  sh -c 'echo cannot read the configuration >&2; exit 3'
check "and its last words are shown" grep -q "web.[12] | cannot read the configuration" "$MACHINE/refused"
check "and kept" equal "$(warren service inspect web -o json | jq -r '.rollout.lastLines[-1]')" "cannot read the configuration"
check "the others served" answers_are 3
check "and are the same" equal "$(pids)" "$third"
check "one that is never ready" refused 1 "is paused; web.[12] failed: not ready in time" update --update-failure-action pause --readiness-start-period 0s -- \
  sh -c 'echo waiting for the database; exec httpd -f -p 80 -h /www'
check "its last words are shown, too" grep -q "web.[12] | waiting for the database" "$MACHINE/refused"
check "the others served" answers_are 3
check "back" warren service rollback web --timeout 60s
check "they are the same" eventually 10 equal "$(pids)" "$third"

echo "  -- canary"
check "four replicas" warren service scale web --replicas 4 --timeout 60s
rm -f "$MACHINE/over"
hammer &
hammering=$!
check "a quarter of it" prints "1 of 4 tasks run revision" update --env-add V=4 --strategy canary --canary-weight 25,50
check "both versions answer" eventually 5 answers_are "3 4"
check "a second step" prints "2 of 4 tasks run revision" warren service promote web --timeout 60s
check "the daemon is killed, and is back" restart
check "it waits as before" phase STAGED
check "the last step" prints "✓ Rollout completed: web" warren service promote web --timeout 60s
check "the new version answers" answers_are 4
check "a canary that goes back" prints "✓ Update staged: web" update --env-add V=5 --canary-weight 50
check "is taken back" warren service rollback web --timeout 60s
check "and does not answer" answers_are 4
touch "$MACHINE/over"
wait $hammering
check "no request failed" all_answered
check "it is deleted" warren service delete web
check "nothing is left" eventually 10 nothing_left
