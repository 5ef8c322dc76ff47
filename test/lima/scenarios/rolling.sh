# shellcheck shell=bash
# Managers are restarted one by one, the leader last, while a client on a worker writes, with all of them to choose from: no write fails that is
# tried again within its time.
need_cluster
first=$(managers | sed -n 1p)
client=$(workers | tail -1)
prefix=r$RUN
voters=$(managers | wc -l | tr -d ' ')
need "a client elsewhere knows all managers" give_context "$first" "$client"
need "it writes" guest "$client" writer "$prefix" 0.02 --context suite
leader=$(vm_of "$(leading)")
for vm in $(others "$leader") "$leader"; do
  check "$(node_name "$vm") ends in good order" guest "$vm" stop TERM
  check "and is back" resume "$vm"
  check "$voters voters again" guest "$vm" await 30 formed "$voters"
done
check "the client goes on" guest "$client" writes_more "$prefix" 5 10
check "it ends" guest "$client" stop_writer "$prefix"
read -r gap attempts <<END
$(guest "$client" longest_gap "$prefix")
END
say "        $(guest "$client" written "$prefix") writes, with at most $attempts attempts for one"
figure "the longest wait for an acknowledgement" "$gap" 10000
check "no write failed" guest "$client" none_took_longer "$prefix" 10000
note_acknowledged "$client" "$prefix"
for vm in $(managers); do check "what was acknowledged is read from $(node_name "$vm")" kept_on "$vm" "$prefix"; done
check "all have the same data" equal_state
guest "$first" delete_services "$prefix"
