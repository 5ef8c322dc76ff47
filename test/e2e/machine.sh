# shellcheck shell=bash
# A machine made of namespaces: its own processes, mounts, network, host name and cgroups, a /run that is empty at each boot and a disk that
# is not. Power-off kills its first process, and with it everything that runs in it, at once.
#
# Used by run.sh after setting MACHINE (a scratch directory).

cgroup_controllers() { awk '!/^#/ && $4 == 1 { print $1 }' /proc/cgroups; }
cgroup_is_v2() { [ "$(stat -fc %T /sys/fs/cgroup)" = cgroup2fs ]; }
# The cgroups that the machine's first process is put into before it makes them the root of its view.
machine_cgroups() {
  if cgroup_is_v2; then
    echo "/sys/fs/cgroup/$CGROUP"
  else
    local controller
    for controller in $(cgroup_controllers) systemd; do [ ! -d "/sys/fs/cgroup/$controller" ] || echo "/sys/fs/cgroup/$controller/$CGROUP"; done
  fi
}

machine_boot() {
  mkdir -p "$MACHINE"/disk/{warren,containerd,cni}
  CGROUP=$(basename "$MACHINE")
  export MACHINE CGROUP
  machine_remove_cgroups
  rm -f "$MACHINE/booted"
  (
    for group in $(machine_cgroups); do
      mkdir -p "$group"
      for file in cpuset.cpus cpuset.mems; do
        [ ! -e "$group/$file" ] || cat "$(dirname "$group")/$file" >"$group/$file"
      done
      echo "$BASHPID" >"$group/cgroup.procs"
    done
    exec setsid unshare --mount --uts --ipc --pid --net --cgroup --propagation private --fork --kill-child \
      bash "$E2E/machine-init.sh" </dev/null >>"$MACHINE/init.log" 2>&1
  ) &
  MACHINE_OUTER=$!
  disown "$MACHINE_OUTER"
  for _ in $(seq 500); do
    [ ! -e "$MACHINE/booted" ] || break
    sleep 0.01
  done
  [ -e "$MACHINE/booted" ] || { cat "$MACHINE/init.log" >&2; return 1; }
  MACHINE_PID=$(tr -d " " <"/proc/$MACHINE_OUTER/task/$MACHINE_OUTER/children")
}

# in_machine COMMAND...: runs it there; its working directory is /.
in_machine() { nsenter --target "$MACHINE_PID" --all "$@"; }

machine_power_off() {
  kill -9 "$MACHINE_OUTER" "$MACHINE_PID" 2>/dev/null || true
  # A namespace's processes are gone when its first process has been reaped.
  for _ in $(seq 1000); do
    # Gone, or a zombie that only waits to be reaped.
    if [ ! -d "/proc/$MACHINE_PID" ] || grep -q '^State:.Z' "/proc/$MACHINE_PID/status" 2>/dev/null; then break; fi
    sleep 0.01
  done
  # One that entered it stops when what it runs there is stopped, and would stay so for good.
  pkill -KILL -f "^nsenter --target $MACHINE_PID --all " || true
}

machine_remove_cgroups() {
  local group
  for _ in $(seq 50); do
    for group in $(machine_cgroups); do
      [ -d "$group" ] || continue
      # A frozen process outlives its machine otherwise, though it was killed with it.
      find "$group" -name freezer.state -exec sh -c 'for state; do echo THAWED >"$state"; done' sh {} + 2>/dev/null || true
      find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || true
    done
    machine_cgroups | while read -r group; do [ ! -d "$group" ] || exit 1; done && return
    sleep 0.1
  done
}
