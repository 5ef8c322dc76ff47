#!/usr/bin/env bash
# rollout.sh WARREN [DOCKERD]: ten replicas on three workers are replaced, two at a time, start-first, while a client (requests.py) asks the
# workers' published ports for something 200 times a second; each on a machine of its own (test/e2e/fleet.sh) with real containerd. With DOCKERD,
# Docker Swarm does the same on such machines, after Warren. Needs root; for Swarm skopeo, the docker command, and for its published ports a kernel
# with IPVS: where that is missing, nothing is asked of Swarm.
#
# The time is that of the rollout, by what managers note of its begin and end. What it is compared with is what the tasks themselves take, from
# when each was made until its server answers, divided by how many are replaced at once.
set -euo pipefail
E2E=$(cd "$(dirname "$0")/../test/e2e" && pwd)
WARREN=$(readlink -f "$1") DOCKERD=${2:+$(readlink -f "$2")}
TRIALS=${TRIALS:-3} REPLICAS=${REPLICAS:-10} PARALLELISM=${PARALLELISM:-2} RATE=${RATE:-200} START=${START:-3} MONITOR=${MONITOR:-1s} LOOK=500ms
BENCHMARKS=$(cd "$(dirname "$0")" && pwd)
MACHINE=$(mktemp -d /tmp/warren-bench.XXXXXX)
export E2E WARREN MACHINE
# shellcheck source=test/e2e/machine.sh
source "$E2E/machine.sh"
# shellcheck source=test/e2e/lib.sh
source "$E2E/lib.sh"
# shellcheck source=test/e2e/fleet.sh
source "$E2E/fleet.sh"
client=
trap '[ -z "$client" ] || kill "$client"; fleet_down; rm -rf "$MACHINE"' EXIT
WORKERS="w1 w2 w3"
# Listens after a while, and ends when it is told to, as servers do that handle their signals.
SERVER=(sh -c "sleep $START; httpd -f -p 80 -h /www & trap 'kill \$!; exit' TERM; wait")

warren_up() {
  local host token
  starts h1 cluster init --node-id h1 --manager-only --metrics-addr off
  token=$(w h1 cluster join-token worker -q)
  for host in $WORKERS; do
    starts "$host" worker start --manager h1:8080 --token "$token" --node-id "$host" --cni-subnet "10.99.${host#w}.0/24" --metrics-addr off
    c "$host" images import "$MACHINE/web.tar" >/dev/null
  done
}
warren_create() {
  w h1 service create web --image web:demo --replicas "$REPLICAS" --publish 8088:80 --readiness http://:80/ --readiness-interval "$LOOK" \
    --readiness-start-interval "$LOOK" --readiness-start-period 60s --update-order start-first --update-parallelism "$PARALLELISM" \
    --update-monitor "$MONITOR" --env V=0 -- "${SERVER[@]}" 2>/dev/null
}
warren_update() { w h1 service update web --env-add "V=$1" 2>/dev/null; }
warren_answers() { true; }
warren_times() { w h1 service inspect web -o json | jq -r '.rollout | "\(.startedAt) \(.endedAt)"'; }
# When each task was made, and when its worker found that it answers.
warren_tasks() {
  w h1 task list --service web -o json | jq -r '.[] | "\(.id) \(.meta.createdAt)"' | while read -r task made; do
    echo "$made $(cat "$log"/w*.log | awk -v task="task=$task" '/ task.ready / && $0 ~ task { print $1; exit }')"
  done
}

