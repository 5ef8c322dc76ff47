#!/usr/bin/env bash
# cluster.sh WARREN BENCH [DOCKERD]: three managers and two workers, each on a machine of its own (test/e2e/fleet.sh) with real containerd.
# With DOCKERD, Docker Swarm does the same on the same machines, after Warren. Needs root, docker-registry and skopeo; for Swarm the docker
# command. TRIALS (10) of each, of which medians are printed (and the 99th percentile, that is of so few the longest); PARTS chooses.
set -euo pipefail
E2E=$(cd "$(dirname "$0")/../test/e2e" && pwd)
WARREN=$(readlink -f "$1") BENCH=$(readlink -f "$2") DOCKERD=${3:+$(readlink -f "$3")}
TRIALS=${TRIALS:-10} PARTS=${PARTS:-idle present absent scale cli kill cut term power api placement} IDLE=${IDLE:-600}
MACHINE=$(mktemp -d /tmp/warren-bench.XXXXXX)
export E2E WARREN MACHINE
# shellcheck source=test/e2e/machine.sh
source "$E2E/machine.sh"
# shellcheck source=test/e2e/lib.sh
source "$E2E/lib.sh"
# shellcheck source=test/e2e/fleet.sh
source "$E2E/fleet.sh"
registry=
trap 'fleet_down; [ -z "$registry" ] || kill "$registry"; rm -rf "$MACHINE"' EXIT
MANAGERS="h1 h2 h3" WORKERS="h4 h5"
IMAGE=10.250.0.1:5000/web:demo

other_than() { local other; for other in $MANAGERS; do [ "$other" = "$1" ] || { echo "$other" && return; }; done; }
servers_on() { on "$1" pgrep -xc httpd || true; }
until_servers() { until [ $(($(servers_on h4) + $(servers_on h5))) = "$1" ]; do sleep 0.005; done; }
# stands WHAT FACTS...: milliseconds of the trials.
stands() {
  local what=$1
  shift
  printf '%s\n' "$@" | sort -n | awk -v what="$peer: $what" \
    '{ v[NR] = $1 } END { printf "%-62s median %7.0f ms   p99 %7.0f ms   (%d)\n", what, v[int((NR + 1) / 2)], v[NR], NR }'
}

# Warren. Each host's daemon is named after it.
warren_daemon() {
  local host=$1 pattern=$2
  shift 2
  : >"$FLEET/$host.out"
  on "$host" setsid "$WARREN" "$@" </dev/null >"$FLEET/$host.out" 2>>"$FLEET/$host.log" &
  disown
  eventually 60 grep -q "$pattern" "$FLEET/$host.out" || { tail -5 "$FLEET/$host.log"; exit 1; }
}
warren_up() {
  local host
  warren_daemon h1 initialized cluster init --node-id h1 --manager-only "${NODE_DOWN[@]}" --metrics-addr off
  for host in h2 h3; do
    warren_daemon "$host" joined manager join --leader h1:8080 --token "$(on h1 "$WARREN" cluster join-token manager -q)" --node-id "$host" \
      --manager-only "${NODE_DOWN[@]}" --metrics-addr off
  done
  for host in $WORKERS; do
    warren_daemon "$host" joined worker start --manager h1:8080,h2:8080,h3:8080 --token "$(on h1 "$WARREN" cluster join-token worker -q)" \
      --node-id "$host" --cni-subnet "10.99.${host#h}.0/24" --metrics-addr off
  done
  eventually 30 warren_healthy
}
warren_healthy() {
  [ "$(on "${1:-h1}" "$WARREN" cluster info | grep -c 'Suffrage: Voter')" = 3 ] && [ "$(on h1 "$WARREN" node list | grep -c ready)" = 5 ]
}
warren_resume() { warren_daemon "$1" resumed start; }
warren_leader() { on "$1" "$WARREN" cluster info | awk '/Leader ID:/ { print $3 }'; }
warren_creating() { echo "$WARREN service create $1 --image $IMAGE --replicas $2 --detach --stop-timeout 0s"; }
warren_scale() { on h1 "$WARREN" service scale "$1" --replicas "$2" --detach >/dev/null; }
warren_delete() { on h1 "$WARREN" service delete "$1" >/dev/null 2>&1; }
warren_pid() { on "$1" sh -c "ps -eo pid=,args= | awk '\$2 ~ /warren\$/ && (\$3 == \"start\" || \$3 == \"cluster\" || \$3 == \"manager\" || \$3 == \"worker\") { print \$1 }'"; }
warren_forget_image() { on "$1" ctr --address /var/lib/warren/containerd/containerd.sock --namespace warren images rm --sync "$IMAGE" >/dev/null; }
warren_fetch_image() {
  on "$1" ctr --address /var/lib/warren/containerd/containerd.sock --namespace warren images pull --plain-http "$IMAGE" >/dev/null
}

