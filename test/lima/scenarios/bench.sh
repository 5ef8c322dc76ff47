# shellcheck shell=bash
# How fast things are, as bench.json in the report: one figure a line, ms where the name does not say otherwise. With a baseline, each is also
# shown as a ratio to it; figures of another kind of machine are not worth comparing.
need_cluster
first=$(managers | sed -n 1p)
prefix=b$RUN
bench=$REPORT/bench.json
printf '{"backend": "%s", "warren": %s, "commit": "%s"' "$(backend)" "$(json "$WARREN_VERSION")" \
  "$(git -C "$WORKSPACE" rev-parse --short HEAD 2>/dev/null)" >"$bench"
# note NAME VALUE
note() {
  printf ',\n "%s": %s' "$1" "${2:-null}" >>"$bench"
  say "        $1: ${2:-none}"
}
# note_three NAME "MEDIAN P95 P99"
note_three() {
  # shellcheck disable=SC2086 # three words
  set -- "$1" $2
  note "$1 median" "${2:-}"
  note "$1 p95" "${3:-}"
  note "$1 p99" "${4:-}"
}
note "creates per second, 4 clients" "$(guest "$first" create_rate "$prefix-rate" 4 10)"
note_three "create" "$(guest "$first" make_services "$prefix-one" 50 1 0)"
note_three "list" "$(guest "$first" list_times 50)"
guest "$first" delete_services "$prefix"
note_three "create until it runs" "$(guest "$first" make_running "$prefix-run" 10)"
guest "$first" delete_services "$prefix"

pauses=
for round in $(seq 5); do
  old=$(vm_of "$(leading)")
  survivor=$(others "$old" | sed -n 1p)
  need "a client writes through $(node_name "$survivor") ($round)" guest "$survivor" writer "$prefix-f$round" 0.02
  guest "$survivor" watch_leader "$(node_name "$old")"
  guest "$old" signal KILL
  figures=$(guest "$survivor" failover "$prefix-f$round") || figures="none 0 99999"
  pauses="$pauses ${figures##* }"
  check "the leader was killed, and is back ($round)" resume "$old"
  guest "$survivor" stop_writer "$prefix-f$round"
  check "all vote again ($round)" formed_everywhere
done
note_three "failover" "$(echo "$pauses" | tr ' ' '\n' | grep . | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)], v[NR], v[NR] }')"
for vm in $(managers); do note "memory of $(node_name "$vm") in MiB" "$(guest "$vm" memory)"; done
printf '\n}\n' >>"$bench"
guest "$first" delete_services "$prefix"

if [ -n "$BASELINE" ]; then
  say "        ratios to $(basename "$BASELINE"):"
  sed 's/^{"backend".*//; s/^ *"\(.*\)": \([0-9.]*\),*$/\1	\2/' "$BASELINE" "$bench" | awk -F '\t' '
    NF < 2 { next }
    ($1 in old) { printf "          %-36s %8s  was %8s  ratio %s\n", $1, $2, old[$1], old[$1] > 0 ? sprintf("%.2f", $2 / old[$1]) : "-"; next }
    { old[$1] = $2 }' | tee "$REPORT/ratios"
  check "it is compared with figures of $(backend)" grep "\"backend\": \"$(backend)\"" "$BASELINE"
fi
