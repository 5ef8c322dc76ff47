#!/usr/bin/env bash
# init.sh DIRECTORY HOSTNAME [containerd]: the first process of a VM of the stand-in. It makes the VM's view of the machine, keeps its
# containerd running, and turns SIGTERM into an orderly end; SIGKILL is the power cut. The mounts of the template are in DIRECTORY/mounts.
set -euo pipefail
directory=$1 containerd=${3:-}
root=$directory/disk
echo "$2" >/proc/sys/kernel/hostname

mount --bind "$root" "$root"
for part in usr etc; do
  layers=$directory/layers/$part
  mount -t overlay -o "index=off,lowerdir=/$part,upperdir=$layers/upper,workdir=$layers/work" overlay "$root/$part"
done
# A host whose /bin and /lib are not links into /usr.
for part in /bin /sbin /lib /lib[0-9x]*; do
  if [ -d "$part" ] && [ ! -L "$part" ]; then mkdir -p "$root$part" && mount --bind "$part" "$root$part"; fi
done
if [ -d /opt/cni ]; then
  mkdir -p "$root/opt/cni"
  mount --bind /opt/cni "$root/opt/cni"
  mount -o remount,bind,ro "$root/opt/cni"
fi

mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
  mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
else
  mount -t tmpfs -o mode=755 tmpfs "$root/sys/fs/cgroup"
  while IFS=: read -r _ controllers _; do
    [ -n "$controllers" ] || continue
    name=${controllers#name=}
    [ "$name" = "$controllers" ] || controllers=none,$controllers
    mkdir "$root/sys/fs/cgroup/$name"
    mount -t cgroup -o "$controllers" cgroup "$root/sys/fs/cgroup/$name"
    for link in ${name//,/ }; do [ -e "$root/sys/fs/cgroup/$link" ] || ln -s "$name" "$root/sys/fs/cgroup/$link"; done
  done </proc/self/cgroup
fi

mount -t tmpfs -o mode=755 tmpfs "$root/dev"
cp -a /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty "$root/dev/"
for device in net/tun fuse kmsg; do
  if [ -e "/dev/$device" ]; then mkdir -p "$(dirname "$root/dev/$device")" && cp -a "/dev/$device" "$root/dev/$device"; fi
done
mkdir "$root/dev/pts" "$root/dev/shm" "$root/dev/mqueue"
mount -t devpts -o newinstance,ptmxmode=666,mode=620,gid=5 devpts "$root/dev/pts"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
mount -t mqueue mqueue "$root/dev/mqueue"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
for number in 0:stdin 1:stdout 2:stderr; do ln -s "/proc/self/fd/${number%:*}" "$root/dev/${number#*:}"; done

# As systemd does: any user may ping.
echo "0 2147483647" >/proc/sys/net/ipv4/ping_group_range

# What a boot clears.
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mkdir -p "$root/run/lock" "$root/run/standin"
find "$root/tmp" -xdev -mindepth 1 -delete

while IFS=$'\t' read -r location point writable; do
  mkdir -p "$root$point"
  mount --bind "$location" "$root$point"
  [ "$writable" = true ] || mount -o remount,bind,ro "$root$point"
done <"$directory/mounts"

mkdir -p "$root/mnt/.host"
cd "$root"
pivot_root . mnt/.host
cd /
umount -l /mnt/.host
rmdir /mnt/.host
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8

supervise() {
  while :; do
    rm -f /run/standin/containerd.now
    [ -e /run/standin/containerd.off ] || {
      containerd </dev/null >>/var/log/containerd.log 2>&1 &
      echo $! >/run/standin/containerd.pid
      wait $! || true
      rm -f /run/standin/containerd.pid
    }
    # As its unit does on a real VM: again after five seconds, unless it is told to stop, or to start now.
    for _ in $(seq 100); do
      [ ! -e /run/standin/containerd.now ] || break
      sleep 0.05
    done
  done
}

others() {
  local process
  for process in /proc/[0-9]*; do [ "$process" = "/proc/$$" ] || return 0; done
  return 1
}

power_off() {
  trap '' TERM
  kill -TERM -1 2>/dev/null || true
  # Containers do not hear it, and end with the VM. An orderly end of a real VM does not wait for them longer either.
  for _ in $(seq 20); do
    others || break
    sleep 0.1 &
    wait $! || true
  done
  exit 0
}

trap power_off TERM
[ -z "$containerd" ] || supervise &
touch /run/standin/booted
while :; do
  sleep 1000000 &
  wait $! || true
done
