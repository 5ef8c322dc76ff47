# shellcheck shell=bash disable=SC2034
# What the scripts share, on the host: VMs, what is done in them (guest.sh), and counting what was found. Clean for bash 3.2, which macOS has.
#
#   guest VM FUNCTION ARGUMENTS...   a function of guest.sh, as root in the VM
#   check WHAT COMMAND...            counts one expectation; "need" also ends the scenario when it is not met
#   figure NAME MS LIMIT             notes a time, and counts whether it is within the limit
#   skip WHAT WHY; real_only WHAT COMMAND...

LIMA=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
WORKSPACE=$(cd "$LIMA/../.." && pwd)
LIMACTL=${LIMACTL:-limactl}
# A path is one from here, whatever directory it is used in.
case $LIMACTL in */*) LIMACTL=$(cd "$(dirname "$LIMACTL")" && pwd)/$(basename "$LIMACTL") ;; esac
RUN=$(printf '%x' "$(date +%s)")

say() { printf '%s\n' "$*"; }
fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}
usage_error() {
  printf 'error: %s; see %s --help\n' "$*" "$(basename "$0")" >&2
  exit 2
}
# number FLAG VALUE [FORM]
number() {
  printf '%s\n' "${2:-}" | grep -Ex "${3:-[1-9][0-9]*}" >/dev/null || usage_error "$1 wants a number, not '${2:-}'"
}
# The comment at the top of a script is its help.
help() { awk 'NR > 1 && !/^#/ { exit } NR > 1 { sub(/^# ?/, ""); print }' "$0"; }

need_limactl() {
  command -v "$LIMACTL" >/dev/null || fail "there is no $LIMACTL; install Lima, or name the program with LIMACTL; see docs/testing/lima-setup.md"
  LIMACTL_VERSION=$("$LIMACTL" --version)
  case $LIMACTL_VERSION in
    *standin*)
      STANDIN=yes
      [ "$(id -u)" = 0 ] || fail "the stand-in makes namespaces; run this as root"
      ;;
    *)
      STANDIN=
      [ "$(id -u)" != 0 ] || fail "limactl does not run as root; run this as a user, or name the stand-in with LIMACTL"
      ;;
  esac
}
# The kind of machine that the VMs are: qemu, vz or standin.
backend() {
  local kind=
  [ -z "${BACKEND:-}" ] || { say "$BACKEND" && return; }
  kind=$("$LIMACTL" list --format '{{.Name}} {{.VMType}}' 2>/dev/null | awk '/^warren-/ { kind = $2 } END { print kind }')
  [ -n "$kind" ] || kind=${STANDIN:+standin}
  say "${kind:-lima}"
}
header() {
  printf '\n== %s\nbackend: %s (%s)\n' "$1" "$(backend)" "$LIMACTL_VERSION"
}

# VMs that there are, from VMS once it is known; with "running", those that run now.
vms() {
  if [ -n "${VMS:-}" ] && [ $# = 0 ]; then
    say "$VMS"
  else
    "$LIMACTL" list --format '{{.Name}} {{.Status}}' 2>/dev/null |
      awk -v want="${1:-}" '/^warren-(manager|worker)-[0-9]+ / && (want == "" || $2 == "Running") { print $1 }'
  fi
}
managers() { vms | grep '^warren-manager-' || true; }
workers() { vms | grep '^warren-worker-' || true; }
status_of() { "$LIMACTL" list --format '{{.Name}} {{.Status}}' 2>/dev/null | awk -v name="$1" '$1 == name { print $2 }'; }
# others_but VM: all VMs but that one; others VM...: managers but those.
others_but() { vms | grep -vx "$1"; }
others() {
  local vm
  for vm in $(managers); do case " $* " in *" $vm "*) ;; *) say "$vm" ;; esac done
}

# At / because Lima would go to this directory in the VM, which is not there.
in_vm() {
  local vm=$1
  shift
  "$LIMACTL" shell --workdir / "$vm" "$@"
}
guest() {
  local vm=$1
  shift
  in_vm "$vm" sudo bash /mnt/warren/test/lima/guest.sh "$@"
}
vm_of() { say "warren-$1"; }
# Started VMs are ready, or this fails. Both streams go elsewhere: what Lima leaves running would keep ours open.
start_vm() { "$LIMACTL" start --tty=false "$1" >"$REPORT/start-$1.log" 2>&1 || { tail -3 "$REPORT/start-$1.log" && return 1; }; }
power_cut() {
  keep_log "$1"
  "$LIMACTL" stop -f "$1" >/dev/null 2>&1
}

# scratch NAME: a directory that git ignores, the same for each run on the same VMs, so that a run that was killed leaves nothing to the next.
scratch() { say "$WORKSPACE/.build/lima-$1-$(printf '%s' "$LIMACTL ${LIMA_HOME:-}" | cksum | cut -d ' ' -f 1)"; }
# The report's directory. What is asked to be kept is; else what failed.
open_report() {
  if [ -n "${REPORT:-}" ]; then
    mkdir -p "$REPORT" || fail "the report's directory $REPORT cannot be made; name another with --report"
    REPORT=$(cd "$REPORT" && pwd)
    KEEP_REPORT=yes
  else
    REPORT=$(scratch report)
    rm -rf "$REPORT"
    KEEP_REPORT=
  fi
  RESULTS=$REPORT/results.jsonl
  # What an earlier run left there.
  (cd "$REPORT" 2>/dev/null && rm -rf logs acknowledged-* start-*.log stopped-at terms bench.json ratios summary.md junit.xml logs.tar.gz) || true
  mkdir -p "$REPORT/logs"
  : >"$RESULTS"
  SCENARIO=${SCENARIO:-setup}
}
json() {
  local text
  text=$(printf '%s' "$1" | LC_ALL=C tr -c '[:print:]\n\200-\377' ' ' | head -c 4000)
  text=${text//\\/\\\\}
  text=${text//\"/\\\"}
  text=${text//$'\n'/\\n}
  printf '"%s"' "$text"
}
# result pass|fail|skip WHAT SECONDS DETAIL
result() {
  printf '{"scenario":"%s","check":%s,"result":"%s","seconds":%s,"detail":%s}\n' "$SCENARIO" "$(json "$2")" "$1" "$3" "$(json "$4")" >>"$RESULTS"
}
check() {
  local what=$1 out code=0 began=$SECONDS
  shift
  out=$("$@" 2>&1) || code=$?
  if [ $code = 0 ]; then
    printf '  ok    %s\n' "$what"
    result pass "$what" $((SECONDS - began)) ""
  else
    printf '  FAIL  %s\n' "$what"
    printf '%s\n' "${out:-exit code $code}" | tail -15 | sed 's/^/        | /'
    result fail "$what" $((SECONDS - began)) "${out:-exit code $code}"
  fi
  return 0
}
# The exit code of what cannot go on and has said why.
NOT_MET=99
need() {
  local before
  before=$(count fail)
  check "$@"
  [ "$(count fail)" = "$before" ] || exit $NOT_MET
}
skip() {
  printf '  skip  %s (%s)\n' "$1" "$2"
  result skip "$1" 0 "$2"
}
# What the stand-in cannot show.
real_only() {
  if [ -n "$STANDIN" ]; then skip "$1" "only a real VM proves it"; else check "$@"; fi
}
figure() {
  printf '        %s: %s ms\n' "$1" "$2"
  printf '{"scenario":"%s","figure":%s,"ms":%s}\n' "$SCENARIO" "$(json "$1")" "${2:-null}" >>"$RESULTS"
  check "$1: at most $3 ms" test "$2" -le "$3"
}
count() { grep -c "\"result\":\"$1\"" "$RESULTS" || true; }
equal() { [ "$1" = "$2" ] || { say "expected '$2', got '$1'" && return 1; }; }

# Logs of daemons are lost with a power cut, so they are kept before.
keep_log() {
  in_vm "$1" sudo sh -c 'cat /tmp/warren-*.log 2>/dev/null' >>"$REPORT/logs/$1.log" 2>/dev/null || true
}
collect_logs() {
  local vm dir
  for vm in $(vms running); do
    keep_log "$vm"
    guest "$vm" evidence >"$REPORT/logs/$vm.state" 2>&1 || true
    dir=$("$LIMACTL" list --format '{{.Dir}}' "$vm" 2>/dev/null) || continue
    tail -n 2000 "$dir/ha.stderr.log" >"$REPORT/logs/$vm.lima" 2>/dev/null || rm -f "$REPORT/logs/$vm.lima"
  done
}

# The cluster.

address() { say "lima-$1.internal"; }
# api VM: managers listen on 8080 and 7946, and the numbers after these.
api() { say "$(address "$1"):$((8079 + ${1##*-}))"; }
apis() {
  local vm list=
  for vm in $(managers); do list=$list,$(api "$vm"); done
  say "${list#,}"
}
node_name() { say "${1#warren-}"; }
# manager_options VM: how it is told where it is.
manager_options() {
  say "--node-id $(node_name "$1") --bind-addr $(address "$1"):$((7945 + ${1##*-})) --api-addr $(api "$1") --manager-only --node-down 6s" \
    "--raft-profile ${RAFT_PROFILE:-lan}"
}
# shellcheck disable=SC2046 # words of a command
init_manager() { guest "$1" start cluster init $(manager_options "$1"); }
# join_manager VM BY-WHICH TOKEN
# shellcheck disable=SC2046
join_manager() { say "$3" | guest "$1" join manager join --leader "$(api "$2")" $(manager_options "$1"); }
# join_worker VM TOKEN
join_worker() { say "$2" | guest "$1" join worker start --manager "$(apis)" --node-id "$(node_name "$1")"; }
resume() { guest "$1" start start; }
# Who leads, when all managers are there.
leading() { guest "$(managers | sed -n 1p)" await 20 leader; }
formed_everywhere() {
  local vm
  for vm in $(managers); do guest "$vm" await 30 formed "$(managers | wc -l | tr -d ' ')" || return; done
}
# Each manager's own data, without asking the leader.
equal_state() {
  local vm all
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    all=
    for vm in $(managers); do all="$all$(guest "$vm" state_hash)
"; done
    [ "$(printf %s "$all" | sort -u | wc -l | tr -d ' ')" != 1 ] || return 0
    sleep 1
  done
  say "their data differ: $all" && return 1
}
# Containers that run, with their processes, on all workers.
workload() {
  local vm
  for vm in $(workers); do guest "$vm" tasks_list; done
}
# forget_all: as if no cluster had ever been there.
forget_all() {
  local vm
  for vm in $(vms); do guest "$vm" forget >/dev/null || return; done
}
# form_cluster: the one that scenarios need, without looking much at how it comes to be; that is what "cluster" is for.
form_cluster() {
  local first vm token
  first=$(managers | sed -n 1p)
  forget_all && init_manager "$first" || return
  token=$(guest "$first" w cluster join-token manager -q) || return
  for vm in $(others "$first"); do join_manager "$vm" "$first" "$token" || return; done
  token=$(guest "$first" w cluster join-token worker -q) || return
  for vm in $(workers); do join_worker "$vm" "$token" && guest "$vm" image || return; done
}
# Whether there is a cluster that is as it should be.
healthy() {
  local first
  first=$(managers | sed -n 1p)
  guest "$first" alive && formed_everywhere && guest "$first" await 20 ready "$(vms | wc -l | tr -d ' ')"
}
start_vms() {
  local vm running
  running=$(vms running)
  for vm in $(vms); do
    case " $(say "$running" | tr '\n' ' ') " in *" $vm "*) ;; *) need "$vm starts" start_vm "$vm" ;; esac
  done
}
# need_cluster: takes the one that there is, after whatever was left of a run that was killed; else forms one.
need_cluster() {
  local vm
  start_vms
  for vm in $(vms); do guest "$vm" recover >/dev/null 2>&1 || true; done
  if healthy >/dev/null 2>&1 && guest "$(managers | sed -n 1p)" delete_services >/dev/null 2>&1; then return; fi
  need "a cluster is formed" form_cluster
  need "it is as it should be" healthy
}
# note_acknowledged VM PREFIX: takes down what the writer there has had acknowledged; kept_on VM PREFIX: all of it is there, once.
note_acknowledged() { guest "$1" acknowledged "$2" >"$REPORT/acknowledged-$2"; }
kept_on() { guest "$1" kept "$2" <"$REPORT/acknowledged-$2"; }
say_and_fail() { say "$1" && return 1; }
# give_context MANAGER VM: root there may administrate the cluster, under the name of "suite", through all managers.
give_context() { guest "$1" export_context | guest "$2" import_context; }
