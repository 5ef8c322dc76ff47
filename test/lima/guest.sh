#!/usr/bin/env bash
# guest.sh FUNCTION ARGUMENTS...: what the suite does inside of a VM, as root. Waiting and measuring happen here, by this VM's clock:
# a call from the host takes longer than what is measured. A manager's or worker's name is that of its VM without "warren-".
set -euo pipefail
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
# Nothing may keep the user's directory busy, and root may not be able to read it.
cd /
WARREN=/mnt/warren/bin/warren
NAME=$(hostname) && NAME=${NAME#lima-warren-}
LOG=/tmp/warren-$NAME.log
# Lost at a power cut, as the daemon is; data under DATA stays.
STATE=/run/warren-test
DATA=/var/lib/warren
# HOME is the client's: contexts are kept there.
export HOME=/root
mkdir -p $STATE
# shellcheck source=test/lima/network.sh
. "$(dirname "$0")/network.sh"

say() { printf '%s\n' "$*"; }
fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}
now_ms() { date +%s%3N; }

# await SECONDS COMMAND...: until it succeeds; else prints what it said last.
await() {
  local deadline=$(($(now_ms) + $1 * 1000)) out
  shift
  until out=$("$@" 2>&1); do
    if [ "$(now_ms)" -ge $deadline ]; then
      say "not in time: $*: $out"
      return 1
    fi
    sleep 0.05
  done
  [ -z "$out" ] || say "$out"
}
pause() { sleep "$1"; }
equal() { [ "$1" = "$2" ] || { say "expected '$2', got '$1'" && return 1; }; }

# The daemon.

