#!/usr/bin/env bash
# coverage.sh [SCENARIO...]: runs the unit, worker, integration and end-to-end tests (only these scenarios of the latter) and says which lines of
# Sources/ they reach, those of the daemons and commands of the end-to-end tests included: .build/coverage/lcov.info and summary.txt. As root.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/dependencies.sh build run test
if [ "$(id -u)" != 0 ]; then
  echo "error: the tests run containers and make network namespaces; run them as root" >&2
  exit 1
fi
out=$PWD/.build/coverage
# What the build runs of its own is counted, too, and would leave its profile here.
export LLVM_PROFILE_FILE=/dev/null
# A build of its own, beside the others: every file is compiled in another way. Counters that are moved can be mapped to a file.
build=(swift build --scratch-path "$out/build" --enable-code-coverage -Xswiftc -Xllvm -Xswiftc -runtime-counter-relocation)
"${build[@]}" --build-tests
bin=$("${build[@]}" --show-bin-path)
tests=$bin/warrenPackageTests.xctest

rm -rf "$out/profiles"
mkdir -p "$out/profiles"
# %c: the counters are in the file all along, so that what a daemon did before it was killed counts, too. %4m: all processes share four files.
export LLVM_PROFILE_FILE=$out/profiles/%c%4m.profraw SWIFT_BACKTRACE="${SWIFT_BACKTRACE:-enable=no}"
"$tests" --testing-library swift-testing --skip 'IntegrationTests|WorkerTests'
"$tests" --testing-library swift-testing --filter WorkerTests
"$tests" --testing-library swift-testing --filter IntegrationTests --no-parallel
test/e2e/run.sh "$bin/warren" "${SEED:-1}" "$@"

tools=$(dirname "$(readlink -f "$(command -v swift)")")
# Those of Swift's own, since another LLVM may not read its profiles.
"$tools/llvm-profdata" merge -sparse "$out"/profiles/*.profraw -o "$out/warren.profdata"
objects=("$tests" -object "$bin/warren" -instr-profile "$out/warren.profdata" -ignore-filename-regex '/(\.build|Tests|Generated|TestKit)/')
"$tools/llvm-cov" export -format lcov "${objects[@]}" >"$out/lcov.info"
"$tools/llvm-cov" report "${objects[@]}" >"$out/summary.txt"
rm -rf "$out/profiles"
tail -1 "$out/summary.txt"
echo "$out/lcov.info, $out/summary.txt"
