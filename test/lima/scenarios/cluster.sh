# shellcheck shell=bash
# A cluster is formed of machines that know nothing of one another but names: who is let in, who is not, and that what it is asked to run does
# run on its workers.
first=$(managers | sed -n 1p)
rest=$(others "$first")
second=$(echo "$rest" | sed -n 1p)
last=$(managers | tail -1)
service=nginx-$RUN
start_vms
need "nothing is left of another cluster" forget_all

need "manager 1 makes a cluster" init_manager "$first"
manager_token=$(guest "$first" w cluster join-token manager -q)
worker_token=$(guest "$first" w cluster join-token worker -q)
expired=$(guest "$first" w cluster join-token manager --ttl 1s -q)
# refused_with TOKEN PATTERN: manager 2 is not let in.
refused_with() {
  # shellcheck disable=SC2046 # words of a command
  say "$1" | guest "$second" refused "$2" manager join --leader "$(api "$first")" $(manager_options "$second")
}
check "a wrong token is refused" refused_with "$(echo "$manager_token" | cut -c 1-32)$(printf '0%.0s' $(seq 32))" token
check "a token of another cluster is refused" refused_with "$(printf '0%.0s' $(seq 64))" cluster
check "a worker's token makes no manager" refused_with "$worker_token" "for a worker"
# It has been longer than a second only if everything before took as long.
guest "$first" pause 1.5
check "an expired token is refused" refused_with "$expired" token
check "nobody was let in" guest "$first" await 5 formed 1
for vm in $rest; do check "$(node_name "$vm") joins" join_manager "$vm" "$first" "$manager_token"; done
voters=$(managers | wc -l | tr -d ' ')
for vm in $(managers); do check "exactly $voters voters and one leader, as $(node_name "$vm") sees it" guest "$vm" await 20 formed "$voters"; done
one_leader() { equal "$(for vm in $(managers); do guest "$vm" leader; done | sort -u | wc -l | tr -d ' ')" 1; }
check "all name the same leader" one_leader

for vm in $(workers); do
  check "$(node_name "$vm") joins" join_worker "$vm" "$worker_token"
  check "the image is loaded there from an archive" guest "$vm" image
done
check "all nodes are ready" guest "$last" await 20 ready "$(vms | wc -l | tr -d ' ')"

replicas=$(workers | wc -l | tr -d ' ')
check "a service with $replicas replicas" guest "$last" w service create "$service" --image web:demo --replicas "$replicas" --publish 8088:80 \
  --stop-timeout 1s --timeout 120s
for vm in $(workers); do
  check "containerd runs one of them on $(node_name "$vm")" guest "$vm" await 5 running 1
  check "which answers HTTP, asked by another machine" guest "$first" await 10 http "http://$(address "$vm"):8088/" "Hello from Warren"
done
for vm in $(managers); do check "all of it runs, as $(node_name "$vm") sees it" guest "$vm" await 5 service_is "$service" "$replicas/$replicas"; done
check "it is deleted" guest "$second" w service delete "$service" --timeout 60s
for vm in $(workers); do check "containerd runs nothing on $(node_name "$vm")" guest "$vm" await 10 running 0; done

on_cgroup_v2() { in_vm "$first" test -f /sys/fs/cgroup/cgroup.controllers; }
containerd_unit() { in_vm "$(workers | sed -n 1p)" systemctl is-enabled containerd; }
forwarded() { (exec 3<>"/dev/tcp/127.0.0.1/8080"); }
real_only "a kernel of its own, with cgroups of version 2" on_cgroup_v2
real_only "containerd is one of systemd's units, and starts at boot" containerd_unit
real_only "manager 1's API can be reached from the host" forwarded
