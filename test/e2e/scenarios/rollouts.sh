# shellcheck shell=bash
# shellcheck disable=SC2016,SC2034
# The leader killed at each phase of a rollout, bad versions, and changes of mind, on three managers and two workers; all the while requests to
# both workers' published ports, none of which may fail, and at least four tasks in them.
machine_power_off
# shellcheck source=test/e2e/fleet.sh
source "$E2E/fleet.sh"
fleet_up h1 h2 h3 h4 h5
REPLICAS=4
# The host of the manager that leads; on a busy machine there may be none for a moment.
leading() { eventually 30 leads "$1" && cat "$log/leading"; }
leads() { w "$1" cluster info | awk '/Leader ID:/ { sub("m", "h", $3); print $3 }' >"$log/leading" && grep -q '^h[123]$' "$log/leading"; }
other_than() { local other; for other in h1 h2 h3; do [ "$other" = "$1" ] || { echo "$other" && return; }; done; }
voters() { equal "$(w "$1" cluster info | grep -c 'Suffrage: Voter')" 3; }
containers() { { runs h4 && runs h5; } | sort; }
rollout() { w "$1" service inspect web -o json | jq -r '.rollout | "\(.kind) \(.state)" | ascii_downcase | gsub("rollout_(kind|state)_"; "")'; }
is_rollout() { equal "$(rollout "$1")" "$2"; }
why() { w "$1" service inspect web -o json | jq -r .rollout.message; }
# the_same REVISION: each slot has one task that is wanted and up, and it is of that revision.
the_same() {
  w h1 task list --service web -o json >"$log/tasks"
  equal "$(jq -c --arg r "$1" '[.[] | select(.desiredState == "DESIRED_STATE_RUNNING" and .revision == $r and .status.health.ready) | .slot] | sort' \
    "$log/tasks")" "$(seq $REPLICAS | jq -sc .)"
}
# fails PATTERN COMMAND...: with that on standard error, and exit code 1.
fails() {
  local pattern=$1 code=0
  shift
  "$@" >"$log/fails" 2>&1 || code=$?
  { equal $code 1 && grep -q -- "$pattern" "$log/fails"; } || { cat "$log/fails"; return 1; }
}

# What is looked at all the while, until $log/over is there, or this program has ended without it.
hammer() {
  on h1 bash -c 'while [ ! -e "$2/over" ]; do
    if curl -s -m 2 -o /dev/null "http://$1:8088/"; then echo ok; else echo "failed with $? at $(date +%T.%N)"; fi
  done' hammer "$1" "$log" >"$log/requests-$1"
}
# How many tasks are in the published ports.
serving() {
  for worker in h4 h5; do on "$worker" nft list ruleset | sed -n 's/.*dport 8088 dnat .* mod \([0-9]*\) .*/\1/p'; done |
    awk '{ sum += $1 } END { print sum + 0 }'
}
observe() {
  while [ ! -e "$log/over" ] && kill -0 $$ 2>/dev/null; do
    serving >>"$log/serving"
    sleep 0.1
  done
}
none_failed() {
  cat "$log"/requests-*
  ! grep failed "$log"/requests-* && [ "$(cat "$log"/requests-* | wc -l)" -gt 1000 ]
} 2>&1
fewest() { equal "$(sort -n "$log/serving" | head -1)" "$1"; }

# Moments of an update to revision $r, as jq sees all tasks of the service: $new and $old are what is left of them.
moment() {
  case $1 in
    begun) echo 'any($new[]; .status.state | IN("TASK_STATE_ASSIGNED", "TASK_STATE_PREPARING", "TASK_STATE_STARTING"))' ;;
    unproven) echo 'any($new[]; .status.health.ready and .provenAt == null)' ;;
    stopping) echo 'any($new[]; .provenAt) and any($old[]; .desiredState != "DESIRED_STATE_RUNNING")' ;;
    between) echo '($new | length) == 1 and all($new[]; .provenAt) and ($old | length) == 3' ;;
    half) echo '([$new[] | select(.provenAt)] | length) == 2 and ($old | length) == 2' ;;
    last) echo '($new | length) == 4 and any($new[]; .provenAt == null)' ;;
  esac
}
# until_moment HOST REVISION MOMENT: as that host sees it.
until_moment() {
  # Quits with the first that fits; warren ends when nobody reads any more.
  on "$1" timeout 60 "$WARREN" task list --service web --all --watch -o json | jq --unbuffered -nr --arg r "$2" 'first(inputs
    | ([.[] | select(.revision == $r)]) as $new
    | ([.[] | select(.revision != $r and (.status.state | ltrimstr("TASK_STATE_") | IN("SHUTDOWN", "FAILED", "REJECTED", "COMPLETE") | not))]) as $old
    | select('"$(moment "$3")"') | "at the moment")' | grep -q moment
}
# updates HOST OPTIONS...: begins an update, of what the service has not had yet.
version=1
updates() {
  version=$((version + 1))
  w "$1" service update web --env-add "V=$version" --detach "${@:2}" >/dev/null
}
# begins_after HOST REVISION NANOSECONDS: all tasks of that revision were made later.
begins_after() {
  w "$1" task list --service web --all -o json | jq -r --arg r "$2" '.[] | select(.revision == $r) | .meta.createdAt' |
    while read -r made; do [ "$(date -d "$made" +%s%N)" -gt "$3" ] || { echo "$made" && return 1; }; done
}
is_paused() { is_rollout "$1" "update paused" && why "$1" | grep -q -- "^$2"; }
newest() { revision h1; }
# ready [NUMBER...]: the tasks that serve, of all slots or of those, with the processes of their containers.
ready() {
  w h1 task list --service web -o json | jq -r '.[] | select(.desiredState == "DESIRED_STATE_RUNNING" and .status.health.ready and
    ($ARGS.positional == [] or (.slot | IN($ARGS.positional[] | tonumber)))) | "\(.id) \(.status.pid)"' --args "$@" | sort
}
revision() { w "$1" service inspect web -o json | jq -r .revision; }
kills() { on "$1" kill -9 "$(daemons "$1")"; }

