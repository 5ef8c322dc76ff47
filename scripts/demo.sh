#!/usr/bin/env bash
# demo.sh up|down: Warren on this machine, for real: a daemon with its state in a folder of its own, an image made here, a service with two
# replicas behind a published port. `up` may be run again at any time; `down` removes everything `up` made.
set -euo pipefail
cd "$(dirname "$0")/.."

state=${WARREN_DEMO_STATE:-/var/lib/warren-demo}
run=${WARREN_DEMO_RUN:-/run/warren-demo}
port=${WARREN_DEMO_PORT:-8088}
bridge=warrendemo0
subnet=10.87.0.0/16
namespace="warren-demo"
warren=$PWD/bin/warren
export WARREN_SOCKET=$run/warren.sock

say() { if [ -t 1 ]; then printf '\n\033[1m%s\033[0m\n' "$*"; else printf '\n%s\n' "$*"; fi; }
show() { printf '\n$ %s\n' "${*/#$warren/warren}" && "$@"; }
fail() {
  echo "error: $*" >&2
  exit 1
}
# daemon_pid: the pid of the demo's daemon, if the pid in the file is alive and is that daemon.
daemon_pid() {
  local pid
  pid=$(cat "$run/pid" 2>/dev/null) || return 1
  tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -q -- "--data-dir $state" && echo "$pid"
}

start_daemon() {
  if daemon_pid >/dev/null; then return; fi
  mkdir -p "$run"
  say "Starting a cluster of one machine (log: $run/warren.log)"
  setsid "$warren" cluster init --data-dir "$state" --socket "$WARREN_SOCKET" --containerd-namespace "$namespace" --bridge "$bridge" \
    --cni-subnet "$subnet" --metrics-addr 127.0.0.1:9098 </dev/null >"$run/out" 2>>"$run/warren.log" &
  echo $! >"$run/pid"
  for _ in $(seq 300); do
    if grep -q 'Cluster initialized successfully' "$run/out"; then
      cat "$run/out"
      return
    fi
    daemon_pid >/dev/null || break
    sleep 0.1
  done
  tail -20 "$run/warren.log" >&2
  fail "the daemon did not start; its log is above"
}

# answers: prints what each replica answers, asking until both have.
answers() {
  local seen="" answer
  for _ in $(seq 100); do
    answer=$(curl -fsS --max-time 5 "http://127.0.0.1:$port/cgi-bin/whoami" 2>/dev/null) || { sleep 0.1; continue; }
    case " $seen " in *" $answer "*) ;; *) seen="$seen $answer" && echo "  http://127.0.0.1:$port answered from $answer" ;; esac
    [ "$(wc -w <<<"$seen")" -lt 2 ] || return 0
  done
  fail "not every replica answered on port $port (answered:${seen:- none})"
}

up() {
  [ "$(id -u)" = 0 ] || fail "containers need root; run this as root"
  scripts/dependencies.sh build run
  if [ ! -x bin/warren ] || [ -n "$(find Sources Package.swift -newer bin/warren -print -quit)" ]; then
    say "Building a release binary (the first time takes some minutes)"
    make --no-print-directory build
  fi
  start_daemon

  say "Making a small web image from this machine's own packages and loading it"
  mkdir -p "$run"
  scripts/web-image.sh "$run/web.tar"
  show "$warren" image load "$run/web.tar"

  if "$warren" service inspect web >/dev/null 2>&1; then
    say "The service web is already there"
  else
    say "Creating a service: two replicas behind port $port"
    show "$warren" service create web --image web:demo --replicas 2 --publish "$port:80" --stop-timeout 1s
  fi

  say "The answers of its replicas"
  answers
  curl -fsS "http://127.0.0.1:$port/"
  show "$warren" service list
  show "$warren" service ps web
  show "$warren" service logs web --tail 3

  say "It stays running. Try:"
  cat <<TXT
  export WARREN_SOCKET=$WARREN_SOCKET PATH=$PWD/bin:\$PATH
  curl http://127.0.0.1:$port/
  warren service scale web --replicas 4
  warren service exec web -- sh -c 'hostname; ps'
  warren service logs web -f
  warren events
  kill -9 \$(cat $run/pid)        # then: make demo; the containers never noticed
  make demo-down                 # removes everything
TXT
}

down() {
  [ "$(id -u)" = 0 ] || fail "run this as root"
  if daemon_pid >/dev/null || [ -d "$state" ]; then
    [ -x "$warren" ] || fail "bin/warren is not there; run 'make build' first"
    start_daemon >/dev/null
    while read -r name; do
      "$warren" service delete "$name"
    done < <("$warren" service list -o json | python3 -c 'import json, sys; [print(s["spec"]["name"]) for s in json.load(sys.stdin)]')
    "$warren" image prune >/dev/null
    pid=$(daemon_pid)
    kill -TERM "$pid"
    while kill -0 "$pid" 2>/dev/null && ! grep -q '^State:.Z' "/proc/$pid/status"; do sleep 0.1; done
  fi
  nft delete table ip "$bridge" 2>/dev/null || true
  ip link delete "$bridge" 2>/dev/null || true
  # Only where the firewall drops forwarded packets by default.
  { iptables -S FORWARD 2>/dev/null || true; } | sed -n "s/^-A \\(.* \"warren $bridge\" .*\\)/-D \\1/p" | xargs -r -L1 iptables -w
  rmdir "/sys/fs/cgroup/$namespace" /sys/fs/cgroup/*/"$namespace" 2>/dev/null || true
  rm -rf "$state" "$run" "/run/warren/$bridge.lock"
  echo "The demo is gone."
}

case ${1:-} in
  up) up ;;
  down) down ;;
  *)
    echo "usage: demo.sh up|down" >&2
    exit 2
    ;;
esac
