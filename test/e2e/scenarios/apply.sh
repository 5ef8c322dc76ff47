# shellcheck shell=bash
# Declarative use: files become services, in one step or not at all; twice is as once; Compose files for what maps.
check "the daemon starts" start_warren
check "an image" warren image load "$MACHINE/web.tar"
files="$MACHINE/files"
mkdir -p "$files/services"

# fails CODE PATTERN ARGUMENT...
fails() {
  local code=$1 pattern=$2 actual=0
  shift 2
  warren "$@" >"$MACHINE/stdout" 2>"$MACHINE/stderr" || actual=$?
  { equal "$actual" "$code" && grep -qE -- "$pattern" "$MACHINE/stderr"; } || { cat "$MACHINE/stderr"; return 1; }
}
# prints PATTERN ARGUMENT...: a successful command, whose output is kept.
prints() {
  local pattern=$1
  shift
  warren "$@" >"$MACHINE/stdout" 2>"$MACHINE/stderr" || { cat "$MACHINE/stderr"; return 1; }
  grep -qE -- "$pattern" "$MACHINE/stdout" || { cat "$MACHINE/stdout"; return 1; }
}
nothing() { equal "$(warren service list)" "No services found"; }
state() { warren service list -q | sort | while read -r id; do warren service inspect "$id" -o json | jq -c '[.meta.version, .spec]'; done; }
pids() { warren service ps "$1" -o json | jq -r '.[] | select(.desiredState == "DESIRED_STATE_RUNNING") | .status.pid' | sort; }

echo "  -- nothing is done when anything is wrong"
cat >"$files/services/10-web.yaml" <<'Y'
name: web
image: web:demo
replicas: 2
publish: ["8088:80"]
stop-timeout: 1s
env: {COLOUR: blue}
update: {monitor: 1s}
Y
# refused WHAT PATTERN TEXT: beside a good file.
refused() {
  printf '%b' "$3" >"$files/services/20-bad.yaml"
  check "$1" fails 2 "$2" apply -f "$files/services"
}
refused "a key that is none" '20-bad.yaml:3:1: unknown key .imag.; did you mean image' 'name: db\nimage: web:demo\nimag: x\n'
refused "a value that is none" '20-bad.yaml:3:11: .replicas. is not valid' 'name: db\nimage: web:demo\nreplicas: -1\n'
refused "a key twice" 'given twice' 'name: db\nimage: web:demo\nimage: web:demo\n'
refused "no YAML" '20-bad.yaml:3:1: this is not YAML; while scanning a quoted scalar that begins at 2:8' 'name: db\nimage: "web\n'
refused "the other file's name" '20-bad.yaml:1:1: service WEB is declared already, at .*10-web.yaml:1:1' 'name: WEB\nimage: web:demo\n'
refused "a list" 'a document is one service' '- web\n'
refused "nothing at all" 'there is no service in it' '# nothing\n'
refused "two that would wait for one another" 'each would wait for the next' 'name: a\nimage: x\nstarts-after: b\n---\nname: b\nimage: x\nstarts-after: a\n'
refused "a second document that cannot be" '20-bad.yaml:4:1: service db: .*4MiB' 'name: ok\nimage: x\n---\nname: db\nimage: x\nmemory: 1\n'
refused "a Compose file with what does not map" 'nothing was changed' 'services: {db: {image: x, build: .}}\n'
printf '\377\376' >"$files/services/20-bad.yaml"
check "no text" fails 2 'it is not in UTF-8' apply -f "$files/services"
rm "$files/services/20-bad.yaml"
check "a file that is not there" fails 2 'nothing.yaml does not exist' apply -f "$files/services" -f "$files/nothing.yaml"
check "a file without end" fails 2 'is too large' apply -f /dev/zero
mkdir "$files/empty"
check "a directory without files" fails 2 'has no file to apply' apply -f "$files/empty"
check "nothing was made" nothing