# once REVISION: each slot got one task of that revision, at one time or another, and its container was started once.
once() {
  w h1 task list --service web --all -o json >"$log/tasks"
  equal "$(jq -c --arg r "$1" '[.[] | select(.revision == $r) | [.slot, .status.attempt // 0]] | sort' "$log/tasks")" \
    "$(seq $REPLICAS | jq -sc 'map([., 0])')"
}
historical() { equal "$(w h1 service history web | awk '$1 ~ /^[0-9]+$/ && $2 ~ /current|previous/ { print $1, $2 }' | xargs)" "$1 current $2 previous"; }
# rejoins HOST: the killed daemon starts again, and all vote.
rejoins() { starts "$1" start && eventually 30 voters "$1"; }
# untouched CONTAINERS: they still run, with the same processes.
untouched() { equal "$(comm -23 <(echo "$1") <(containers))" ""; }

# killed MOMENT OPTIONS...: the leader is killed at that moment of an update, which comes to its end as if nothing had been.
killed() {
  local moment=$1 host survivor before daemon
  shift
  host=$(leading h1) survivor=$(other_than "$host")
  before=$(revision h1) daemon=$(daemons "$host")
  until_moment "$survivor" $((before + 1)) "$moment" &
  updates "$survivor" "$@"
  check "$moment: until then" wait $!
  on "$host" kill -9 "$daemon"
  check "$moment: the leader is killed, the update comes to its end" eventually 60 is_rollout "$survivor" "update completed"
  ended_well "$moment" "$host" $((before + 1)) "$before"
}
# ended_well WHAT KILLED REVISION BEFORE
ended_well() {
  check "$1: the killed manager rejoins" rejoins "$2"
  check "$1: each slot got one new task" once "$3"
  check "$1: which is up" the_same "$3"
  check "$1: history tells of it" historical "$3" "$4"
}

check "a manager starts" starts h1 cluster init --node-id m1 --manager-only --node-down 4s --metrics-addr off
token=$(w h1 cluster join-token manager -q)
for number in 2 3; do
  check "manager $number joins" starts "h$number" manager join --leader h1:8080 --token "$token" --node-id "m$number" --manager-only --node-down 4s \
    --metrics-addr off
done
token=$(w h1 cluster join-token worker -q)
for number in 4 5; do
  check "worker $number joins" starts "h$number" worker start --manager h1:8080,h2:8080,h3:8080 --token "$token" --node-id "w$number" \
    --cni-subnet 10.99.0.0/24
  c "h$number" images import "$MACHINE/web.tar" >/dev/null
done
# Listens half a second after it has started.
check "a service that is slow to be ready" w h1 service create web --image web:demo --replicas $REPLICAS --publish 8088:80 --readiness http://:80/ \
  --readiness-interval 300ms --readiness-start-interval 100ms --readiness-start-period 4s --stop-timeout 1s \
  --update-monitor 1s --rollback-monitor 1s --update-parallelism 2 --rollback-parallelism 2 --env V=1 --timeout 120s \
  -- sh -c 'sleep 0.5; exec httpd -f -p 80 -h /www'
rm -f "$log/over"
for host in h4 h5; do hammer "$host" & done
observe &