# alive: a zombie is not, nor another process with its number.
alive() {
  local pid
  pid=$(cat $STATE/pid 2>/dev/null) && [ -n "$pid" ] || return 1
  awk '/^Name:/ { name = $2 } /^State:/ { state = $2 } END { exit name != "warren" || state == "Z" }' "/proc/$pid/status" 2>/dev/null && say "$pid"
}
off() { ! alive; }
# launch ARGUMENTS...: starts warren with them.
launch() {
  local pid
  if pid=$(alive); then fail "warren runs here already, with pid $pid; stop it first"; fi
  : >"$STATE/out"
  # In a session of its own: this script and its connection end before it.
  setsid "$WARREN" "$@" </dev/null >$STATE/out 2>>"$LOG" &
  say $! >$STATE/pid
}
serves() {
  if grep -q '^✓' $STATE/out; then return; fi
  alive >/dev/null || { tail -3 "$LOG" && say "it has ended"; }
  return 1
}
# start ARGUMENTS...: until it says that it serves.
start() {
  launch "$@"
  await 60 serves
}
# join ROLE WORD-BEFORE-THE-ADDRESSES...: with the token on standard input.
join() {
  (umask 077 && cat >$STATE/token)
  start "$@" --token-file $STATE/token
}
# refused PATTERN ARGUMENTS...: warren, with the token on standard input, ends with an error like that.
refused() {
  local pattern=$1 out code=0
  shift
  out=$(timeout 30 "$WARREN" "$@" --token-file - 2>&1) || code=$?
  if [ $code = 0 ] || [ $code = 124 ]; then say "it was not refused (exit code $code): $out" && return 1; fi
  grep -q "^error: .*$pattern" <<<"$out" || { say "another error: $out" && return 1; }
}
signal() { kill "-$1" "$(alive)"; }
# stop SIGNAL: and until it has ended.
stop() {
  signal "$1"
  await 20 off
}
# recover: what a run that was killed may have left is undone, and the daemon runs if it ever did.
recover() {
  end_writers
  heal
  if alive >/dev/null; then signal CONT; elif [ -e $DATA/security ]; then start start; fi
}
end_writers() {
  local file
  for file in "$STATE"/writer-*; do
    [ ! -e "$file" ] || kill -9 -- "-$(cat "$file")" 2>/dev/null || true
    rm -f "$file"
  done
}
# fits: whether the binary runs here.
fits() { "$WARREN" version; }
# resolves VM...: all VMs know one another by name.
resolves() {
  local vm
  for vm in "$@"; do
    getent ahostsv4 "lima-$vm.internal" >/dev/null || fail "$NAME does not find lima-$vm.internal; the VM needs the network user-v2"
  done
}
# evidence: how things are, for the report.
evidence() {
  local line
  for line in "$WARREN cluster info --stale" "$WARREN node list --stale" "$WARREN service list --stale" "ctr --namespace warren tasks list" \
    "ps -eo pid,stat,etimes,rss,args" "ip -br address" "iptables-save" "dmesg"; do
    say "--- $line"
    # shellcheck disable=SC2086 # words
    timeout 5 $line 2>&1 | tail -200 || true
  done
}
# Everything of Warren's goes: its daemon, containers, network, data and logs.
forget() {
  local id
  end_writers
  if alive >/dev/null; then
    signal CONT
    stop KILL
  fi
  heal
  for id in $(tasks_list | awk '{ print $1 }'); do ctr --namespace warren tasks kill --signal SIGKILL "$id" >/dev/null 2>&1 || true; done
  await 20 no_task || true
  for id in $(ctr --namespace warren tasks list -q); do ctr --namespace warren tasks delete "$id" >/dev/null 2>&1 || true; done
  for id in $(ctr --namespace warren containers list -q); do ctr --namespace warren containers delete "$id" >/dev/null 2>&1 || true; done
  for id in $(ip netns list 2>/dev/null | awk '/^warren/ { print $1 }'); do ip netns delete "$id" || true; done
  ip link delete warren0 2>/dev/null || true
  nft list tables | awk '$3 ~ /^warren/ { print "delete table", $2, $3 }' | nft -f -
  # Each as it was added, with another first letter.
  iptables -w -S FORWARD | sed -n '/--comment "warren /s/^-A/iptables -w -D/p' | sh
  for id in $(ip -o link show type veth 2>/dev/null | awk '$2 ~ /^veth/ { sub(/@.*/, "", $2); print $2 }'); do
    ip link delete "$id" 2>/dev/null || true
  done
  for id in $(ctr --namespace warren images list -q); do ctr --namespace warren images delete --sync "$id" >/dev/null; done
  find /sys/fs/cgroup -depth -type d -path '*/warren*' -exec rmdir {} + 2>/dev/null || true
  rm -rf $DATA /run/warren $STATE /tmp/warren-*.log /root/.config/warren
}
no_task() { equal "$(tasks_list)" ""; }

# What containerd runs, whatever Warren says: tasks and their processes.
tasks_list() { ctr --namespace warren tasks list | awk '$3 == "RUNNING" { print $1, $2 }' | sort; }
running() { equal "$(tasks_list | wc -l)" "$1"; }
# image: makes the test image and loads it: no VM needs the internet for it.
image() {
  local file=$STATE/web.tar
  /mnt/warren/scripts/web-image.sh $file
  ctr --namespace warren images import $file
  rm $file
}
# crash: the first container's process.
crash() { kill -9 "$(tasks_list | awk 'NR == 1 { print $2 }')"; }
# http URL PATTERN
http() { curl -fsS --max-time 2 "$1" | grep "$2"; }
# answering URL COUNT: so many different replicas do.
answering() { equal "$(for _ in 1 2 3 4 5 6 7 8; do curl -fsS --max-time 2 "$1/cgi-bin/whoami" || true; done | sort -u | grep -c .)" "$2"; }

