#!/usr/bin/env bash
# Regenerates the committed Swift code of api/proto. `make proto` runs it; CI fails when its output differs from what is committed.
set -euo pipefail
cd "$(dirname "$0")/.."
swift build --product protoc-gen-swift
swift build --product protoc-gen-grpc-swift-2
bin=$(swift build --show-bin-path)

# generate OUT SERVER(true|false) PROTO...
generate() {
  local final=$1 server=$2 out
  shift 2
  out=$(mktemp -d)
  protoc --plugin=protoc-gen-swift="$bin/protoc-gen-swift" --plugin=protoc-gen-grpc-swift-2="$bin/protoc-gen-grpc-swift-2" -I api/proto \
    --swift_out="$out" --swift_opt=Visibility=Package,UseAccessLevelOnImports=true,FileNaming=PathToUnderscores \
    --grpc-swift-2_out="$out" \
    --grpc-swift-2_opt="Visibility=Package,UseAccessLevelOnImports=true,FileNaming=PathToUnderscores,Client=true,Server=$server" \
    "$@"
  rm -rf "$final"
  mv "$out" "$final"
  chmod 755 "$final"
}

generate Sources/WarrenAPI/Generated true warren.proto worker.proto
mapfile -t containerd < <(cd api/proto && find containerd -name '*.proto' | sort)
generate Sources/Containerd/Generated false "${containerd[@]}"
generate Sources/RaftTransport/Generated false raft_transport.proto
