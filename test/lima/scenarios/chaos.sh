# shellcheck shell=bash
# A schedule of faults that a seed decides, while a client writes and a service runs. Then everything has to be as it was asked for.
need_cluster
first=$(managers | sed -n 1p)
client=$(workers | tail -1)
victim=$(workers | sed -n 1p)
prefix=c$RUN
replicas=4
slot=8

# draw N: a number below N, into $drawn; the same everywhere for one seed, whatever the shell's and awk's own generators are.
state=$((SEED % 2147483648))
draw() {
  state=$(((state * 1103515245 + 12345) % 2147483648))
  drawn=$((state / 65536 % $1))
}
# The schedule: second, what, to whom, for how many seconds. The client's machine is left alone.
schedule=
for second in $(seq 0 $slot $((DURATION - 1))); do
  draw 8 && what=$(echo "kill kill pause power cut cut-in containerd worker-power" | cut -d ' ' -f $((drawn + 1)))
  draw 5 && hold=$((drawn + 1))
  draw 2 && whom=leader
  [ "$drawn" = 0 ] || { draw "$(managers | wc -l)" && whom=$(managers | sed -n "$((drawn + 1))p"); }
  case $what in
    containerd) whom=$victim hold=0 ;;
    worker-power) what=power whom=$victim ;;
  esac
  [ "$(workers | wc -l)" -gt 1 ] || [ "$whom" != "$victim" ] || { what='kill' && whom=leader; }
  schedule="$schedule$second $what ${whom#warren-} $hold
"
done
say "        the schedule of seed $SEED (second, fault, machine, for how many seconds); again with --seed $SEED --duration $DURATION:"
printf '%s' "$schedule" | sed 's/^/          /'

need "a service runs" guest "$first" w service create "nginx-$RUN" --image web:demo --replicas $replicas --stop-timeout 1s --timeout 120s
need "a client knows all managers" give_context "$first" "$client"
need "it writes" guest "$client" writer "$prefix" 0.2 --context suite

# What is done and undone. Each is awaited, so that only one machine is broken at a time.
# shellcheck disable=SC2046 # names
fault() {
  case $1 in
    kill) guest "$2" stop KILL ;;
    pause) guest "$2" signal STOP ;;
    power) power_cut "$2" ;;
    cut) guest "$2" cut_off both $(others_but "$2") ;;
    cut-in) guest "$2" cut_off in $(others_but "$2") ;;
    containerd) in_vm "$2" sudo systemctl restart containerd ;;
  esac
}
undo() {
  case $1 in
    kill) resume "$2" ;;
    pause) guest "$2" signal CONT ;;
    power) start_vm "$2" && resume "$2" ;;
    cut | cut-in) guest "$2" heal ;;
  esac
}
chaos_began=$SECONDS
while read -r second what whom hold <&3; do
  [ -n "$what" ] || continue
  now=$((SECONDS - chaos_began))
  [ $now -ge "$second" ] || guest "$client" pause $((second - now))
  if [ "$whom" = leader ]; then whom=$(leading) || whom=$(node_name "$first"); fi
  vm=$(vm_of "$whom")
  check "second $((SECONDS - chaos_began)): $what, $whom, $hold s" fault "$what" "$vm"
  guest "$client" pause "$hold"
  [ "$what" = containerd ] || check "second $((SECONDS - chaos_began)): $whom is back" undo "$what" "$vm"
done 3<<END
$schedule
END

check "all is as it should be again" healthy
check "the client goes on" guest "$client" writes_more "$prefix" 5 20
check "it ends" guest "$client" stop_writer "$prefix"
note_acknowledged "$client" "$prefix"
read -r gap attempts <<END
$(guest "$client" longest_gap "$prefix")
END
say "        $(wc -l <"$REPORT/acknowledged-$prefix" | tr -d ' ') writes, with at most $attempts attempts for one and $gap ms between two"
check "what is desired runs" guest "$first" await 60 settled
for vm in $(managers); do check "each acknowledged write is there once, as $(node_name "$vm") sees it" kept_on "$vm" "$prefix"; done
check "all have the same data" equal_state
# A container's name is its task's, and how often it was started.
as_desired() {
  local placed
  placed=$(guest "$first" placed) || return
  equal "$(workload | sed 's/-[0-9]* .*//' | sort)" "$placed" && equal "$(say "$placed" | wc -l | tr -d ' ')" $replicas
}
no_orphans() {
  for _ in $(seq 30); do
    as_desired >/dev/null && return
    sleep 1
  done
  as_desired
}
check "containerd runs what is desired, and nothing else" no_orphans
guest "$first" delete_services "$prefix"
check "the service is deleted" guest "$first" w service delete "nginx-$RUN" --timeout 60s
for vm in $(workers); do check "nothing is left on $(node_name "$vm")" guest "$vm" await 30 nothing_left; done