echo "  -- the leader is killed"
# What an update does first is to make a task, at once. One that replaces another has to wait until the other's new task has stopped.
before=$(revision h1) host=$(leading h1) survivor=$(other_than "$host") daemon=$(daemons "$host")
updates "$survivor" --update-parallelism 1 --update-monitor 60s
check "accepted: another update is on its way" until_moment "$survivor" $((before + 1)) unproven
updates "$survivor" --update-monitor 1s && on "$host" kill -9 "$daemon"
killed_at=$(date +%s%N)
check "accepted: the leader is killed, the update comes to its end" eventually 60 is_rollout "$survivor" "update completed"
check "accepted: it was killed before there was a new task" begins_after "$survivor" $((before + 2)) "$killed_at"
ended_well accepted "$host" $((before + 2)) "$before"
killed begun --update-parallelism 2
killed unproven
killed stopping
killed half
killed last --update-parallelism 1
killed between --update-parallelism 1 --update-delay 3s
third_fails=(-- sh -c 'case $(hostname) in web-3) echo no third >&2 && exit 3 ;; esac; sleep 0.5; exec httpd -f -p 80 -h /www')
before=$(revision h1)
check "paused: until then" fails "paused; web.3 failed: exited with 3" w h1 service update web --env-add V=third --update-parallelism 2 \
  --update-delay 0s --timeout 120s "${third_fails[@]}"
old=$(ready 3) host=$(leading h1) survivor=$(other_than "$host")
kills "$host"
check "paused: the leader is killed, it is as before" eventually 60 is_paused "$survivor" "web.3 failed: exited with 3"
check "paused: the killed manager rejoins" rejoins "$host"
check "paused: the store says why" is_paused h1 "web.3 failed: exited with 3"
check "paused: the old task of the slot that failed serves on" equal "$(ready 3)" "$old"
check "paused: it goes back" w "$survivor" service rollback web --timeout 120s
check "paused: to what was" the_same "$before"
old=$(ready 3 4) host=$(leading h1) survivor=$(other_than "$host")
check "rolling back: an update that undoes itself" w "$survivor" service update web --env-add V=undone --detach \
  --update-failure-action rollback "${third_fails[@]}"
check "rolling back: until then" eventually 60 is_rollout "$survivor" "rollback running"
kills "$host"
check "rolling back: the leader is killed, the rollback comes to its end" eventually 60 is_rollout "$survivor" "rollback completed"
check "rolling back: the killed manager rejoins" rejoins "$host"
check "rolling back: all are back" the_same "$before"
check "rolling back: the store says why" equal "$(why h1)" "web.3 failed: exited with 3"
check "rolling back: the slots that were not through have their containers" equal "$(ready 3 4)" "$old"

echo "  -- bad versions"
# bad WHAT PATTERN OPTIONS...: is paused, and goes back by itself if it is to, both for that reason, while what was there serves on.
bad() {
  local what=$1 pattern=$2 old before
  shift 2
  old=$(containers) before=$(revision h1)
  check "$what: it is paused, and says why" fails "paused; web.[12] failed: $pattern" w h2 service update web --update-failure-action pause --timeout 120s "$@"
  check "$what: the store, too" is_paused h3 "web.[12] failed: $pattern"
  check "$what: the list of its revisions shows it" grep -q "^[0-9]* *update paused" <(w h3 service history web)
  check "$what: the old containers serve" untouched "$old"
  check "$what: it goes back" w h3 service rollback web --timeout 120s
  check "$what: which touched none of them" equal "$(containers)" "$old"
  check "$what: it undoes itself" fails "was rolled back; web.[12] failed: $pattern.*; it is at revision $before again" w h2 service update web \
    --update-failure-action rollback --timeout 120s "$@"
  check "$what: the store says that it did" undone h3 "web.[12] failed: $pattern"
  check "$what: which touched none of them, either" equal "$(containers)" "$old"
}
undone() { is_rollout "$1" "rollback completed" && why "$1" | grep -q -- "^$2"; }
serve='sleep 0.5; exec httpd -f -p 80 -h /www'
bad "no such image" "cannot reach the registry 127.0.0.1:1" --image 127.0.0.1:1/none:1
bad "a crash at the start" "exited with 3" -- sh -c 'echo broken >&2; exit 3'
bad "never ready" "not ready in time: connection" -- httpd -f -p 81 -h /www
bad "ready, then unwell" "unhealthy: " --update-monitor 8s --liveness 'shell:! busybox test -e /www/unwell' --liveness-interval 300ms \
  --liveness-retries 1 -- sh -c "{ sleep 2; echo >/www/unwell; } & $serve"

echo "  -- changes of mind"
before=$(revision h1) old=$(ready 4)
updates h1 --update-monitor 1s --update-parallelism 1
check "half of an update is done" until_moment h2 "$(newest)" half
check "it is rolled back" w h3 service rollback web --timeout 120s
check "all are back" the_same "$before"
check "the slot whose turn had not come has its container" equal "$(ready 4)" "$old"
updates h1
check "half of another is done" until_moment h2 "$(newest)" half
check "its rollback begins" w h3 service rollback web --detach
check "it rolls back" is_rollout h1 "rollback running"
check "another update replaces the rollback" w h2 service update web --env-add V=last --timeout 120s
check "all have come to that" the_same "$(newest)"
check "history tells of it" historical "$(newest)" "$before"

touch "$log/over"
wait
check "no request has failed" none_failed
check "never fewer served than were asked for" fewest 4
fleet_down
