#!/usr/bin/env bash
# conformance.sh: holds a limactl against what limactl 2.2.0 was seen to do: exit codes and standard output of what the suite uses. By default
# it is the limactl on PATH; LIMACTL=test/lima/standin/limactl tries the stand-in. It has a LIMA_HOME of its own, which it removes again.
# On real VMs it takes minutes: three VMs are booted, one of them twice.
set -euo pipefail
LIMACTL=${LIMACTL:-limactl}
case $LIMACTL in */*) LIMACTL=$(cd "$(dirname "$LIMACTL")" && pwd)/$(basename "$LIMACTL") ;; esac
passed=0 failed=0 skipped=0

# Short, because real Lima has sockets in it; and the same each time, so that what a run left that got SIGKILL is found by the next.
work=$(cd /tmp && pwd -P)/limac-$(cd "$(dirname "$0")" && pwd | cksum | cut -d' ' -f1)
export LIMA_HOME=$work/home
clean() {
  "$LIMACTL" delete -f c1 c2 c3 vm >/dev/null 2>&1 || true
  rm -rf "$work"
}
finish() {
  local status=$?
  clean
  printf '%s passed, %s failed, %s skipped\n' "$passed" "$failed" "$skipped"
  if [ "$failed" != 0 ] && [ $status = 0 ]; then exit 1; fi
}
trap finish EXIT
trap 'exit 130' INT TERM

version=$("$LIMACTL" --version) || { echo "error: $LIMACTL does not run; install Lima, or set LIMACTL to the stand-in" >&2 && exit 1; }
case $version in *standin*) standin=yes ;; *) standin='' ;; esac
echo "$version"
clean
mkdir -p "$LIMA_HOME"

pass() { passed=$((passed + 1)); }
miss() {
  failed=$((failed + 1))
  printf 'FAIL  %s\n' "$1"
  printf '%s\n' "$2" | sed 's/^/      | /'
}
# skip WHAT WHY: what only the other kind of limactl shows.
skip() {
  skipped=$((skipped + 1))
  printf 'skip  %s (%s)\n' "$1" "$2"
}
# expect WHAT CODE OUTPUT WORDS...: limactl WORDS ends with CODE and prints OUTPUT, a pattern; - is not looked at.
expect() { probe "$1" "$2" "$3" "$LIMACTL" "${@:4}"; }
# probe WHAT CODE OUTPUT COMMAND...: the same of any command.
probe() {
  local what=$1 code=$2 output=$3 got status=0
  shift 3
  got=$("$@" 2>"$work/stderr" </dev/null) || status=$?
  if [ "$status" != "$code" ]; then
    miss "$what" "exit code $status, not $code; $(tail -2 "$work/stderr")"
    return
  fi
  # shellcheck disable=SC2254 # a pattern
  case $output in -) ;; *) case $got in $output) ;; *)
    miss "$what" "printed: $got
not: $output"
    return ;; esac ;; esac
  pass
}
# in_vm WHAT CODE OUTPUT WORDS...: the same of a command in c1.
in_vm() { expect "$1" "$2" "$3" shell --workdir / c1 "${@:4}"; }

# The first script fails, which must not matter. The rest is there to be seen from inside.
mkdir "$work/shared"
echo shared >"$work/shared/file"
cat >"$work/vm.yaml" <<YAML
images:
- location: https://cloud-images.ubuntu.com/releases/24.04/release/ubuntu-24.04-server-cloudimg-amd64.img
  arch: x86_64
- location: https://cloud-images.ubuntu.com/releases/24.04/release/ubuntu-24.04-server-cloudimg-arm64.img
  arch: aarch64
cpus: 1
memory: 1GiB
disk: 10GiB
param:
  color: blue
env:
  SHAPE: round
mounts:
- location: "$work/shared"
  mountPoint: /mnt/shared
networks:
- lima: user-v2
containerd:
  system: false
  user: false
provision:
- mode: system
  script: |
    #!/bin/bash
    exit 3
- mode: system
  script: |
    #!/bin/bash
    echo "{{.Name}} {{.Param.color}} \$PARAM_color \$(id -un)" >>/var/boots
- mode: user
  script: |
    #!/bin/bash
    id -un >~/user
    pwd >>~/user
probes:
- mode: readiness
  description: boots are counted
  script: |
    #!/bin/bash
    test -s /var/boots && test -s ~/user
YAML
sed 's/test -s .*/exit 1/' "$work/vm.yaml" >"$work/never.yaml"
echo 'cpus: [1' >"$work/broken.yaml"
sed 's/^cpus: 1/cpus: 1\ncolour: red/' "$work/vm.yaml" >"$work/unknown.yaml"

