# shellcheck shell=bash
# The guides' own examples, on a manager and two workers: each command that a page shows prints what the page says (page.py).
machine_power_off
# shellcheck source=test/e2e/fleet.sh
source "$E2E/fleet.sh"
fleet_up h1 edge-1 edge-2
guides=$E2E/../../docs/guides
# page WHAT PAGE ARGUMENTS...: on the manager's machine, where "warren" is the binary.
page() { on h1 env PATH="$(dirname "$WARREN"):$PATH" NODES="edge-1 edge-2" python3 "$E2E/page.py" "$1" "$guides/$2.md" "${@:3}"; }

check "a manager starts" starts h1 cluster init --node-id h1 --manager-only --metrics-addr off
for host in edge-1 edge-2; do
  check "worker $host joins" starts "$host" worker start --manager h1:8080 --token "$(w h1 cluster join-token worker -q)" --node-id "$host" \
    --cni-subnet 10.99.0.0/24
  c "$host" images import "$MACHINE/web.tar" >/dev/null
done
# tells NAME: the guide of that name.
tells() {
  check "$1.md prints what it says" page run "$1" "$MACHINE/$1.json"
  check "a wrong word anywhere in it would be noticed" page mutants "$1" "$MACHINE/$1.json"
  check "its options and commands exist, with the defaults it says" page options "$1"
}
tells updates
fleet_down
