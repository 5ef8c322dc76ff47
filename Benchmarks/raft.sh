#!/usr/bin/env bash
# Three members of Warren's Raft beside three of etcd, on this machine, under the same load through the same client, one after the other.
#
#   Benchmarks/raft.sh BENCH [DIRECTORY]     BENCH: the release build of warren-bench; DIRECTORY: on the disk to measure
#
# CLIENTS="1 16 64", SECONDS_EACH=5 and ROUNDS=3 can be changed. Needs root, etcd and perf, which counts the syncs (Debian: apt-get install
# etcd-server linux-perf).
set -euo pipefail
bench=$(realpath "$1")
dir=$(mktemp -d "${2:-/var/tmp}/warren-raft-bench.XXXXXX")
rounds=${ROUNDS:-3}
seconds=${SECONDS_EACH:-5}
warm_up=3
read -ra clients <<<"${CLIENTS:-1 16 64}"
pids=()

stop() {
  for pid in "${pids[@]}"; do kill -9 "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
  pids=()
}
trap 'rm -rf "$dir" "$dir.tsv"' EXIT

start_warren() {
  for id in 1 2 3; do
    "$bench" raft-member --id "$id" --peer-ports 23901 --peer-ports 23902 --peer-ports 23903 --client-port "2391$id" \
      --data-dir "$dir/warren-$id" &
    pids+=($!)
  done
}

start_etcd() {
  local cluster='' id
  for id in 1 2 3; do cluster+="${cluster:+,}e$id=http://127.0.0.1:2392$id"; done
  for id in 1 2 3; do
    ETCD_UNSUPPORTED_ARCH=$(uname -m) etcd --name "e$id" --data-dir "$dir/etcd-$id" --listen-peer-urls "http://127.0.0.1:2392$id" \
      --initial-advertise-peer-urls "http://127.0.0.1:2392$id" --listen-client-urls "http://127.0.0.1:2393$id" \
      --advertise-client-urls "http://127.0.0.1:2393$id" --initial-cluster "$cluster" --log-level error >"$dir/etcd-$id.log" 2>&1 &
    pids+=($!)
  done
}

# load LABEL FIRST_DIGITS CLIENTS: one line. The last column is how often the three members synced a file for 1,000 puts, those
# of the warm-up included.
load() {
  local options=() pid id
  for id in 1 2 3; do options+=(--ports "$2$id"); done
  for pid in "${pids[@]}"; do options+=(--processes "$pid"); done
  perf stat -x , -o "$dir/syncs" -e syscalls:sys_enter_fsync,syscalls:sys_enter_fdatasync -p "$(IFS=,; echo "${pids[*]}")" -- \
    "$bench" raft-load --label "$1" --clients "$3" --warm-up "$warm_up" --seconds "$seconds" "${options[@]}" >"$dir/load"
  awk -F '\t' -v OFS='\t' -v syncs="$(awk -F , '/sys_enter/ { n += $1 } END { print n }' "$dir/syncs")" -v seconds="$((warm_up + seconds))" \
    '{ print $0, syncs / ($3 * seconds) * 1000 }' "$dir/load"
}

all() {
  trap stop EXIT
  local round count
  for ((round = 0; round < rounds; round++)); do
    for count in "${clients[@]}"; do
      start_warren
      load warren 2391 "$count"
      stop
      start_etcd
      load etcd 2393 "$count"
      stop
      rm -rf "${dir:?}"/*
    done
  done
}
all | tee "$dir.tsv"

echo
echo "medians of $rounds rounds     clients   puts/s   p50 µs   p99 µs   cpu s/100k  syncs/1000"
awk -F '\t' -v OFS='\t' '
  { key = $1 "\t" $2; n[key]++; for (i = 3; i <= 7; i++) value[key, i, n[key]] = $i; seen[$2] = 1 }
  function median(key, i,    j, k, t, list, count) {
    count = n[key]
    for (j = 1; j <= count; j++) list[j] = value[key, i, j] + 0
    for (j = 1; j <= count; j++) for (k = j + 1; k <= count; k++) if (list[k] < list[j]) { t = list[j]; list[j] = list[k]; list[k] = t }
    return list[int((count + 1) / 2)]
  }
  END {
    for (clients in seen) {
      for (who = 1; who <= 2; who++) {
        key = (who == 1 ? "warren" : "etcd") "\t" clients
        printf "%-28s%8d%9d%9d%9d%13.1f%12d\n", who == 1 ? "warren" : "etcd", clients, median(key, 3), median(key, 4), median(key, 5), median(key, 6), median(key, 7)
      }
      w = "warren\t" clients
      e = "etcd\t" clients
      printf "%-28s%8d%8.2fx%17.2fx\n", "warren / etcd", clients, median(w, 3) / median(e, 3), median(w, 5) / median(e, 5)
    }
  }' "$dir.tsv"