echo "  -- services from files"
cat >"$files/services/20-db.json" <<'Y'
{"name": "db", "image": "web:demo", "stop-timeout": "1s"}
Y
check "a dry run tells of both" prints '^web is new:$' apply -f "$files/services" --dry-run
told() { grep -q '^  task.container.env: COLOUR=blue$' "$MACHINE/stdout" && grep -q '^db is new:$' "$MACHINE/stdout"; }
check "with all that is not the default" told
check "and makes nothing" nothing
check "a directory" prints '^✓ Service created: web$' apply -f "$files/services" --timeout 120s
check "both run" eventually 5 has_replicas web 2/2
check "both run" has_replicas db 1/1
version() { warren service inspect "$1" -o json | jq -r .meta.version; }
before=$(pids web; pids db) declared=$(state)
check "the same again" prints '^✓ Service unchanged: web$' apply -f "$files/services" --timeout 60s
check "changes nothing" equal "$(state)" "$declared"
check "and restarts nothing" equal "$(pids web; pids db)" "$before"
check "the same on standard input" prints '^✓ Service unchanged: db$' apply -f - --timeout 60s <"$files/services/20-db.json"
check "what no file names stays" has_replicas web 2/2
cat >"$files/more.yaml" <<'Y'
name: one
image: web:demo
replicas: 0
---
name: two
image: web:demo
replicas: 0
Y
check "several documents on standard input" prints '^✓ Service created: two$' apply -f - --timeout 60s <"$files/more.yaml"
same_version() { equal "$(version one)" "$(version two)"; }
check "were one transaction" same_version
check "ids for scripts" prints "^$(warren service inspect one -q)$" apply -f "$files/more.yaml" -q

echo "  -- changes"
sed -i 's/blue/green/; s/replicas: 2/replicas: 3/' "$files/services/10-web.yaml"
check "a dry run says what would change" prints '^  task.container.env: COLOUR=blue → COLOUR=green$' apply -f "$files/services" --dry-run
dry() { grep -q '^  2 tasks would be replaced, 1 at a time, start-first:$' "$MACHINE/stdout" && grep -q '^db stays as it is.$' "$MACHINE/stdout"; }
check "and how many tasks" dry
check "and does nothing" equal "$(pids web; pids db)" "$before"
check "a change" prints '^✓ Service updated: web$' apply -f "$files/services" --timeout 120s
check "was waited for" has_replicas web 3/3
check "db was not touched" equal "$(pids db)" "$(tail -1 <<<"$before")"
colours() { equal "$(for task in $(warren task list --service web -q); do warren task inspect "$task" -o json | jq -r '.spec.container.env[0]'; done | sort -u)" "$1"; }
check "all have it" colours COLOUR=green
printf 'name: web\nimage: web:demo\nreplicas: 3\nupdate: {monitor: 2s}\ncommand: [sh, -c, "echo broken >&2; exit 3"]\n---\nname: new\nimage: web:demo\n' >"$files/broken.yaml"
check "a change that does not run fails" fails 1 'the update of web is paused; web.1 failed' apply -f "$files/broken.yaml" --timeout 120s
check "the other was waited for" has_replicas new 1/1
check "and applying it again fails again" fails 1 'the update of web is paused' apply -f "$files/broken.yaml" --timeout 120s
check "the good file brings it back" warren apply -f "$files/services" --timeout 120s
check "all have it" colours COLOUR=green
check "what left the file has its default" prints '^  replicated.replicas: 3 → 1$' apply -f - --dry-run <<<'{"name": web, "image": "web:demo"}'
check "a service that is global now" fails 2 'the mode of service web cannot be changed' apply -f - <<<$'name: extra\nimage: web:demo\n---\nname: web\nimage: web:demo\nmode: global'
absent() { ! warren service inspect "$1" >/dev/null 2>&1; }
check "holds all up" absent extra
for service in web db one two new; do warren service delete "$service" >/dev/null 2>&1; done

