#!/bin/bash
# In a VM of the stand-in there is no systemd. This does what the suite asks of it for the one service there is, as systemd would.
set -euo pipefail
say() { echo "systemctl: $*; this is the stand-in for Lima" >&2 && exit 1; }

state=/run/standin
verb=${1:-}
[ $# -gt 0 ] && shift
if [ "${1:-}" = --quiet ]; then exec >/dev/null && shift; fi
service=${1:-}
if [ $# != 1 ] || [ "${service%.service}" != containerd ]; then say "it knows one service, containerd"; fi
pid() { cat "$state/containerd.pid" 2>/dev/null; }
# Any user may ask.
runs() {
  local now
  now=$(pid) && [ -n "$now" ] && [ -d "/proc/$now" ]
}
ends() {
  local old
  old=$(pid) || return 0
  kill -TERM "$old" 2>/dev/null || return 0
  while kill -0 "$old" 2>/dev/null; do sleep 0.05; done
}
begins() {
  rm -f "$state/containerd.off"
  touch "$state/containerd.now"
  for _ in $(seq 200); do
    if runs && ctr version >/dev/null 2>&1; then return; fi
    sleep 0.05
  done
  say "containerd did not start; see /var/log/containerd.log"
}
case $verb in
  is-active)
    if runs; then echo active; else echo inactive && exit 3; fi
    ;;
  start) runs || begins ;;
  stop)
    touch "$state/containerd.off"
    ends
    ;;
  restart)
    touch "$state/containerd.off"
    ends
    begins
    ;;
  *) say "it does not know '$verb'" ;;
esac
