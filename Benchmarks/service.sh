#!/usr/bin/env bash
# service.sh BINARY BENCH: from `service create` to running and to the first HTTP answer, for 1 and 10 replicas, beside `ctr run -d` of the same
# image in the same run; the API's create rate; start-up, idle memory, processor time and bytes written. Medians of ROUNDS (10), in a machine
# made of namespaces (test/e2e/machine.sh), as root.
set -euo pipefail
E2E=$(cd "$(dirname "$0")/../test/e2e" && pwd)
WARREN=$(readlink -f "$1") BENCH=$(readlink -f "$2") ROUNDS=${ROUNDS:-10}
MACHINE=$(mktemp -d /tmp/warren-bench.XXXXXX)
export E2E WARREN MACHINE
# shellcheck source=test/e2e/machine.sh
source "$E2E/machine.sh"
# shellcheck source=test/e2e/lib.sh
source "$E2E/lib.sh"
trap 'machine_power_off; machine_remove_cgroups; rm -rf "$MACHINE"' EXIT

now_us() { date +%s%6N; }
milliseconds() { awk -v us="$1" 'BEGIN { printf "%.1f ms", us / 1000 }'; }

"$E2E/../../scripts/web-image.sh" "$MACHINE/web.tar"
machine_boot
: >"$MACHINE/warren.log"
began=$(now_us)
start_warren
started=$(($(now_us) - began))
warren image load "$MACHINE/web.tar" >/dev/null
ctr image ls -q | grep -q web:demo

echo "start to serving                              $(milliseconds $started)"
in_machine "$BENCH" service --warren "$WARREN" --containerd "$(socket)" --rounds "$ROUNDS"
pid=$(in_machine pgrep -x warren | head -1)
in_machine "$BENCH" api --daemon "$pid"

ticks() { in_machine sh -c "cut -d' ' -f14,15 /proc/$pid/stat" | awk '{ print $1 + $2 }'; }
# shellcheck disable=SC2016 # an awk program
written() { in_machine awk '/^write_bytes/ { print $2 }' "/proc/$pid/io"; }
# Long enough for what the load left to be given back.
sleep 65
t=$(ticks) w=$(written)
sleep 60
# shellcheck disable=SC2016 # an awk program
echo "idle memory of the daemon                     $(in_machine awk '/^VmRSS/ { printf "%.1f MiB", $2 / 1024 }' "/proc/$pid/status")"
echo "idle processor time                           $(awk -v t=$(($(ticks) - t)) 'BEGIN { printf "%.2f %% of a core", t / 60 }')"
echo "idle bytes written in a minute                $(($(written) - w))"
echo "size of the binary                            $(($(stat -c %s "$WARREN") / 1000000)) MB"
