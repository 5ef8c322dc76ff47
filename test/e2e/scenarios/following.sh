# shellcheck shell=bash
# Who follows the logs sees each line once, across restarts of the daemon and of the container.
check "the daemon starts" start_warren
check "an image loads" warren image load "$MACHINE/web.tar"
check "a service" warren service create web --image web:demo --publish 8088:80 --stop-timeout 1s

visit() { in_machine curl -fsS --max-time 2 http://127.0.0.1:8088/; }
warren service logs -f --timestamps web >"$MACHINE/followed" 2>&1 &
follower=$!
followed() { equal "$(grep -c 'response:200' "$MACHINE/followed")" "$1"; }
check "a request" eventually 20 visit
check "is seen by who follows the logs" eventually 20 followed 1
kill_processes warren
check "the daemon is killed and started" start_warren
check "another request" eventually 20 visit
check "is seen by the same follower, and each once" eventually 20 followed 2
kill_processes httpd
check "the container is killed and started: a third request" eventually 20 visit
check "is seen, too" eventually 20 followed 3
warren service delete web >/dev/null
wait "$follower" || true
