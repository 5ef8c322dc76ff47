#!/usr/bin/env bash
# Builds in release mode and measures: the store beside bare synced appends, services beside `ctr run -d`.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/dependencies.sh build run bench
swift build -c release --static-swift-stdlib -Xlinker -s --product warren
swift build -c release --static-swift-stdlib -Xlinker -s --product warren-bench
bin=$(swift build -c release --static-swift-stdlib -Xlinker -s --show-bin-path)
"$bin/warren-bench" store
Benchmarks/service.sh "$bin/warren" "$bin/warren-bench"