echo "-- without a VM"
expect "--version" 0 "limactl version [0-9]*" --version
expect "an unknown command" 1 "" frobnicate
expect "an unknown flag" 1 - list --frobnicate
expect "list -q of nothing" 0 "" list -q
expect "list of nothing" 0 "" list
expect "list of one that is not there" 1 "NAME*STATUS*SSH*VMTYPE*ARCH*CPUS*MEMORY*DISK*DIR" list c1
expect "list --json with -q" 1 "" list -q --json
expect "create without a file" 1 "" create --tty=false --name=c1 "$work/none.yaml"
expect "create with a bad name" 1 "" create --tty=false --name=c1- "$work/vm.yaml"
expect "create from what is no YAML" 1 "" create --tty=false --name=c1 "$work/broken.yaml"
expect "validate" 0 "" validate "$work/vm.yaml"
expect "validate of what is no YAML" 1 "" validate "$work/broken.yaml"
expect "start of one that is not there" 1 "" start --tty=false c1
expect "stop of one that is not there" 1 "" stop c1
expect "stop -f of one that is not there" 1 "" stop -f c1
expect "delete of one that is not there" 0 "" delete c1
expect "shell in one that is not there" 1 "" shell c1 true
expect "copy to one that is not there" 1 "" copy "$work/shared/file" c1:/tmp/
expect "network list" 0 "NAME*MODE*GATEWAY*INTERFACE*user-v2*192.168.104.1/24*" network list
expect "network list -q" 1 - network list -q
if [ -n "$standin" ]; then
  expect "the stand-in does not take unknown keys" 1 "" validate "$work/unknown.yaml"
  skip "limactl does not run as root" "the stand-in must"
else
  expect "validate only warns about unknown keys" 0 "" validate "$work/unknown.yaml"
  skip "unknown keys are refused" "only the stand-in does"
fi

echo "-- stopped"
expect "create" 0 - create --tty=false --name=c2 "$work/vm.yaml"
expect "create --set" 0 - create --tty=false --name=c1 --set '.cpus = 2 | .param.color = "green"' "$work/vm.yaml"
expect "create of one that is there" 1 "" create --tty=false --name=c1 "$work/vm.yaml"
expect "list -q is sorted" 0 "c1
c2" list -q
expect "list of one that is not there beside others" 1 "NAME*DIR" list c9
expect "list --format" 0 "c1 Stopped 2 lima-c1
c2 Stopped 1 lima-c2" list --format '{{.Name}} {{.Status}} {{.CPUs}} {{.Hostname}}'
expect "list --format of one" 0 "$LIMA_HOME/c2" list --format '{{.Dir}}' c2
expect "list --format of no field" 1 - list --format '{{.Nosuch}}'
expect "stop of a stopped one" 1 "" stop c1
expect "stop -f of a stopped one" 0 "" stop -f c1
expect "shell in a stopped one" 1 "" shell c1 true
expect "copy to a stopped one" 1 "" copy "$work/shared/file" c1:/tmp/

echo "-- running"
expect "start" 0 - start --tty=false c1
expect "start of a running one" 0 - start --tty=false c1
expect "start of another" 0 - start --tty=false c2
expect "list" 0 "NAME    STATUS * SSH * VMTYPE * ARCH * CPUS * MEMORY * DISK * DIR
c1      Running * 2 * 1GiB *
c2      Running * 1 * 1GiB *" list
one_object_per_line() {
  "$LIMACTL" list --json | python3 -c '
import json, sys
print([(vm["name"], vm["hostname"], vm["status"], vm["cpus"], vm["memory"]) for vm in map(json.loads, sys.stdin)])'
}
probe "list --json: an object on each line" 0 \
  "[[]('c1', 'lima-c1', 'Running', 2, 1073741824), ('c2', 'lima-c2', 'Running', 1, 1073741824)]" one_object_per_line
in_vm "the exit code" 7 "" sh -c 'exit 7'
in_vm "the end by a signal" 255 "" sh -c 'kill -9 $$'
in_vm "an unknown command" 127 "" nosuchcommand
in_vm "words stay what they are" 0 "<a b><*><\$HOME><'><><-n>" printf '<%s>' 'a b' '*' "\$HOME" "'" '' -n
# shellcheck disable=SC2016 # for the VM's shell
in_vm "leading K=V words are the environment" 0 "1 x y=2" A=1 sh -c 'echo $A "$0" "$1"' x y=2
in_vm "standard error is not standard output" 0 "out" sh -c 'echo out; echo err >&2'
in_vm "the user is not root" 0 "[1-9]*" id -u
in_vm "sudo asks nothing" 0 0 sudo -n id -u
in_vm "the working directory" 0 / pwd
expect "a working directory that is not there" 1 "" shell --workdir /nosuch c1 pwd
# shellcheck disable=SC2016 # for the VM's shell
in_vm "the template's environment" 0 "round" sh -c 'echo $SHAPE'
below_mount() { cd "$work/shared" && "$LIMACTL" shell c1 echo there; }
probe "below a mount on the host: says that it is not there, and goes on" 0 "there" below_mount
binary() { printf 'a\0\377\nb' | "$LIMACTL" shell --workdir / c1 cat | od -An -tx1 | tr -d ' \n'; }
probe "input and output are binary" 0 "6100ff0a62" binary
eats() { printf '1\n2\n' | while read -r line; do echo "$line" && "$LIMACTL" shell --workdir / c1 true; done; }
probe "it takes its input, also for a command that reads none" 0 "1" eats
seconds() {
  local began=$SECONDS
  "$@" >/dev/null
  [ $((SECONDS - began)) -ge 4 ] && echo long || echo short
}
probe "a background job with its output elsewhere holds nothing" 0 "short" \
  seconds "$LIMACTL" shell --workdir / c1 sudo bash -c 'nohup sleep 6.25 >/dev/null 2>&1 &'