# What this manager says. "local_" is what it knows itself, without asking the leader.
w() { "$WARREN" "$@"; }
leader() { w cluster info | awk '/Leader ID:/ { print $3 }' | grep .; }
local_leader() { timeout 2 "$WARREN" cluster info --stale | awk '/Leader ID:/ { print $3 }' | grep .; }
another_leads() { local now && now=$(local_leader) && [ "$now" != "$1" ] && say "$now"; }
# formed COUNT: so many voters, no other manager, all heard of, and one that leads.
formed() {
  local info
  info=$(w cluster info)
  # In a condition set -e does not act.
  equal "$(grep -c 'Suffrage: Voter' <<<"$info") of $(grep -c 'Suffrage:' <<<"$info")" "$1 of $1" || return
  ! grep 'Status:' <<<"$info" && awk '/Leader ID:/ { print $3 }' <<<"$info" | grep .
}
ready() { equal "$(w node list | awk '$3 == "ready"' | wc -l)" "$1"; }
node_is() { equal "$(w node list | awk -v node="$1" '$1 == node { print $3 }')" "$2"; }
service_is() { equal "$(w service list | awk -v name="$1" '$1 == name { print $2 }')" "$2"; }
# Whether each service has as many running tasks as it wants.
settled() { equal "$(w service list | awk 'NR > 1 { split($2, n, "/"); if (n[1] != n[2]) print $1, $2 }')" ""; }
# Running tasks, by containerd's names for them.
placed() { w task list | awk '$4 == "running" { print $1 }' | sort; }
# What there is, without what the manager asked says of the managers: the same everywhere when logs are.
state_hash() { for what in service task; do timeout 5 "$WARREN" "$what" list --stale -o json || return; done | sha256sum | cut -d' ' -f1; }
# delete_services [PREFIX]: all at once; without --detach they would be waited for one after the other.
named() { w service list | awk -v prefix="$1" 'NR > 1 && index($1, prefix) == 1 { print $1 }'; }
delete_services() {
  local names
  names=$(named "${1:-}")
  [ -n "$names" ] || return 0
  # shellcheck disable=SC2086 # names
  w service delete --detach --timeout 60s $names >$STATE/delete.out 2>&1 || fail "services are not deleted: $(grep '^error' $STATE/delete.out)"
  await 300 none_named "${1:-}"
}
none_named() { equal "$(named "$1")" ""; }

# Writing. A writer makes services with numbers for names, one after the other, tries each until a manager has acknowledged it, and notes
# "NUMBER BEGAN ACKNOWLEDGED ATTEMPTS", times in ms. Made already means that an attempt before was not answered, though done.