echo "  -- a Compose file"
cat >"$files/compose.yaml" <<'Y'
services:
  front:
    image: ${IMAGE:?which}
    ports: ["8089:80"]
    env_file: front.env
    environment:
      GREETING: ${GREETING:-hello}
    stop_grace_period: 1s
    depends_on:
      back: {condition: service_healthy}
    deploy: {replicas: 2}
  back:
    image: web:demo
    command: sh -c 'sleep 10; echo >/tmp/up; exec sleep 1000'
    stop_grace_period: 1s
    tmpfs: /tmp
    healthcheck: {test: "test -f /tmp/up", interval: 1s, start_interval: 200ms, retries: 20}
    container_name: back
Y
printf 'LEVEL=info\n' >"$files/front.env"
check "a variable that is required" fails 2 'compose.yaml:3:12: variable IMAGE is required: which' apply -f "$files/compose.yaml"
printf 'IMAGE=web:demo\n' >"$files/.env"
check "what does not map is refused" fails 2 "compose.yaml:18:5: 'services.back.container_name' has no counterpart" apply -f "$files/compose.yaml"
check "and nothing was made" nothing
check "without it" prints '^✓ Service created: front$' apply -f "$files/compose.yaml" --ignore-unsupported --detach
check "what was left out was told" grep -q "left out: .*container_name" "$MACHINE/stderr"
waits() { grep -q '^front .*0/2 (starts after back)' <<<"$(warren service list)"; }
check "the first waits for the second" eventually 5 waits
listed() { [ "$(warren service ps front)" = 'No tasks yet: front starts after back' ]; }
inspected() { grep -q 'starts after back' <<<"$(warren service inspect front)"; }
check "and says so" inspected
check "also when its tasks are asked for" listed
no_tasks() { equal "$(warren task list --service front -q)" ""; }
check "it has no task" no_tasks
kill_processes warren
check "the daemon is killed meanwhile, and resumes" start_warren
check "who applies it again waits with it" fails 0 'front: starts after back' apply -f "$files/compose.yaml" --ignore-unsupported --timeout 60s
check "then both run" has_replicas front 2/2
created() { warren service ps "$1" -o json | jq -r 'map(.meta.createdAt) | min' | xargs -I{} date -d {} +%s; }
in_order() { [ $(($(created front) - $(created back))) -ge 10 ] || { created front; created back; return 1; }; }
check "the first came after the second was ready" in_order
# shellcheck disable=SC2016 # the container's shell expands it
environment() { equal "$(warren service exec front -- sh -c 'echo $LEVEL $GREETING')" "info hello"; }
check "with its environment" environment
page() { in_machine curl -fsS --max-time 2 http://127.0.0.1:8089/ | grep -q 'Hello from Warren'; }
check "it serves" eventually 5 page
before=$(pids front; pids back)
check "the same again" prints '^✓ Service unchanged: back$' apply -f "$files/compose.yaml" --ignore-unsupported --timeout 60s
check "restarts nothing" equal "$(pids front; pids back)" "$before"
check "scaling to nothing and back does not wait" warren service scale front --replicas 0
check "also when what it started after is away" warren service scale back --replicas 0
check "it runs again" warren service scale front --replicas 1 --timeout 30s
check "a ring by hand is refused" fails 2 'each would wait for the next' apply -f - <<<$'name: back\nimage: web:demo\nstarts-after: front'

echo "  -- what waits to be promoted"
printf 'name: canary\nimage: web:demo\nreplicas: 2\nstop-timeout: 1s\nenv: {V: "1"}\nupdate: {strategy: canary, canary-weight: "50", monitor: 1s}\n' \
  >"$files/canary.yaml"
check "a service" prints '^✓ Service created: canary$' apply -f "$files/canary.yaml" --timeout 60s
sed -i 's/V: "1"/V: "2"/' "$files/canary.yaml"
check "a change of it is staged" prints '^✓ Update staged: canary$' apply -f "$files/canary.yaml" --timeout 60s
check "the same again changes nothing" prints '^✓ Service unchanged: canary$' apply -f "$files/canary.yaml" --timeout 60s
check "it is promoted" prints '^✓ Rollout completed: canary$' service promote canary --timeout 60s