in_vm "and survives" 0 "[1-9]*" pgrep -f -x "sleep 6.25"
probe "a background job with our output holds the call" 0 "long" seconds "$LIMACTL" shell --workdir / c1 bash -c 'sleep 5 &'

expect "copy to a VM" 0 - copy "$work/shared/file" c1:/tmp/copied
in_vm "what was copied" 0 "shared" cat /tmp/copied
expect "copy to a directory" 0 - copy "$work/shared/file" c1:/tmp/
in_vm "what was copied there" 0 "shared" cat /tmp/file
expect "copy -r" 0 - copy -r "$work/shared" c1:/tmp/
in_vm "what was copied with it" 0 "shared" cat /tmp/shared/file
expect "copy from a VM" 0 - copy c1:/etc/hostname "$work/name"
probe "what was copied from it" 0 "lima-c1" cat "$work/name"
expect "copy of what is not there" 1 - copy "$work/none" c1:/tmp/
expect "copy of what is not there in the VM" 1 - copy c1:/nosuch "$work/"

in_vm "the mount" 0 "shared" cat /mnt/shared/file
in_vm "the mount is read-only" 1 "" touch /mnt/shared/new
in_vm "the host name" 0 "lima-c1" hostname
in_vm "its own name" 0 "192.168.104.*" getent ahostsv4 lima-c1.internal
in_vm "the other's name" 0 "192.168.104.*" getent ahostsv4 lima-c2.internal
in_vm "the host's name" 0 "192.168.104.2 *" getent ahostsv4 host.lima.internal
in_vm "a name that nobody has" 2 "" getent hosts lima-c9.internal
in_vm "the other answers" 0 - ping -c 1 -W 5 lima-c2.internal
in_vm "provisioned as root, with parameters" 0 "c1 green green root" cat /var/boots
in_vm "provisioned as the user, at home" 0 "yes" sh -c "[ \"\$(cat ~/user)\" = \"\$(id -un; cd; pwd)\" ] && echo yes"

echo "-- stopped and started"
in_vm "notes" 0 "" sh -c 'echo kept >~/kept; sync; echo gone | sudo tee /run/gone /tmp/gone >/dev/null'
expect "stop" 0 - stop c1
expect "it is stopped" 0 "Stopped" list --format '{{.Status}}' c1
expect "start again" 0 - start --tty=false c1
in_vm "the disk is kept" 0 "kept" sh -c 'cat ~/kept'
in_vm "/run and /tmp are not" 0 "" sh -c 'ls /run/gone /tmp/gone 2>/dev/null || true'
in_vm "provisioned at every boot" 0 "2" sh -c 'wc -l </var/boots'
address() { "$LIMACTL" shell --workdir / c1 getent ahostsv4 lima-c2.internal | awk '{ print $1; exit }'; }
before=$(address)
expect "the power cut" 0 - stop -f c2
expect "it is off" 0 "Stopped" list --format '{{.Status}}' c2
probe "a stopped VM's name still resolves" 0 "$before" address
expect "on again" 0 - start --tty=false c2
probe "its address is the same" 0 "$before" address

echo "-- deleted"
expect "delete of a running one" 1 "" delete c1
expect "it is still there" 0 "Running" list --format '{{.Status}}' c1
expect "delete -f of several" 0 - delete -f c1 c2
expect "nothing is there" 0 "" list -q
expect "create and start in one, and a time-out" 1 - start --tty=false --name=c3 --timeout=2s "$work/never.yaml"
# On a slow machine it boots after that.
comes_up() {
  for _ in $(seq 60); do
    "$LIMACTL" list --format '{{.Status}}' c3 | grep Running && return
    sleep 1
  done
}
probe "it is left running" 0 "Running" comes_up
expect "delete it" 0 - delete -f c3
expect "a template's name is taken from its file" 0 - create --tty=false "$work/vm.yaml"
expect "as here" 0 "vm" list -q
expect "delete a stopped one" 0 - delete vm
if [ -n "$standin" ]; then
  skip "boot, cloud-init, images and their digests" "only a real VM proves it"
  skip "a kernel of its own, sysctls, clock" "only a real VM proves it"
  skip "what a power cut does to data that was not synced" "only a real VM proves it"
  skip "systemd and journald" "only a real VM proves it"
  skip "9p and virtiofs" "only a real VM proves it"
  skip "the network's own TCP stack, the internet, ports on the host" "only a real VM proves it"
  skip "Lima's own containerd" "only a real VM proves it"
fi
