# shellcheck shell=bash
# Kill -9 of warren, of containerd, of a container's first process, and power-off, at random moments, while services are created and scaled.
# Every acknowledged write must be there and every declared replica must run after each of them, and nothing of a deleted service may be left.
check "the daemon starts" start_warren
check "an image loads" warren image load "$MACHINE/web.tar"

declare -A declared=()
pause() { sleep "0.$(printf '%03d' $((RANDOM % 400)))"; }

# acknowledged NAME VALUE CODE: records what a write's exit code says. A refusal (usage, not found, conflict) changed nothing; any other
# failure leaves open whether the write happened, so its service is only asked to be consistent.
acknowledged() {
  case $3 in
    0) if [ -n "$2" ]; then declared[$1]=$2; else unset "declared[$1]"; fi ;;
    2 | 3 | 4) ;;
    *) declared[$1]=unknown ;;
  esac
}

write() {
  local name="s$((RANDOM % 6))" replicas=$((RANDOM % 3)) code=0
  case $((RANDOM % 3)) in
    0)
      warren service create "$name" --image web:demo --replicas "$replicas" --stop-timeout 1s --detach || code=$?
      acknowledged "$name" "$replicas" $code ;;
    1)
      warren service scale "$name" --replicas "$replicas" --detach || code=$?
      acknowledged "$name" "$replicas" $code ;;
    2)
      warren service delete "$name" --detach || code=$?
      acknowledged "$name" "" $code ;;
  esac
}
writes() {
  local end=$(($(now_ms) + 1500))
  while [ "$(now_ms)" -lt $end ]; do write; done >>"$MACHINE/writes.log" 2>&1 || true
  declare -p declared >"$MACHINE/declared"
}

fault() {
  case $1 in
    warren) kill_processes warren ;;
    containerd) kill_processes containerd ;;
    container)
      local pids
      pids=$(pids_of httpd; pids_of busybox)
      [ -z "$pids" ] || in_machine kill -9 "$(shuf -n 1 --random-source=<(yes) <<<"$pids")" 2>/dev/null || true ;;
    power)
      machine_power_off
      machine_boot ;;
  esac
}

# settled: the store has every acknowledged write, and exactly the declared replicas run.
settled() {
  local want=0 name line
  for name in "${!declared[@]}"; do
    line=$(warren service list | awk -v name="$name" '$1 == name { print $2 }')
    if [ "${declared[$name]}" = unknown ]; then
      [ -z "$line" ] || { [ "${line%/*}" = "${line#*/}" ] || { echo "$name: $line"; return 1; }; want=$((want + ${line#*/})); }
    else
      equal "$line" "${declared[$name]}/${declared[$name]}" || { echo "of $name"; return 1; }
      want=$((want + declared[$name]))
    fi
  done
  equal "$(running_containers | wc -l)" "$want"
}

rounds=${ROUNDS:-12}
kinds=(warren containerd container power)
for round in $(seq "$rounds"); do
  kind=${kinds[$(((round - 1) % 4))]}
  writes &
  writer=$!
  pause
  fault "$kind"
  wait "$writer"
  # shellcheck source=/dev/null
  source "$MACHINE/declared"
  [ -n "$(pids_of warren)" ] || start_warren
  check "round $round: after $kind everything declared runs" eventually 40 settled
done

for name in $(warren service list -q); do warren service delete "$name" >/dev/null || true; done
check "nothing is left at the end" eventually 20 nothing_left
