# shellcheck shell=bash
# Health: what is not ready gets no traffic and does not count, what is unwell is restarted, and no request is lost when a service changes.
check "the daemon starts" start_warren
check "an image" warren image load "$MACHINE/web.tar"
# refused PATTERN ARGUMENT...: with exit code 2.
refused() {
  local pattern=$1 code=0
  shift
  warren "$@" >"$MACHINE/refused" 2>&1 || code=$?
  { equal "$code" 2 && grep -q -- "$pattern" "$MACHINE/refused"; } || { cat "$MACHINE/refused"; return 1; }
}
# field NAME JQ: of the newest task of a service that is wanted.
field() { warren task inspect "$(warren service ps "$1" -q | head -1)" -o json | jq -r "$2"; }
is() { equal "$(field "$1" "$2")" "$3"; }
has() { field "$1" "$2" | grep -q -- "$3" || { field "$1" "$2"; return 1; }; }
answers() { in_machine curl -s -m 2 -o /dev/null "http://127.0.0.1:$1/"; }
refuses() { ! answers "$1"; }
inside() { warren service exec "$1" -- sh -c "$2"; }

echo "  -- bad input"
create=(service create web --image web:demo --detach)
check "an unknown kind" refused "no kind of health check" "${create[@]}" --readiness udp://:53
check "a port that is none" refused "not a port" "${create[@]}" --liveness tcp://:70000
check "a host" refused "it is the container that is asked" "${create[@]}" --liveness http://example.org:80/
check "an interval without a check" refused "no liveness check" "${create[@]}" --liveness-interval 1s
check "an interval that is too short" refused "interval" "${create[@]}" --readiness tcp://:80 --readiness-interval 1ms

echo "  -- readiness"
check "a service that becomes ready later" warren service create web --stop-timeout 1s --image web:demo --publish 8088:80 --readiness http://:80/ready \
  --readiness-interval 300ms --readiness-retries 2 --readiness-start-interval 100ms --detach
check "it runs" eventually 20 is web .status.state TASK_STATE_RUNNING
check "and is not ready" is web '.status.health.ready // false' false
check "the list says so" has_replicas web 0/1
listed() { warren service ps web | grep -q "running (not ready)"; }
check "and the tasks" listed
check "with what the probe found" eventually 10 has web .status.health.output "HTTP 404"
check "nobody is led to it" refuses 8088
check "it gets ready" inside web 'echo yes >/www/ready'
check "and counts" eventually 5 has_replicas web 1/1
check "and is in its port" eventually 5 answers 8088
pid=$(field web .status.pid)
(warren events -f || true) >"$MACHINE/events" 2>&1 &
check "it loses its readiness" inside web 'busybox rm /www/ready'
check "and does not count" eventually 5 has_replicas web 0/1
check "and is in no port" eventually 5 refuses 8088
check "it is the same process" is web .status.pid "$pid"
check "events tell of it" eventually 10 grep -q "not-ready" "$MACHINE/events"
check "it is ready again" inside web 'echo yes >/www/ready'
check "and counts again" eventually 5 has_replicas web 1/1
kill_processes warren
check "without the daemon its port leads to it" answers 8088
check "the daemon starts again" start_warren
check "it is ready at once" has_replicas web 1/1
check "and in its port" answers 8088
check "a server of its own loopback only is found, too" warren service create hidden --stop-timeout 1s --image web:demo --readiness http://:81/ --timeout 20s -- \
  httpd -f -p 127.0.0.1:81 -h /www
check "a connection is enough" warren service create open --stop-timeout 1s --image web:demo --readiness tcp://:80 --timeout 20s
check "a command in the container" warren service create command --stop-timeout 1s --image web:demo --readiness 'exec:busybox test -e /www/index.html' --timeout 20s
check "what is no gRPC server is not ready" warren service create grpc --stop-timeout 1s --image web:demo --readiness grpc://:80 --readiness-start-interval 100ms --detach
check "and says why" eventually 20 has grpc .status.health.output "."
check "it never counts" has_replicas grpc 0/1
for service in hidden open command grpc; do warren service delete "$service" >/dev/null; done

