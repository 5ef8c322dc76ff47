# shellcheck shell=bash
# The network lies: the leader is cut off, hears nothing, or is not heard; a worker is cut off; and two managers are gone at once.
need_cluster
first=$(managers | sed -n 1p)
voters=$(managers | wc -l | tr -d ' ')
service=nginx-$RUN
replicas=4
need "a service runs" guest "$first" w service create "$service" --image web:demo --replicas $replicas --stop-timeout 1s --timeout 120s
before=$(workload)
untouched() { equal "$(workload)" "$before"; }

for way in both in out; do
  case $way in
    both) what="is cut off" ;;
    in) what="hears nothing" ;;
    out) what="is not heard" ;;
  esac
  old=$(vm_of "$(leading)")
  survivor=$(others "$old" | sed -n 1p)
  prefix=p$RUN-$way
  need "a client writes through $(node_name "$survivor")" guest "$survivor" writer "$prefix" 0.05
  guest "$survivor" watch_leader "$(node_name "$old")"
  # shellcheck disable=SC2046 # names
  check "the leader, $(node_name "$old"), $what" guest "$old" cut_off $way $(others_but "$old")
  if ! figures=$(guest "$survivor" failover "$prefix" 2>&1); then
    check "the majority has another one, which takes writes" say_and_fail "$figures"
    figures="none 99999 99999"
  fi
  read -r _ new_ms write_ms <<END
$figures
END
  figure "the leader $what: another one leads" "$new_ms" 10000
  figure "the leader $what: no write was acknowledged for" "$write_ms" 10000
  check "the old leader takes no write, and says who is missing" guest "$old" refuses_write "not heard of: manager-"
  check "it shows what it knows" guest "$old" shows_stale "$service"
  check "containers run on" untouched
  check "the network is whole again" guest "$old" heal
  check "it follows" guest "$old" await 20 another_leads "$(node_name "$old")"
  guest "$survivor" stop_writer "$prefix"
  note_acknowledged "$survivor" "$prefix"
  for vm in $(managers); do
    check "$(wc -l <"$REPORT/acknowledged-$prefix" | tr -d ' ') acknowledged writes are read from $(node_name "$vm")" kept_on "$vm" "$prefix"
  done
  check "all have the same data" equal_state
  guest "$survivor" delete_services "$prefix"
done

if [ "$(workers | wc -l)" -gt 1 ]; then
  cut=$(workers | tail -1)
  on_cut=$(guest "$cut" tasks_list)
  there=$(echo "$on_cut" | wc -l | tr -d ' ')
  # shellcheck disable=SC2046 # names
  check "a worker, $(node_name "$cut"), is cut off" guest "$cut" cut_off both $(others_but "$cut")
  check "it is seen to be down" guest "$first" await 30 node_is "$(node_name "$cut")" down
  check "what ran there runs elsewhere" guest "$first" await 60 service_is "$service" "$replicas/$replicas"
  check "containers run on there" equal "$(guest "$cut" tasks_list)" "$on_cut"
  check "one of them crashes" guest "$cut" crash
  check "and is started again there, without a manager" guest "$cut" await 30 running "$there"
  check "the network is whole again" guest "$cut" heal
  check "it is ready again" guest "$first" await 30 node_is "$(node_name "$cut")" ready
  no_duplicates() { equal "$(workload | wc -l | tr -d ' ')" $replicas; }
  await_no_duplicates() {
    for _ in $(seq 30); do
      no_duplicates >/dev/null && return
      sleep 1
    done
    no_duplicates
  }
  check "nothing runs twice" await_no_duplicates
  check "as all managers see it" guest "$first" await 10 service_is "$service" "$replicas/$replicas"
else
  skip "a worker is cut off" "there is only one"
fi

before=$(workload)
survivor=$(vm_of "$(leading)")
for vm in $(others "$survivor"); do check "$(node_name "$vm") is killed" guest "$vm" stop KILL; done
check "one of $voters takes no write, and says who is missing" guest "$survivor" refuses_write "not heard of: manager-"
check "it shows what it knows" guest "$survivor" shows_stale "$service"
check "containers run on" untouched
for vm in $(others "$survivor"); do check "$(node_name "$vm") is back" resume "$vm"; done
for vm in $(managers); do check "$voters voters, as $(node_name "$vm") sees it" guest "$vm" await 20 formed "$voters"; done
check "all nodes are ready" guest "$first" await 30 ready "$(vms | wc -l | tr -d ' ')"
check "containers were left alone" untouched
check "all have the same data" equal_state
check "the service is deleted" guest "$first" w service delete "$service" --timeout 60s