# Docker Swarm. It starts a containerd of its own; managers are drained, as Warren's run no containers here.
swarm_daemon() {
  on "$1" setsid "$DOCKERD" --data-root /var/lib/warren/docker --exec-root /run/docker --pidfile /run/docker.pid -H unix:///run/docker.sock \
    --insecure-registry 10.250.0.1:5000 </dev/null >>"$FLEET/$1.docker.log" 2>&1 &
  disown
  eventually 60 on "$1" docker info || { tail -5 "$FLEET/$1.docker.log"; exit 1; }
}
swarm_up() {
  local host
  for host in $MANAGERS $WORKERS; do swarm_daemon "$host"; done
  on h1 docker swarm init --advertise-addr eth0 >/dev/null
  for host in h2 h3; do on "$host" docker swarm join --token "$(on h1 docker swarm join-token -q manager)" h1:2377 >/dev/null; done
  for host in $WORKERS; do on "$host" docker swarm join --token "$(on h1 docker swarm join-token -q worker)" h1:2377 >/dev/null; done
  for host in $MANAGERS; do on h1 docker node update --availability drain "$host" >/dev/null; done
  eventually 60 swarm_healthy
}
swarm_healthy() { [ "$(on "${1:-h1}" docker node ls --format '{{.Status}} {{.ManagerStatus}}' | grep -cE '^Ready (Leader|Reachable)$|^Ready $')" = 5 ]; }
swarm_resume() { swarm_daemon "$1"; }
swarm_leader() { on "$1" docker node ls --format '{{.Hostname}} {{.ManagerStatus}}' | awk '$2 == "Leader" { print $1 }'; }
swarm_creating() { echo "docker service create --name $1 --replicas $2 --detach --stop-grace-period 0s $IMAGE"; }
swarm_scale() { on h1 docker service scale --detach "$1=$2" >/dev/null; }
swarm_delete() { on h1 docker service rm "$1" >/dev/null; }
swarm_pid() { on "$1" cat /run/docker.pid; }
swarm_forget_image() { on "$1" sh -c "docker container prune -f; docker image rm -f $IMAGE" >/dev/null; }
swarm_fetch_image() { on "$1" docker pull -q "$IMAGE" >/dev/null; }

# The daemon, from the outside.
# create HOST SERVICE REPLICAS
# shellcheck disable=SC2046 # words of a command
create() { on "$1" timeout 30 $("${peer}_creating" "$2" "$3") >/dev/null 2>&1; }
ends() { on "$2" kill "-$1" "$("${peer}_pid" "$2")"; }
until_created() {
  local began
  began=$(now_ms)
  until create "$1" "$2" 0; do sleep 0.01; done
  echo $(($(now_ms) - began))
}

