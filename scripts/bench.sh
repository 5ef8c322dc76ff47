#!/usr/bin/env bash
# bench.sh WARREN BENCH: measures release builds of both: the store beside bare synced appends, services beside `ctr run -d`.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/dependencies.sh run bench
"$2" store
Benchmarks/service.sh "$1" "$2"
