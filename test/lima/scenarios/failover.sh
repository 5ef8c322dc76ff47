# shellcheck shell=bash
# The leader is lost in four ways, while a client writes: how long it takes until another acknowledges, that nothing acknowledged is gone, that
# the old one comes back to follow, and that containers notice nothing.
need_cluster
first=$(managers | sed -n 1p)
voters=$(managers | wc -l | tr -d ' ')
need "a service runs" guest "$first" w service create "nginx-$RUN" --image web:demo --replicas 4 --stop-timeout 1s --timeout 120s
before=$(workload)
untouched() { equal "$(workload)" "$before"; }
# One manager leads in a term, as all of them logged it.
one_leader_per_term() {
  local vm
  for vm in $(managers); do
    keep_log "$vm"
    grep -o 'leadership.begun.*term=[0-9]*' "$REPORT/logs/$vm.log" | sed 's/.*term=//' | sort -u
  done | sort >"$REPORT/terms"
  [ -s "$REPORT/terms" ] || { say "no log says who led" && return 1; }
  equal "$(uniq -d "$REPORT/terms")" ""
}
# lose HOW VM
lose() {
  case $1 in
    power) power_cut "$2" ;;
    *) guest "$2" signal "$1" ;;
  esac
}
# bring_back HOW VM
bring_back() {
  case $1 in
    STOP) guest "$2" signal CONT ;;
    power) start_vm "$2" && resume "$2" ;;
    TERM) guest "$2" await 20 off && resume "$2" ;;
    *) resume "$2" ;;
  esac
}

for round in $(seq "$RUNS"); do
  for how in KILL STOP TERM power; do
    case $how in
      KILL) what="killed" ;;
      STOP) what="hung" ;;
      TERM) what="stopped" ;;
      power) what="cut from power" ;;
    esac
    old=$(vm_of "$(leading)")
    survivor=$(others "$old" | sed -n 1p)
    prefix=w$RUN-$round-$(echo $how | tr '[:upper:]' '[:lower:]')
    need "a client writes through $(node_name "$survivor")" guest "$survivor" writer "$prefix" 0.02
    guest "$survivor" watch_leader "$(node_name "$old")"
    check "the leader, $(node_name "$old"), is $what" lose $how "$old"
    if ! figures=$(guest "$survivor" failover "$prefix" 2>&1); then
      check "another one leads and takes writes" say_and_fail "$figures"
      figures="none 99999 99999"
    fi
    read -r _ new_ms write_ms <<END
$figures
END
    figure "$what: another one leads" "$new_ms" 10000
    figure "$what: no write was acknowledged for" "$write_ms" 10000
    real_only "that is within 2,000 ms" test "$write_ms" -le 2000
    note_acknowledged "$survivor" "$prefix"
    for vm in $(others "$old"); do
      check "$(wc -l <"$REPORT/acknowledged-$prefix" | tr -d ' ') acknowledged writes are read from $(node_name "$vm")" kept_on "$vm" "$prefix"
    done
    check "containers were left alone" untouched
    check "the old leader is back" bring_back $how "$old"
    check "it follows" guest "$old" await 15 another_leads "$(node_name "$old")"
    guest "$survivor" stop_writer "$prefix"
    note_acknowledged "$survivor" "$prefix"
    check "it has every acknowledged write" kept_on "$old" "$prefix"
    for vm in $(managers); do check "$voters voters, as $(node_name "$vm") sees it" guest "$vm" await 20 formed "$voters"; done
    check "all have the same data" equal_state
    [ $how != power ] || [ -z "$STANDIN" ] || skip "what was not written to the disk was lost" "the stand-in's page cache survives"
    guest "$survivor" delete_services "$prefix"
  done
done
check "one leader in each term" one_leader_per_term
check "containers were left alone" untouched
check "the service is deleted" guest "$first" w service delete "nginx-$RUN" --timeout 60s
