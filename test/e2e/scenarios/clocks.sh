# shellcheck shell=bash
# Machines whose clock is wrong: refused while certificates would not be valid in time, in one line, and as if they had never come.
machine_power_off
# shellcheck source=test/e2e/fleet.sh
source "$E2E/fleet.sh"
fleet_up h1 h2 h3
check "a clock that can be set wrong" clang -shared -fPIC -O2 -o "$log/clock-shift.so" "$E2E/clock-shift.c"
seconds=0
program_on() { [ "$1" = h1 ] && echo "$WARREN" || echo env "LD_PRELOAD=$log/clock-shift.so" "CLOCK_SHIFT_SECONDS=$seconds" "$WARREN"; }
# refused HOST CODE PATTERN ARGUMENTS...: within 20 s, in one line, and nobody is known who was not before.
refused() {
  local host=$1 expected=$2 pattern=$3 code=0
  shift 3
  # shellcheck disable=SC2046 # words
  on "$host" timeout 20 $(program_on "$host") "$@" >"$log/refused" 2>&1 || code=$?
  { equal "$code" "$expected" && grep -q "^error: .*$pattern.*set the clocks right" "$log/refused"; } || { cat "$log/refused"; return 1; }
  equal "$(grep -c '^error' "$log/refused")" 1
  equal "$(w h1 node list | grep -c .)" "$known"
}
is_ready() { equal "$(w h1 node list | awk -v name="$1" '$1 == name { print $3 }')" ready; }
voters() { equal "$(w "$1" cluster info | grep -c 'Suffrage: Voter')" "$2"; }

check "a cluster begins" starts h1 cluster init --node-id m1 --manager-only
manager_token=$(w h1 cluster join-token manager -q) worker_token=$(w h1 cluster join-token worker -q)
known=$(w h1 node list | grep -c .)
worker=(worker start --manager h1:8080 --token "$worker_token" --node-id w2 --cni-subnet 10.99.0.0/24)
manager=(manager join --leader h1:8080 --token "$manager_token" --node-id m3 --manager-only)
seconds=172800
check "a worker two days ahead is told so" refused h2 1 "node w2 is .* ahead of that of manager m1" "${worker[@]}"
check "and a manager" refused h3 1 "node m3 is .* ahead of that of manager m1" "${manager[@]}"
seconds=-172800
check "a worker two days behind is told so" refused h2 7 "behind that of manager m1" "${worker[@]}"
check "and a manager" refused h3 7 "behind that of manager m1" "${manager[@]}"
check "nobody has joined, or votes" voters h1 1

seconds=300
check "five minutes are no obstacle for a worker" starts h2 "${worker[@]}"
check "which is ready" eventually 20 is_ready w2
seconds=-300
check "nor for a manager" starts h3 "${manager[@]}"
check "which votes" eventually 20 voters h1 2
c h2 images import "$MACHINE/web.tar" >/dev/null
check "and a service runs" w h3 service create web --image web:demo --replicas 2 --timeout 60s
fleet_down