# write_on PREFIX PAUSE [WARREN'S OPTIONS...]: until STATE/stop appears.
write_on() {
  local prefix=$1 pause=$2 n=0 began attempts code
  shift 2
  while [ ! -e "$STATE/stop-$prefix" ]; do
    n=$((n + 1)) attempts=0 began=$(now_ms)
    while :; do
      attempts=$((attempts + 1)) code=0
      timeout 12 "$WARREN" service create "$prefix-$n" --image web:demo --replicas 0 --detach --timeout 10s "$@" >$STATE/write.out 2>&1 || code=$?
      # 4: it is there.
      if [ $code = 0 ] || { [ $code = 4 ] && [ $attempts -gt 1 ]; }; then break; fi
      say "$(now_ms) $prefix-$n attempt $attempts, code $code: $(tail -1 $STATE/write.out)" >>"$STATE/errors-$prefix"
      [ ! -e "$STATE/stop-$prefix" ] || return 0
      sleep 0.02
    done
    say "$n $began $(now_ms) $attempts" >>"$STATE/writes-$prefix"
    sleep "$pause"
  done
}
# writer PREFIX PAUSE [OPTIONS...]: the same in the background.
writer() {
  rm -f "$STATE"/{stop,writes,errors}-"$1"
  : >"$STATE/writes-$1"
  : >"$STATE/errors-$1"
  setsid bash "$0" write_on "$@" </dev/null >>"$STATE/errors-$1" 2>&1 &
  say $! >"$STATE/writer-$1"
  await 20 has_written "$1" 3
}
written() { wc -l <"$STATE/writes-$1"; }
has_written() { [ "$(written "$1")" -ge "$2" ] || { tail -2 "$STATE/errors-$1" && return 1; }; }
# writes_more PREFIX COUNT SECONDS
writes_more() { await "$3" has_written "$1" $(($(written "$1") + $2)); }
# writer_ended PREFIX: it finishes the write that it is at.
writer_ended() { ! grep -q '^State:.[^Z]' "/proc/$(cat "$STATE/writer-$1")/status" 2>/dev/null; }
stop_writer() {
  touch "$STATE/stop-$1"
  await 15 writer_ended "$1"
  cat "$STATE/errors-$1" >>"$LOG.writes"
}
# longest_gap PREFIX: between two acknowledgements, in ms; and the attempts that the slowest write took.
longest_gap() {
  awk 'NR > 1 && $3 - last > gap { gap = $3 - last } { last = $3 } $4 > most { most = $4 } END { print gap + 0, most + 0 }' "$STATE/writes-$1"
}
acknowledged() { awk -v prefix="$1" '{ print prefix "-" $1 }' "$STATE/writes-$1" | sort; }
# kept PREFIX: reads the acknowledged writes from standard input; each is there, once.
kept() {
  local there missing
  there=$(w service list | awk 'NR > 1 { print $1 }' | grep "^$1-" | sort)
  missing=$(comm -23 - <(sort -u <<<"$there") | tr '\n' ' ')
  equal "lost:$missing twice:$(uniq -d <<<"$there" | tr '\n' ' ')" "lost: twice:"
}
# watch_leader OLD: in the background, notes when this manager first knows another leader.
watch_leader() {
  rm -f $STATE/new-leader
  now_ms >$STATE/mark
  setsid bash "$0" note_leader "$1" </dev/null >>"$LOG.writes" 2>&1 &
}
note_leader() {
  local now
  now=$(await 30 another_leads "$1")
  say "$(now_ms) $now" >$STATE/new-leader.part
  mv $STATE/new-leader.part $STATE/new-leader
}
# failover PREFIX: waits until another leads and takes writes, and prints the new leader, the ms until it was known here, and the ms without an
# acknowledged write. Both begin with the last write that was acknowledged before: when the fault happened this VM's clock cannot tell, but
# it was later. Which one was the last is told by the longest pause; where that came after the new leader was known, the mark is taken.
failover() {
  await 20 test -e $STATE/new-leader >/dev/null || fail "no other leader"
  local at leader
  read -r at leader <$STATE/new-leader
  await 20 wrote_since "$1" "$at" >/dev/null || fail "$leader leads and acknowledges nothing"
  awk -v at="$at" -v leader="$leader" -v mark="$(cat $STATE/mark)" '
    $3 > mark && $3 - last > gap { gap = $3 - last; began = last }
    { last = $3 }
    END { print leader, at - (began < at ? began : mark), gap }' "$STATE/writes-$1"
}
# Three of them: the pause may have ended before this manager knew.
wrote_since() { awk -v at="$2" '$3 >= at { found++ } END { exit found < 3 }' "$STATE/writes-$1"; }
# none_took_longer PREFIX MS: from the first attempt of each.
none_took_longer() { equal "$(awk -v most="$2" '$3 - $2 > most { print $1, $3 - $2 }' "$STATE/writes-$1")" ""; }
# refuses_write PATTERN: in time, in words, without having done it.
refuses_write() {
  local out code=0 began
  began=$(now_ms)
  out=$(timeout 20 "$WARREN" service create "refused-$began" --image web:demo --replicas 0 --detach --timeout 10s 2>&1) || code=$?
  [ $code = 5 ] || [ $code = 6 ] || { say "exit code $code: $out" && return 1; }
  grep -q "$1" <<<"$out" || { say "another error: $out" && return 1; }
  say "after $(($(now_ms) - began)) ms: $out"
}
shows_stale() { timeout 5 "$WARREN" service list --stale | grep "^$1 " >/dev/null; }
# A client elsewhere.
export_context() {
  rm -f $STATE/context
  "$WARREN" context export $STATE/context --name suite --validity 1d >/dev/null
  cat $STATE/context
  rm $STATE/context
}
import_context() {
  (umask 077 && cat >$STATE/context)
  "$WARREN" context import suite $STATE/context
  rm $STATE/context
}