measure_replicas() {
  local what=$1 image=$2 trial host began facts=()
  for host in $WORKERS; do "${peer}_fetch_image" "$host"; done
  for trial in $(seq "$TRIALS"); do
    if [ "$image" = absent ]; then for host in $WORKERS; do "${peer}_forget_image" "$host"; done; fi
    began=$(now_ms)
    create h1 "two-$trial" 2
    until_servers 2
    facts+=($(($(now_ms) - began)))
    "${peer}_delete" "two-$trial"
    until_servers 0
    sleep 1
  done
  stands "$what" "${facts[@]}"
}
measure_scale() {
  local trial began facts=()
  for trial in $(seq "$TRIALS"); do
    create h1 "many-$trial" 2
    until_servers 2
    sleep 1
    began=$(now_ms)
    "${peer}_scale" "many-$trial" 20
    until_servers 20
    facts+=($(($(now_ms) - began)))
    "${peer}_delete" "many-$trial"
    until_servers 0
    sleep 2
  done
  stands "scale 2 to 20, all running" "${facts[@]}"
}
measure_cli() {
  local at_a_time began number
  for at_a_time in 1 4; do
    began=$(now_ms)
    # shellcheck disable=SC2046 # words of a command
    seq 100 | on h1 xargs -P "$at_a_time" -I '{}' $("${peer}_creating" 'cli-{}' 0) >/dev/null
    echo "$peer: services a second by the command, one process each, $at_a_time at a time:  $((100000 / ($(now_ms) - began)))"
    for number in $(seq 100); do "${peer}_delete" "cli-$number"; done
  done
}
measure_loss() {
  local way=$1 what=$2 trial leader survivor facts=()
  for trial in $(seq "$TRIALS"); do
    eventually 120 "${peer}_healthy" h1 && eventually 60 "${peer}_healthy" h2
    leader=$("${peer}_leader" h1) survivor=$(other_than "$leader")
    if [ "$way" = kill ]; then ends KILL "$leader"; else fleet_cut "$leader"; fi
    facts+=("$(until_created "$survivor" "$way-$trial")")
    if [ "$way" = kill ]; then "${peer}_resume" "$leader"; else fleet_heal "$leader"; fi
    sleep 2
  done
  stands "$what" "${facts[@]}"
}
measure_term() {
  local trial leader survivor facts=()
  for trial in $(seq "$TRIALS"); do
    eventually 60 warren_healthy h1 && eventually 60 warren_healthy h2
    leader=$(warren_leader h1) survivor=$(other_than "$leader")
    on "$survivor" "$BENCH" gap --prefix "term-$trial" --seconds 3 >"$FLEET/gap" &
    sleep 1
    ends TERM "$leader"
    wait $!
    facts+=("$(awk '{ print $2 }' "$FLEET/gap")")
    warren_resume "$leader"
  done
  stands "longest gap of writes when the leader gets SIGTERM" "${facts[@]}"
}
measure_power() {
  local what=$1 trial victim=h5 other=h4 began facts=()
  create h1 plug 4
  until_servers 4
  for trial in $(seq "$TRIALS"); do
    sleep 3
    began=$(now_ms)
    fleet_power_off "$victim"
    until [ "$(servers_on "$other")" = 4 ]; do sleep 0.02; done
    facts+=($(($(now_ms) - began)))
    fleet_boot "$victim"
    "${peer}_resume" "$victim"
    eventually 60 "${peer}_healthy" h1
    read -r victim other <<<"$other $victim"
  done
  stands "$what" "${facts[@]}"
  "${peer}_delete" plug
  until_servers 0
}
# shellcheck disable=SC2016 # awk programs
memory() { on "$1" awk '/^VmRSS/ { printf "%.0f", $2 / 1024 }' "/proc/$("${peer}_pid" "$1")/status"; }
# shellcheck disable=SC2016
written() { on "$1" awk '/^write_bytes/ { print $2 }' "/proc/$("${peer}_pid" "$1")/io"; }
measure_idle() {
  local host leader before=()
  sleep 60
  leader=$("${peer}_leader" h1)
  echo "$peer: memory at rest: leader $(memory "$leader"), manager $(memory "$(other_than "$leader")"), worker $(memory h4) MiB"
  for host in $MANAGERS $WORKERS; do before+=("$(written "$host")"); done
  sleep "$IDLE"
  for host in $MANAGERS $WORKERS; do
    echo "$peer: bytes written by $host in $IDLE s at rest: $(($(written "$host") - before[0]))"
    before=("${before[@]:1}")
  done
}
measure_api() {
  local leader
  leader=$("${peer}_leader" h1)
  echo "$peer: API of the leader" && "measure_${peer}_api" "$leader"
  echo "$peer: API of a follower" && "measure_${peer}_api" "$(other_than "$leader")"
}
measure_warren_api() { on "$1" "$BENCH" api --daemon "$(warren_pid "$1")" --services 500; }
# One process of curl that keeps its connections, as the callers of Warren's API do.
measure_swarm_api() {
  local callers number began
  for callers in 1 16; do
    for number in $(seq 500); do
      cat <<CURL
unix-socket = /run/docker.sock
url = "http://d/v1.41/services/create"
silent
show-error
header = "Content-Type: application/json"
output = /dev/null
fail
data = "{\"Name\":\"api-$1-$callers-$number\",\"TaskTemplate\":{\"ContainerSpec\":{\"Image\":\"$IMAGE\"}},\"Mode\":{\"Replicated\":{\"Replicas\":0}}}"
next
CURL
    done | sed '$d' >"$FLEET/curl"
    began=$(now_ms)
    on "$1" curl --parallel --parallel-max "$callers" -K "$FLEET/curl"
    echo "$callers callers: $((500000 / ($(now_ms) - began))) creations a second"
  done
}
measure_placement() {
  local leader host
  # Only the simulated workers get tasks.
  for host in $WORKERS; do on h1 "$WARREN" node drain "$host" >/dev/null; done
  leader=$(warren_leader h1)
  on "$leader" "$BENCH" placement --manager "$leader:8080" --token "$(on h1 "$WARREN" cluster join-token worker -q)" --daemon "$(warren_pid "$leader")"
}
wants() { [[ " $PARTS " == *" $1 "* ]]; }

