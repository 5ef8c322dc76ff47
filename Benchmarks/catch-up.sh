#!/usr/bin/env bash
# catch-up.sh BENCH [SECONDS]: three members of Raft on the loopback, of which one is away while different keys of 50 kB each are written for
# SECONDS (60: more than 1 GB), and comes back when the others have taken their snapshots. Prints how long it takes until it has as much on
# its disk as the others' snapshot is large, and the most memory that each of the others used meanwhile, beside what it used before.
set -euo pipefail
BENCH=$(readlink -f "$1") SECONDS_AWAY=${2:-60}
root=$(mktemp -d /var/tmp/warren-catch-up.XXXXXX)
declare -A member=()
# shellcheck disable=SC2317 # called by the trap
finish() {
  kill -9 "${member[@]}" 2>/dev/null || true
  rm -rf "$root"
}
trap finish EXIT

start() {
  "$BENCH" raft-member --id "$1" --peer-ports 24901 --peer-ports 24902 --peer-ports 24903 --client-port "2491$1" --data-dir "$root/$1" &
  member[$1]=$!
}
load() { "$BENCH" raft-load --ports 24911 --ports 24912 --clients 16 --seconds "$1" --size 50000 --keys 100000 --label "$2"; }
# memory MEMBER FIELD, in KiB
memory() { awk -v field="$2:" '$1 == field { print $2 }' "/proc/${member[$1]}/status"; }
disk() { du -sm "$root/$1" | cut -f1; }
# Until what a member has on its disk is the same for ten seconds.
settled() {
  local before=-1
  until [ "$before" = "$(disk "$1")" ]; do before=$(disk "$1") && sleep 10; done
}

for id in 1 2 3; do start $id; done
sleep 2
load 3 "all three"
kill -9 "${member[3]}"
load "$SECONDS_AWAY" "without the third"
for id in 1 2; do settled $id; done
declare -A before=()
for id in 1 2; do
  before[$id]=$(memory $id VmRSS)
  # From here on, the most that is used is counted anew (proc(5)).
  echo 5 >"/proc/${member[$id]}/clear_refs"
done
began=$SECONDS
start 3
sleep 10
settled 3
echo "the third settled after $((SECONDS - began - 10)) s, with $(disk 3) MB on disk and $(($(memory 3 VmRSS) / 1024)) MiB of memory"
for id in 1 2; do
  echo "member $id: $((before[$id] / 1024)) MiB before, at most $(($(memory $id VmHWM) / 1024)) MiB meanwhile"
done
