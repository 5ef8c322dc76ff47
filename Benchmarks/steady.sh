#!/usr/bin/env bash
# steady.sh BENCH [SECONDS]: three members of Raft on the loopback under 64 clients that overwrite 1,000 keys for SECONDS (300). Prints what each
# has in memory of its own (RssAnon, in MiB) at twenty moments, and how much was written: what is kept follows from what is under way and
# from the state, not from how long the log has become. It goes up and down with each snapshot.
set -euo pipefail
BENCH=$(readlink -f "$1") seconds=${2:-300}
root=$(mktemp -d /var/tmp/warren-steady.XXXXXX)
members=()
# shellcheck disable=SC2317 # called by the trap
finish() {
  kill -9 "${members[@]}" 2>/dev/null || true
  wait "${members[@]}" 2>/dev/null || true
  rm -rf "$root"
}
trap finish EXIT

# As the daemon has it.
export MALLOC_ARENA_MAX=2
for id in 1 2 3; do
  "$BENCH" raft-member --id $id --peer-ports 25901 --peer-ports 25902 --peer-ports 25903 --client-port "2591$id" --data-dir "$root/$id" &
  members+=($!)
done
sleep 2
"$BENCH" raft-load --ports 25911 --ports 25912 --ports 25913 --clients 64 --seconds "$seconds" --size 200 --keys 1000 --label steady >"$root/load" &
load=$!
for moment in $(seq 20); do
  sleep "$((seconds / 20))"
  printf '%4d s:' "$((moment * seconds / 20))"
  for member in "${members[@]}"; do awk '$1 == "RssAnon:" { printf " %d", $2 / 1024 }' "/proc/$member/status"; done
  echo
done
wait "$load"
cat "$root/load"