# Load.

# percentiles: the median, the 95th and the 99th of the numbers on standard input.
percentiles() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)], v[int(NR * 0.95 + 0.5)], v[int(NR * 0.99 + 0.5)] }'; }
# measure COMMAND...: ms.
measure() {
  local began
  began=$(now_ms)
  "$@" >/dev/null || return
  say $(($(now_ms) - began))
}
# make_services PREFIX COUNT EVERY EACH: one in EVERY has EACH replicas, the others none.
make_services() {
  local n replicas
  for n in $(seq "$2"); do
    replicas=0
    [ $((n % $3)) != 0 ] || replicas=$4
    measure "$WARREN" service create "$1-$n" --image web:demo --replicas "$replicas" --detach --stop-timeout 1s || return
  done | percentiles
}
# make_running PREFIX COUNT: one after the other, each with a container, until that runs.
make_running() {
  for n in $(seq "$2"); do
    measure "$WARREN" service create "$1-$n" --image web:demo --replicas 1 --stop-timeout 1s 2>/dev/null || return
  done | percentiles
}
# create_rate PREFIX CLIENTS SECONDS: changes in a second.
create_rate() {
  local client deadline
  deadline=$(($(now_ms) + $3 * 1000))
  for client in $(seq "$2"); do
    {
      n=0
      while [ "$(now_ms)" -lt $deadline ]; do
        n=$((n + 1))
        "$WARREN" service create "$1-$client-$n" --image web:demo --replicas 0 --detach >/dev/null && say made
      done
    } &
  done | awk -v seconds="$3" 'END { printf "%.1f\n", NR / seconds }'
}
metric() { curl -fsS --max-time 2 http://127.0.0.1:9090/metrics | awk -v name="$1" '$1 == name { print $2 }'; }
# commit_time PREFIX COUNT: the mean of that many changes, in ms, from being offered to the log until durable and applied.
commit_time() {
  local n before after
  before="$(metric warren_proposal_duration_seconds_sum) $(metric warren_proposal_duration_seconds_count)"
  for n in $(seq "$2"); do "$WARREN" service create "$1-commit-$n" --image web:demo --replicas 0 --detach >/dev/null; done
  after="$(metric warren_proposal_duration_seconds_sum) $(metric warren_proposal_duration_seconds_count)"
  say "$before $after" | awk '{ printf "%d\n", ($3 - $1) / ($4 - $2) * 1000 + 0.5 }'
}
list_times() { for _ in $(seq "$1"); do measure "$WARREN" service list; done | percentiles; }
# In MiB.
memory() { awk '/^VmRSS/ { print int($2 / 1024) }' "/proc/$(alive)/status"; }
has_memory() { awk -v least="$1" '/^MemTotal/ { exit $2 < least * 1048576 }' /proc/meminfo; }
# left: what there is because of a task.
left() {
  ctr --namespace warren containers list -q | sed 's/^/container /'
  ctr --namespace warren tasks list -q | sed 's/^/task /'
  ctr --namespace warren snapshots list | awk 'NR > 1 && $3 == "Active" { print "snapshot " $1 }'
  ctr --namespace warren leases list -q | sed 's/^/lease /'
  { ls /run/netns 2>/dev/null || true; } | sed 's/^/netns /'
  pgrep -l containerd-shim || true
  # In the stand-in the VM's own device is one, too.
  ip -o link show type veth | awk '$2 !~ /^eth0/ { print "veth " $2 }'
  { nft list ruleset | grep dnat | grep -v 'ct status' || true; } | sed 's/^ */port /'
  { find $DATA/logs $DATA/tasks -mindepth 1 -maxdepth 1 2>/dev/null || true; } | sed 's/^/files /'
}
nothing_left() { equal "$(left)" ""; }

"$@"