swarm_up() {
  local host
  skopeo copy -q "oci-archive:$MACHINE/web.tar" "docker-archive:$MACHINE/docker.tar:web:demo"
  for host in h1 $WORKERS; do
    on "$host" env PATH="$(dirname "$DOCKERD"):$(dirname "$DOCKERD")/../bin:$PATH" setsid "$DOCKERD" --data-root /var/lib/warren/docker \
      --exec-root /run/docker --pidfile /run/docker.pid -H unix:///run/docker.sock </dev/null >>"$log/$host.docker.log" 2>&1 &
    disown
    eventually 60 on "$host" docker info || { tail -5 "$log/$host.docker.log"; exit 1; }
    on "$host" docker load -q -i "$MACHINE/docker.tar" >/dev/null
  done
  on h1 docker swarm init --advertise-addr eth0 >/dev/null
  for host in $WORKERS; do
    on "$host" docker swarm join --token "$(on h1 docker swarm join-token -q worker)" h1:2377 >/dev/null
    # Asked for later, they would be lost among those of the checks.
    on "$host" docker events --filter event=health_status --format '{{.Actor.ID}} {{.TimeNano}} {{.Action}}' >"$log/$host.events" &
    disown
  done
  on h1 docker node update --availability drain h1 >/dev/null
}
swarm_create() {
  local publish=()
  if swarm_answers; then publish=(--publish 8088:80); fi
  on h1 docker service create --name web --replicas "$REPLICAS" "${publish[@]}" --no-resolve-image --health-cmd 'wget -q -O /dev/null http://127.0.0.1/' \
    --health-interval "$LOOK" --health-retries 1 --health-start-period 60s --update-order start-first --update-parallelism "$PARALLELISM" \
    --update-monitor "$MONITOR" --env V=0 web:demo "${SERVER[@]}" >/dev/null
}
swarm_update() { on h1 docker service update web --env-add "V=$1" --no-resolve-image >/dev/null; }
swarm_answers() { [ -e /proc/net/ip_vs ]; }
swarm_times() { on h1 docker service inspect web | jq -r '.[0].UpdateStatus | "\(.StartedAt) \(.CompletedAt)"'; }
swarm_tasks() {
  awk '/: healthy/ && !($1 in seen) { seen[$1] = 1; print $1, $2 }' "$log"/*.events >"$MACHINE/healthy"
  # shellcheck disable=SC2046 # words
  on h1 docker inspect $(on h1 docker service ps web -q --filter desired-state=running) |
    jq -r '.[] | "\(.Status.ContainerStatus.ContainerID) \(.CreatedAt)"' | while read -r container made; do
    echo "$made @$(awk -v id="$container" '$1 == id { printf "%.3f", $2 / 1e9 }' "$MACHINE/healthy")"
  done
}

seconds() { date -d "$1" +%s.%N; }
measure() {
  local trial urls=() host begin end made answered lasted
  for host in $WORKERS; do urls+=("http://$(cat "$FLEET/$FABRIC-$host/address"):8088/"); done
  for trial in $(seq "$TRIALS"); do
    if "${peer}_answers"; then
      ip netns exec "$FABRIC" python3 "$BENCHMARKS/requests.py" "$RATE" "${urls[@]}" >"$MACHINE/requests" 2>"$MACHINE/failures" &
      client=$!
    fi
    sleep 3
    "${peer}_update" "$trial" >/dev/null
    sleep 3
    read -r begin end <<<"$("${peer}_times")"
    lasted=$(while read -r made answered; do echo "$(seconds "$made") $(seconds "$answered")"; done < <("${peer}_tasks") |
      awk -v begin="$(seconds "$begin")" -v end="$(seconds "$end")" -v atOnce="$PARALLELISM" -v replicas="$REPLICAS" '
        { sum += $2 - $1; if ($2 - $1 > most) most = $2 - $1 }
        END { if (NR != replicas) { print NR " tasks"; exit 1 }
          printf "%.1f s; its tasks took %.2f s each until they answered (at most %.2f s), %.1f s with %d at once: × %.2f", \
            end - begin, sum / NR, most, sum / atOnce, atOnce, (end - begin) / (sum / atOnce) }')
    echo "$peer: $REPLICAS replicas replaced in $lasted"
    if [ -n "$client" ]; then
      kill -TERM "$client"
      wait "$client"
      client=
      sed "s/^/$peer: /" "$MACHINE/requests"
    else
      echo "$peer: no requests; this kernel has no IPVS, which leads to its published ports"
    fi
  done
}

for peer in warren ${DOCKERD:+swarm}; do
  # shellcheck disable=SC2086 # words
  fleet_up h1 $WORKERS
  ip -n "$FABRIC" address add 10.250.0.1/24 dev br0
  "$E2E/../../scripts/web-image.sh" "$MACHINE/web.tar"
  "${peer}_up"
  "${peer}_create"
  measure
  fleet_down
done
