#!/usr/bin/env bash
# test-failover.sh [--runs N] [--report DIR] [--help]
#
# The scenario "failover" of test-e2e.sh on the VMs of setup.sh: takes the leader away in four ways, N times (1). Takes the cluster that is
# there, or forms one.
set -euo pipefail
case ${1:-} in -h | --help) awk 'NR > 1 && !/^#/ { exit } NR > 1 { sub(/^# ?/, ""); print }' "$0" && exit ;; esac
exec "$(cd "$(dirname "$0")" && pwd)/test-e2e.sh" --skip-setup --skip-cleanup --only failover "$@"
