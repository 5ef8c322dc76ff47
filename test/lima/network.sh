# shellcheck shell=bash
# Part of guest.sh: cuts and delays between the VMs. Only packets from and to the other VMs are dropped: the host's connection goes by the gateway.

chain() {
  for table in INPUT OUTPUT; do
    iptables -w -N "WT-$table" 2>/dev/null || true
    iptables -w -C $table -j "WT-$table" 2>/dev/null || iptables -w -I $table -j "WT-$table"
  done
}
# cut in|out|both VM...
cut_off() {
  local way=$1 vm address
  shift
  chain
  for vm in "$@"; do
    address=$(getent ahostsv4 "lima-$vm.internal" | awk 'NR == 1 { print $1 }')
    [ -n "$address" ] || fail "lima-$vm.internal has no address; is the VM there?"
    [ "$way" = out ] || iptables -w -A WT-INPUT -s "$address" -j DROP
    [ "$way" = in ] || iptables -w -A WT-OUTPUT -d "$address" -j DROP
  done
}
# delay VM RTT: half of it on the way there; the other half is the other's to add.
delay() {
  local address queue device
  address=$(getent ahostsv4 "lima-$1.internal" | awk 'NR == 1 { print $1 }')
  queue=${address##*.} device=$(ip -o route get "$address" | sed 's/.* dev \([^ ]*\).*/\1/')
  modprobe sch_netem 2>/dev/null || true
  if [ -e "$STATE/netem" ] || tc qdisc add dev "$device" root handle 1: prio bands 16 priomap 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 2>/dev/null &&
    tc qdisc add dev "$device" parent "1:$((queue % 14 + 2))" netem delay "$(($2 * 500))us" 2>/dev/null; then
    say "$device" >"$STATE/netem"
    tc filter add dev "$device" parent 1: protocol ip u32 match ip dst "$address" flowid "1:$((queue % 14 + 2))"
    return
  fi
  # No netem in this kernel.
  tc qdisc del dev "$device" root 2>/dev/null || true
  command -v python3 >/dev/null || fail "this kernel has no netem and $NAME no python3 to do without; install one of them"
  setsid python3 /mnt/warren/test/lima/delay.py "$queue" "$(awk -v rtt="$2" 'BEGIN { print rtt / 2 }')" </dev/null >>"$LOG.writes" 2>&1 &
  say $! >"$STATE/delay-$queue"
  chain
  iptables -w -A WT-OUTPUT -d "$address" -j NFQUEUE --queue-num "$queue" --queue-bypass
}
# takes VM RTT: of five packets, the quickest takes no less, and not much more.
takes() {
  local quickest
  quickest=$(ping -c 5 -i 0.2 -q "lima-$1.internal" | awk -F '[ /]' '/^rtt/ { print $7 }')
  awk -v ms="$quickest" -v want="$2" 'BEGIN { exit !(ms >= want * 0.95 && ms <= want * 1.25 + 10) }' || { say "it takes $quickest ms" && return 1; }
}
heal() {
  local file
  for file in "$STATE"/delay-*; do
    [ ! -e "$file" ] || kill "$(cat "$file")" 2>/dev/null || true
    rm -f "$file"
  done
  if [ -e "$STATE/netem" ]; then
    tc qdisc del dev "$(cat "$STATE/netem")" root 2>/dev/null || true
    rm -f "$STATE/netem"
  fi
  for table in INPUT OUTPUT; do
    iptables -w -D $table -j "WT-$table" 2>/dev/null || true
    iptables -w -F "WT-$table" 2>/dev/null || true
    iptables -w -X "WT-$table" 2>/dev/null || true
  done
}
