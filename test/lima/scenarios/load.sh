# shellcheck shell=bash
# Many services with real containers: all run in time, managers stay quick and small, and nothing is left when they are deleted.
need_cluster
first=$(managers | sed -n 1p)
# One in "every" of 100 services has "each" replicas, the others none.
services=100
case $SCALE in
  small) every=2 each=1 total=50 budget=120 ;;
  medium) every=1 each=2 total=200 budget=300 ;;
  large) every=1 each=10 total=1000 budget=1200 ;;
esac
prefix=l$RUN
say "        $services services, $total containers, within $budget s"
if [ "$SCALE" = large ] && [ -z "$STANDIN" ]; then
  for vm in $(workers); do need "$(node_name "$vm") has 8 GiB for them" guest "$vm" has_memory 7; done
fi
figures=$(guest "$first" make_services "$prefix" "$services" "$every" "$each" 2>&1) ||
  need "$services services are made" say_and_fail "$figures"
read -r p50 p95 p99 <<END
$figures
END
figure "API, create, as the command line sees it: median" "$p50" 2000
figure "API, create: 95th percentile" "$p95" 5000
figure "API, create: 99th percentile" "$p99" 10000
if took=$(guest "$first" measure await "$budget" settled 2>&1); then
  figure "from the last create until all run" "$took" $((budget * 1000))
else
  check "all run within $budget s" say_and_fail "$took"
fi
on_workers() { equal "$(workload | wc -l | tr -d ' ')" "$total"; }
check "containerd runs $total containers" on_workers
figures=$(guest "$first" list_times 20)
read -r p50 p95 p99 <<END
$figures
END
figure "API, list: median" "$p50" 2000
figure "API, list: 99th percentile" "$p99" 10000
for vm in $(managers); do
  rss=$(guest "$vm" memory)
  say "        $(node_name "$vm") uses $rss MiB"
  printf '{"scenario":"%s","figure":"memory of %s in MiB","ms":%s}\n' "$SCENARIO" "$(node_name "$vm")" "$rss" >>"$RESULTS"
  check "$(node_name "$vm") uses less than 256 MiB" test "$rss" -lt 256
done
if took=$(guest "$first" measure delete_services "$prefix" 2>&1); then
  figure "until all are deleted" "$took" $((budget * 1000))
else
  check "all are deleted" say_and_fail "$took"
fi
for vm in $(workers); do check "nothing is left on $(node_name "$vm")" guest "$vm" await 30 nothing_left; done
