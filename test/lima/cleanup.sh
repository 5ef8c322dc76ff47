#!/usr/bin/env bash
# cleanup.sh [--keep-vms] [--force] [--help]
#
# Deletes the VMs of the suite, warren-manager-N and warren-worker-N, with everything in them. On a terminal it asks first.
#
#   --keep-vms   keeps them, and removes what the tests made in those that run: Warren's daemon, containers, data and logs
#   --force      does not ask
set -euo pipefail
# shellcheck source=test/lima/lib.sh
. "$(cd "$(dirname "$0")" && pwd)/lib.sh"

keep='' force=''
while [ $# -gt 0 ]; do
  case $1 in
    --keep-vms) keep=yes ;;
    --force) force=yes ;;
    -h | --help) help && exit ;;
    *) usage_error "unknown argument '$1'" ;;
  esac
  shift
done

need_limactl
header cleanup
there=$(vms)
if [ -z "$there" ]; then
  say "There are no VMs of the suite."
  exit
fi
if [ -t 0 ] && [ -z "$force" ]; then
  printf 'This removes %s of: %s. Go on? [y/N] ' "${keep:+Warren}${keep:-everything}" "$(echo "$there" | tr '\n' ' ')"
  read -r answer
  case $answer in y | Y | yes) ;; *) fail "nothing was removed" ;; esac
fi
# Programs that are run over a connection would take what is typed.
exec </dev/null
if [ -n "$keep" ]; then
  for vm in $(vms running); do
    guest "$vm" forget || fail "$vm was not cleaned; delete it with: $LIMACTL delete -f $vm"
  done
  say "Warren is gone from: $(vms running | tr '\n' ' ')"
else
  # shellcheck disable=SC2086 # names
  "$LIMACTL" delete -f $there 2>&1 | grep -v 'level=info' || true
  left=$(vms | tr '\n' ' ')
  [ -z "$left" ] || fail "these VMs are still there: $left; see: $LIMACTL list"
  say "Deleted: $(echo "$there" | tr '\n' ' ')"
fi