prepare() {
  # shellcheck disable=SC2086
  fleet_up $MANAGERS $WORKERS
  ip -n "$FABRIC" address add 10.250.0.1/24 dev br0
  ip -n "$FABRIC" link set lo up
  local host
  for host in $WORKERS; do
    on "$host" sh -c "mount -t tmpfs tmpfs /etc/containerd && mkdir -p /etc/containerd/certs.d/${IMAGE%%/*} &&
      echo 'server = \"http://${IMAGE%%/*}\"' >/etc/containerd/certs.d/${IMAGE%%/*}/hosts.toml"
  done
  "$E2E/../../scripts/web-image.sh" "$MACHINE/web.tar"
  cat >"$MACHINE/registry.yml" <<YML
version: 0.1
log: { level: error, accesslog: { disabled: true } }
storage: { filesystem: { rootdirectory: $MACHINE/registry } }
http: { addr: 0.0.0.0:5000 }
YML
  ip netns exec "$FABRIC" docker-registry serve "$MACHINE/registry.yml" >"$MACHINE/registry.log" 2>&1 &
  registry=$!
  eventually 20 ip netns exec "$FABRIC" skopeo copy -q --dest-tls-verify=false "oci-archive:$MACHINE/web.tar" "docker://$IMAGE"
}

for peer in warren ${DOCKERD:+swarm}; do
  NODE_DOWN=()
  prepare
  "${peer}_up"
  if wants idle; then measure_idle; fi
  if wants present; then measure_replicas "2 replicas running, image present" present; fi
  if wants absent; then measure_replicas "2 replicas running, image in a registry" absent; fi
  if wants scale; then measure_scale; fi
  if wants cli; then measure_cli; fi
  if wants kill; then measure_loss kill "leader kill -9, until a service is created elsewhere"; fi
  if wants cut; then measure_loss cut "leader cut off silently, the same"; fi
  if wants term && [ "$peer" = warren ]; then measure_term; fi
  if wants power; then measure_power "worker without power, its tasks run elsewhere"; fi
  if wants api; then measure_api; fi
  fleet_down
  kill "$registry" && registry=
done
if wants power; then
  peer=warren NODE_DOWN=(--node-down 4s)
  prepare
  warren_up
  measure_power "the same with --node-down 4s"
  fleet_down
  kill "$registry" && registry=
fi
if wants placement; then
  peer=warren NODE_DOWN=()
  prepare
  warren_up
  measure_placement
fi
