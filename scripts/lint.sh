#!/usr/bin/env bash
# Format and size: swift-format in strict mode, and no hand-written file over 400 lines.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/swift-files.sh | xargs -0 swift format lint --strict --parallel
long=$(scripts/swift-files.sh | xargs -0 wc -l | awk '$2 != "total" && $1 > 400 { print $2 ": " $1 " lines" }')
if [ -n "$long" ]; then
  printf 'error: files over 400 lines; split them where the idea splits:\n%s\n' "$long" >&2
  exit 1
fi
