#!/usr/bin/env bash
# run.sh BINARY [SEED] [SCENARIO...]: end-to-end tests of the built binary on real containerd, as root, each in a machine of its own made of
# namespaces (machine.sh). Leaves nothing behind. A failed run prints the seed that repeats its random choices. Without a scenario: all of
# them, in two halves at once, since most of the time they wait.
set -euo pipefail
E2E=$(cd "$(dirname "$0")" && pwd)
WARREN=$(readlink -f "$1")
SEED=${2:-$((RANDOM * 32768 + RANDOM))}
shift $(($# > 2 ? 2 : $#))
scenarios=("$@")

if [ "$(id -u)" != 0 ]; then
  echo "error: these tests make namespaces and run containers; run them as root" >&2
  exit 1
fi
if [ ${#scenarios[@]} = 0 ]; then
  halves=("service apply health strategies following bad-input clocks network operator faults expired upgrade upheaval updates" "workers managers failover membership recovery pages rollouts")
  outputs=$(mktemp -d) pids=() order=() failures=()
  trap 'kill "${pids[@]}"; rm -rf "$outputs"; exit 130' INT TERM
  for half in "${!halves[@]}"; do
    # shellcheck disable=SC2086 # words
    "$0" "$WARREN" "$SEED" ${halves[half]} >"$outputs/$half" 2>&1 &
    pids+=($!)
  done
  for half in "${!halves[@]}"; do
    if wait "${pids[half]}"; then order+=("$outputs/$half"); else failures+=("$outputs/$half"); fi
  done
  cat "${order[@]}" "${failures[@]}" </dev/null
  rm -rf "$outputs"
  exit $((${#failures[@]} > 0))
fi
MACHINE=$(mktemp -d /tmp/warren-e2e.XXXXXX)
export E2E WARREN SEED MACHINE
# shellcheck source=test/e2e/machine.sh
source "$E2E/machine.sh"
# shellcheck source=test/e2e/lib.sh
source "$E2E/lib.sh"

finish() {
  local status=$?
  if declare -F fleet_down >/dev/null; then fleet_down; fi
  machine_power_off
  machine_remove_cgroups
  if [ $status = 0 ] && [ "$failed" = 0 ]; then rm -rf "$MACHINE"; else echo "kept for inspection: $MACHINE (seed $SEED)"; fi
  printf '%s passed, %s failed\n' "$passed" "$failed"
  [ "$failed" = 0 ] || exit 1
}
trap finish EXIT
trap 'exit 130' INT TERM

"$E2E/../../scripts/web-image.sh" "$MACHINE/web.tar"
for scenario in "${scenarios[@]}"; do
  printf '\n-- %s (seed %s)\n' "$scenario" "$SEED"
  RANDOM=$((SEED % 32768))
  rm -rf "$MACHINE/disk"
  : >"$MACHINE/warren.log"
  machine_boot
  # shellcheck source=/dev/null
  source "$E2E/scenarios/$scenario.sh"
  machine_power_off
done
