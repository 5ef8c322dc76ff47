#!/usr/bin/env bash
# test-cluster.sh [--report DIR] [--help]
#
# The scenario "cluster" of test-e2e.sh on the VMs of setup.sh: forms a cluster of them, and leaves it there.
set -euo pipefail
case ${1:-} in -h | --help) awk 'NR > 1 && !/^#/ { exit } NR > 1 { sub(/^# ?/, ""); print }' "$0" && exit ;; esac
exec "$(cd "$(dirname "$0")" && pwd)/test-e2e.sh" --skip-setup --skip-cleanup --only cluster "$@"
