#!/usr/bin/env bash
# test-e2e.sh [--skip-setup] [--skip-cleanup] [--keep-vms] [--only NAME] [--report DIR] [--help]
#
# Makes the VMs, runs the scenarios, collects the logs, cleans up and says what was found; exit code 1 when anything was missed.
#
#   --skip-setup     the VMs are there already (setup.sh)
#   --skip-cleanup   leaves VMs and cluster as they are at the end
#   --keep-vms       keeps the VMs at the end, but not the cluster
#   --only NAME      this scenario; may be given several times, and NAME may be several with commas:
#                    cluster, failover, partition, chaos, load, rolling, bench, multi-dc (all of them by default, in this order)
#   --report DIR     where the report and the logs are put; without it they are only kept when something was missed
#
# Of single scenarios:
#   --runs N         failover: how often (1)
#   --seed N         chaos: which schedule (made up by default, and printed)
#   --duration S     chaos: how many seconds (60)
#   --scale NAME     load: small, medium or large: 50, 200 or 1,000 containers (small)
#   --baseline FILE  bench: figures of an earlier run, bench.json of its report, to be compared with
#   --rtt LIST       multi-dc: ms from manager 1 (a) to 2 (b), and so on: a-b:20,b-c:80 (the default)
#
# LIMACTL names another program than limactl, such as test/lima/standin/limactl.
set -euo pipefail
# shellcheck source=test/lima/lib.sh
. "$(cd "$(dirname "$0")" && pwd)/lib.sh"

all="cluster failover partition chaos load rolling bench multi-dc"
only='' setup=yes cleanup=yes keep='' REPORT=${REPORT:-}
export RUNS=1 SEED='' DURATION=60 SCALE=small BASELINE='' RTT=a-b:20,b-c:80
while [ $# -gt 0 ]; do
  case $1 in
    --skip-setup) setup='' ;;
    --skip-cleanup) cleanup='' ;;
    --keep-vms) keep=yes ;;
    --only)
      for name in $(echo "${2:-}" | tr ',' ' '); do
        case " $all " in *" $name "*) only="$only $name" ;; *) usage_error "there is no scenario '$name'" ;; esac
      done
      [ -n "$only" ] || usage_error "--only wants a scenario"
      shift
      ;;
    --report)
      REPORT=${2:-}
      [ -n "$REPORT" ] || usage_error "--report wants a directory"
      shift
      ;;
    --runs) number "$1" "${2:-}" && RUNS=$2 && shift ;;
    --seed) number "$1" "${2:-}" '[0-9]+' && SEED=$2 && shift ;;
    --duration) number "$1" "${2:-}" && DURATION=$2 && shift ;;
    --scale)
      SCALE=${2:-}
      case $SCALE in small | medium | large) shift ;; *) usage_error "--scale wants small, medium or large" ;; esac
      ;;
    --baseline) [ -f "${2:-}" ] || usage_error "--baseline wants a file" && BASELINE=$(cd "$(dirname "$2")" && pwd)/$(basename "$2") && shift ;;
    --rtt) RTT=${2:-} && number "$1" "$RTT" '[a-z]-[a-z]:[0-9]+(,[a-z]-[a-z]:[0-9]+)*' && shift ;;
    -h | --help) help && exit ;;
    *) usage_error "unknown argument '$1'" ;;
  esac
  shift
done
# Programs that are run over a connection would take what is typed.
exec </dev/null
# Everything random is made of it.
SEED=${SEED:-$((RANDOM * 32768 + RANDOM))}

need_limactl
command -v python3 >/dev/null || fail "the report is written with python3, which is not there"
open_report
began=$SECONDS ended=''

finish() {
  local code=$?
  trap - EXIT
  trap '' INT TERM
  set +e
  if [ -z "$ended" ]; then result fail "the run got to its end" $((SECONDS - began)) "it was interrupted, with exit code $code"; fi
  printf '{"run":"%s","backend":"%s","limactl":%s,"warren":%s,"commit":"%s","seed":%s,"seconds":%s}\n' "$RUN" "$(backend)" \
    "$(json "$LIMACTL_VERSION")" "$(json "${WARREN_VERSION:-}")" "$(git -C "$WORKSPACE" rev-parse --short HEAD 2>/dev/null)" "$SEED" \
    $((SECONDS - began)) >>"$RESULTS"
  collect_logs
  if [ -n "$cleanup" ] && ! "$LIMA/cleanup.sh" --force ${keep:+--keep-vms}; then
    result fail "the VMs are cleaned up" 0 "see above"
  fi
  "$LIMA/report" "$REPORT"
  local failed summary
  failed=$(count fail)
  summary="$(count pass) passed, $failed failed, $(count skip) skipped"
  if [ -n "$KEEP_REPORT" ] || [ "$failed" != 0 ]; then say "report: $REPORT"; else rm -rf "$REPORT"; fi
  say "$summary"
  [ "$failed" = 0 ] || exit 1
  exit 0
}
trap finish EXIT
trap 'exit 130' INT TERM

if [ -n "$setup" ]; then need "the VMs are there" "$LIMA/setup.sh"; fi
VMS=$(vms)
BACKEND=$(backend)
if [ -z "$(managers)" ] || [ -z "$(workers)" ]; then fail "there are no VMs; make them with: $LIMA/setup.sh"; fi
WARREN_VERSION=$(guest "$(managers | sed -n 1p)" w version) || fail "Warren does not run in the VMs; run $LIMA/setup.sh"
for SCENARIO in ${only:-$all}; do
  header "$SCENARIO (warren ${WARREN_VERSION#warren }, seed $SEED)"
  scenario_began=$SECONDS code=0
  # In a shell of its own, so that one that cannot go on ends only itself.
  set +e
  (
    set -eE
    trap 'say "$(basename "${BASH_SOURCE[0]}"), line $LINENO: $BASH_COMMAND" >"$REPORT/stopped-at"' ERR
    # shellcheck source=/dev/null
    . "$LIMA/scenarios/$SCENARIO.sh"
  )
  code=$?
  set -e
  if [ $code != 0 ] && [ $code != "$NOT_MET" ]; then
    check "the scenario gets to its end" say_and_fail "exit code $code at $(cat "$REPORT/stopped-at" 2>/dev/null)"
  fi
  say "        $SCENARIO: $((SECONDS - scenario_began)) s"
  printf '{"scenario":"%s","took":%s}\n' "$SCENARIO" $((SECONDS - scenario_began)) >>"$RESULTS"
done
ended=yes
