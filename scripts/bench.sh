#!/usr/bin/env bash
# bench.sh WARREN BENCH: measures release builds of both: the store beside bare synced appends, Raft's core and its failover, services beside
# `ctr run -d`. Raft beside etcd, which has to be installed for that, is Benchmarks/raft.sh.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/dependencies.sh run bench
"$2" store
"$2" raft-core
# shellcheck disable=SC2016
unshare --net sh -c 'ip link set lo up && exec "$1" raft-failover' sh "$2"
Benchmarks/service.sh "$1" "$2"
