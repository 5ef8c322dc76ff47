#!/usr/bin/env bash
# Everything CI runs, in the order that fails fastest. Builds once.
set -euo pipefail
cd "$(dirname "$0")/.."
export WARREN_STRICT=1
# A crash report that hangs on a closed pipe costs more than it tells.
export SWIFT_BACKTRACE="${SWIFT_BACKTRACE:-enable=no}"

step() { printf '\n== %s (after %d min)\n' "$*" $((SECONDS / 60)); }

step "dependencies"
if [ "$(id -u)" != 0 ]; then
  echo "error: the tests run containers and make network namespaces; run them as root" >&2
  exit 1
fi
scripts/dependencies.sh build run test lima

step "shell scripts, and the template of the Lima suite's VMs"
git ls-files '*.sh' .ci/run | xargs shellcheck
test/lima/check-template

step "format"
scripts/lint.sh

step "build (warnings are errors)"
swift build --build-tests

step "unit tests"
swift test --skip-build --skip 'IntegrationTests|WorkerTests'
# On their own: each of them follows a whole agent, and waits for it, while the others keep every core busy.
swift test --skip-build --filter WorkerTests

step "integration tests on real containerd"
# One after the other: each brings up a containerd, and the machine may have two cores.
swift test --skip-build --filter IntegrationTests --no-parallel

# The simulators are built in one core, and what follows them waits most of its time: what only has to be compiled gets what they leave of
# the cores (SCHED_IDLE, since SwiftPM's engine sets a niceness back). No test builds any more, as the generators compile their library anew;
# and what they write comes before the release, which would be built again for it.
bin=$(swift build --show-bin-path)
build_log=$(mktemp)
setsid chrt --idle 0 bash -ec '
  api/generate.sh >/dev/null
  git diff --exit-code --stat -- Sources/WarrenAPI/Generated Sources/Containerd/Generated Sources/RaftTransport/Generated || {
    echo "error: generated code differs from what is committed; run \"make proto\" and commit the result" >&2
    exit 1
  }
  make --no-print-directory build' >"$build_log" 2>&1 &
builds=$!
trap 'kill -- -"$builds" 2>/dev/null || true; rm -f "$build_log"' EXIT

step "Raft in the simulator: 2,000 seeds, then every seeded bug caught"
# Both build optimised and by themselves; the seeds are the same each time, so that a failure is the change's.
scripts/sim.sh run --runs 2000
scripts/sim.sh mutants 500

step "rollouts in the simulator: 2,000 schedules, then every seeded bug caught"
scripts/sim.sh rollouts --runs 2000
scripts/sim.sh rollout-mutants 1000

step "end to end"
test/e2e/run.sh "$bin/warren"

step "faults on real machines, under load"
# One seed is the same each time, the other is the change's own.
own_seed=$((16#$(git rev-parse --short=7 HEAD)))
echo "seeds 1 and $own_seed"
test/faults/run.sh "$bin" 60 1 "$own_seed"

step "whether generated code is current, and the release build"
# They began before the simulators.
wait "$builds" || { cat "$build_log"; exit 1; }

step "the demo, with a release build, and what it installs"
test/demo.sh

step "the Lima suite, with that release, on the stand-in"
# None of it is Lima: what only real VMs prove is reported as skipped.
export LIMACTL=$PWD/test/lima/standin/limactl
test/lima/standin/conformance.sh
test/lima/standin/leaves-nothing.sh "$own_seed"
test/lima/test-e2e.sh --only cluster,failover,partition,chaos,load --seed 1 --duration 120
test/lima/test-e2e.sh --only chaos --seed "$own_seed" --duration 120
