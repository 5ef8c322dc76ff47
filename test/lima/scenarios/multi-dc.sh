# shellcheck shell=bash
# Managers far apart, with the profile that is for that: a leader stays, a change takes about as long as the way to the nearest other manager
# and back, and a lost leader is replaced in bounded time.
export RAFT_PROFILE=wan
prefix=d$RUN
start_vms
need "a cluster is formed, with --raft-profile wan" form_cluster
need "it is as it should be" healthy
# The VM of a letter: a is manager 1.
vm_of_letter() { managers | sed -n "$(($(printf '%d' "'$1") - 96))p"; }
# direct ONE TWO: ms between two of them, if that was asked for.
direct() {
  local pair one two
  for pair in $(echo "$RTT" | tr ',' ' '); do
    one=$(vm_of_letter "${pair%%-*}") two=${pair#*-} && two=$(vm_of_letter "${two%%:*}")
    case $one:$two in "$1:$2" | "$2:$1") say "${pair##*:}" && return ;; esac
  done
  return 1
}
# rtt_between ONE TWO: where no way was asked for, it goes by a third.
rtt_between() {
  local via
  direct "$1" "$2" && return
  for via in $(others "$1" "$2"); do
    if direct "$1" "$via" >/dev/null && direct "$via" "$2" >/dev/null; then say $(($(direct "$1" "$via") + $(direct "$via" "$2"))); fi
  done | sort -n | sed -n 1p | grep . || say 0
}
for one in $(managers); do
  for two in $(others "$one"); do
    rtt=$(rtt_between "$one" "$two")
    [ "$rtt" = 0 ] || need "from $(node_name "$one") to $(node_name "$two"): half of $rtt ms, by netem or by delay.py" \
      guest "$one" delay "$two" "$rtt"
  done
done
for one in $(managers); do
  for two in $(others "$one"); do
    [[ $one < $two ]] || continue
    rtt=$(rtt_between "$one" "$two")
    [ "$rtt" = 0 ] || check "a packet takes $rtt ms there and back between $(node_name "$one") and $(node_name "$two")" \
      guest "$one" takes "$two" "$rtt"
  done
done

leader=$(vm_of "$(leading)")
term=$(guest "$leader" metric warren_raft_term)
guest "$leader" pause 60
same_term() { equal "$(guest "$leader" metric warren_raft_term)" "$term"; }
check "nobody was elected within 60 s" same_term

nearest=$(for vm in $(others "$leader"); do rtt_between "$leader" "$vm"; done | sort -n | sed -n 1p)
took=$(guest "$leader" commit_time "$prefix" 20)
say "        a change takes $took ms on average; the nearest other manager is $nearest ms away"
figure "a change" "$took" $((nearest * 2 + 50))
[ "$nearest" = 0 ] || check "which is not less than the way" test "$took" -ge $((nearest * 9 / 10))

survivor=$(others "$leader" | sed -n 1p)
need "a client writes through $(node_name "$survivor")" guest "$survivor" writer "$prefix" 0.05
guest "$survivor" watch_leader "$(node_name "$leader")"
check "the leader is killed" guest "$leader" signal KILL
figures=$(guest "$survivor" failover "$prefix") || figures="none 99999 99999"
figure "no write was acknowledged for" "${figures##* }" 10000
guest "$survivor" stop_writer "$prefix"
note_acknowledged "$survivor" "$prefix"
check "the old leader is back" resume "$leader"
for vm in $(managers); do check "what was acknowledged is read from $(node_name "$vm")" kept_on "$vm" "$prefix"; done
check "all have the same data" equal_state
for vm in $(managers); do check "the delay is taken away from $(node_name "$vm")" guest "$vm" heal; done
# It has the profile of this scenario.
check "nothing is left of this cluster" forget_all
