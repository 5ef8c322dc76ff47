#!/usr/bin/env bash
# The first process of a test machine (see machine.sh).
set -euo pipefail
mount -t proc proc /proc
if [ "$(stat -fc %T /sys/fs/cgroup)" = cgroup2fs ]; then
  umount -R /sys
  mount -t sysfs sysfs /sys
  mount -t cgroup2 cgroup2 /sys/fs/cgroup
else
  umount -R /sys
  mount -t sysfs sysfs /sys
  mount -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup
  awk '!/^#/ && $4 == 1 { print $1 }' /proc/cgroups | while read -r controller; do
    mkdir "/sys/fs/cgroup/$controller"
    mount -t cgroup -o "$controller" cgroup "/sys/fs/cgroup/$controller" 2>/dev/null || rmdir "/sys/fs/cgroup/$controller"
  done
  mkdir /sys/fs/cgroup/systemd
  mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd
fi
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /var/lib/warren /var/lib/containerd /var/lib/cni
for name in warren containerd cni; do mount --bind "$MACHINE/disk/$name" "/var/lib/$name"; done
hostname machine
ip link set lo up
touch "$MACHINE/booted"
while :; do
  sleep 1000000 &
  wait $!
done