echo "  -- liveness"
check "a service" warren service create alive --image web:demo --liveness 'shell:! busybox test -e /www/dead' --liveness-interval 300ms \
  --liveness-retries 2 --restart-delay 100ms --stop-timeout 1s --timeout 20s
pid=$(field alive .status.pid)
inside alive 'echo >/www/dead'
restarted() { is alive .status.attempt 1 && has_replicas alive 1/1; }
check "what is unwell is restarted" eventually 20 restarted
check "and says why" has alive .status.lastExit.reason "^unhealthy: exited with 1\|^unhealthy: .*exited with 1"
check "a check that hangs has failed" warren service create stuck --image web:demo --liveness 'exec:sleep 60' --liveness-timeout 300ms \
  --liveness-interval 300ms --liveness-retries 1 --restart-max 1 --restart-delay 100ms --stop-timeout 1s --detach
check "and is given up in the end" eventually 30 is stuck .status.state TASK_STATE_FAILED
check "with the reason" has stuck .status.message "unhealthy: sleep took longer than 0.3 seconds\|unhealthy: .*longer"
left() { equal "$(in_machine ps -eo args= | grep -c '^sleep 60' || true)" 0; }
check "no probe is left behind" eventually 10 left
for service in alive stuck; do warren service delete "$service" >/dev/null; done

echo "  -- the image's own check"
"$E2E/../../scripts/web-image.sh" "$MACHINE/checked.tar" web:checked \
  '{"Test":["CMD-SHELL","busybox test -e /www/ready"],"Interval":300000000,"Timeout":2000000000,"StartPeriod":60000000000,"StartInterval":100000000,"Retries":2}'
check "an image with a HEALTHCHECK" warren image load "$MACHINE/checked.tar"
check "a service of it" warren service create checked --image web:checked --restart-delay 100ms --stop-timeout 1s --detach
check "it runs" eventually 20 is checked .status.state TASK_STATE_RUNNING
check "and is not ready" has_replicas checked 0/1
inside checked 'echo >/www/ready'
check "before it says that it is" eventually 10 has_replicas checked 1/1
inside checked 'busybox rm /www/ready'
check "when it is unwell it is restarted" eventually 20 is checked .status.attempt 1
check "unless the service says no" warren service create unchecked --stop-timeout 1s --image web:checked --no-image-healthcheck --timeout 20s
for service in checked unchecked; do warren service delete "$service" >/dev/null; done

echo "  -- updates"
# Listens two seconds after it has started.
slow=(-- sh -c 'sleep 2; echo yes >/www/ready; exec httpd -f -p 80 -h /www')
check "two replicas" warren service update web --replicas 2 --update-monitor 1s --readiness-start-period 20s --timeout 60s "${slow[@]}"
check "are up" eventually 20 has_replicas web 2/2
hammer() { while [ ! -e "$MACHINE/over" ]; do if answers 8088; then echo ok; else echo failed; fi; done | sort | uniq -c >"$MACHINE/requests"; }
rm -f "$MACHINE/over"
hammer &
check "an update" warren service update web --env-add V=2 --timeout 60s
check "another, stop-first" warren service update web --env-add V=3 --update-order stop-first --timeout 60s
check "and back" warren service rollback web --timeout 60s
touch "$MACHINE/over"
wait $!
all_answered() {
  cat "$MACHINE/requests"
  ! grep -q failed "$MACHINE/requests" && [ "$(awk '{ print $1 }' "$MACHINE/requests")" -gt 300 ]
}
check "no request failed" all_answered
paused() {
  ! warren service update web --readiness http://:80/none --readiness-start-period 0s --timeout 60s 2>"$MACHINE/paused" || return 1
  grep -q "is paused; web.1 failed: not ready in time: \(HTTP 404\|connection\)" "$MACHINE/paused" || { cat "$MACHINE/paused"; return 1; }
}
check "a version that is never ready is paused, and says why" paused
check "and serves nobody" answers 8088
check "the old one is back" warren service rollback web --timeout 60s
check "whole" has_replicas web 2/2
check "it is deleted" warren service delete web
check "nothing is left" eventually 10 nothing_left
