#!/usr/bin/env bash
# cluster.sh up|down: three managers and two workers on this machine, each a host of its own made of namespaces (the stand-in for Lima), with a
# cluster on them. `up` may be run again at any time, and mends what is broken; `down` removes everything `up` made.
set -euo pipefail
cd "$(dirname "$0")/.."
export LIMACTL=$PWD/test/lima/standin/limactl
# Its own, so that the tests neither take nor remove these hosts.
export LIMA_HOME=${WARREN_CLUSTER_STATE:-/var/lib/warren-cluster}
# shellcheck source=test/lima/lib.sh disable=SC1091
. test/lima/lib.sh

up() {
  scripts/dependencies.sh build run lima
  if [ ! -x bin/warren ] || [ -n "$(find Sources Package.swift -newer bin/warren -print -quit)" ]; then
    say "Building a release binary (the first time takes some minutes)"
    make --no-print-directory build
  fi
  test/lima/setup.sh
  # A host whose power was cut boots without its daemon.
  for vm in $(vms); do guest "$vm" recover >/dev/null; done
  if ! in_vm warren-manager-1 sudo test -e /var/lib/warren/security; then
    say "Forming a cluster"
    form_cluster >/dev/null
  fi
  healthy >/dev/null || healthy || fail "the cluster is not as it should be (see above); begin anew with: make cluster-down cluster"
  guest warren-manager-1 w node list
  cat <<TXT

It stays running. Try:
  export LIMA_HOME=$LIMA_HOME
  lima() { $LIMACTL shell --workdir / "\$@"; }
  warren() { lima warren-manager-1 sudo /mnt/warren/bin/warren "\$@"; }
  warren service create web --image web:demo --replicas 4 --publish 8088:80
  warren service ps web
  lima warren-worker-1 curl -s http://lima-warren-worker-2.internal:8088/cgi-bin/whoami
  $LIMACTL stop -f warren-manager-1       # cuts its power; then: make cluster
  make cluster-down                       # removes everything
TXT
}

[ "$(id -u)" = 0 ] || fail "hosts made of namespaces need root; run this as root"
case ${1:-} in
  up) up ;;
  down) test/lima/cleanup.sh --force ;;
  *)
    echo "usage: cluster.sh up|down" >&2
    exit 2
    ;;
esac
