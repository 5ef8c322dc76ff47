#!/usr/bin/env bash
# Installs through apt what is missing for the purposes named: build, run, test, crun, lima, bench. Safe to repeat; says nothing when nothing is missing.
set -euo pipefail

missing=()
# need COMMAND PACKAGE: the package is wanted only when nothing on PATH answers to the command.
need() { PATH="$PATH:/usr/sbin:/sbin" command -v "$1" >/dev/null 2>&1 || missing+=("$2"); }
need_file() { compgen -G "$1" >/dev/null || missing+=("$2"); }

for purpose in "$@"; do
  case $purpose in
    build)
      need_file '/usr/include/sqlite3.h' libsqlite3-dev
      need_file '/usr/include/zlib.h' zlib1g-dev
      ;;
    run)
      need containerd containerd
      need runc runc
      [ -x /opt/cni/bin/bridge ] || [ -x /usr/lib/cni/bridge ] || missing+=(containernetworking-plugins)
      need ip iproute2
      need nft nftables
      need conntrack conntrack
      need python3 python3
      need iptables iptables
      need zstd zstd
      need busybox busybox-static
      need curl curl
      ;;
    test)
      need docker-registry docker-registry
      need htpasswd apache2-utils
      need protoc protobuf-compiler
      need_file '/usr/include/google/protobuf/timestamp.proto' libprotobuf-dev
      need shellcheck shellcheck
      need jq jq
      need openssl openssl
      need ping iputils-ping
      need tini tini
      need python3 python3
      ;;
    crun)
      need crun crun
      ;;
    lima)
      need_file /usr/bin/python3 python3
      need_file /usr/lib/python3/dist-packages/yaml/__init__.py python3-yaml
      need_file /usr/lib/python3/dist-packages/jsonschema/__init__.py python3-jsonschema
      need sudo sudo
      need ping iputils-ping
      need ps procps
      ;;
    bench)
      need jq jq
      need openssl openssl
      ;;
    *)
      echo "dependencies.sh: unknown purpose '$purpose'" >&2
      exit 2
      ;;
  esac
done

[ ${#missing[@]} -gt 0 ] || exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "error: missing packages: ${missing[*]}; installing them needs root and apt; install them and run this again" >&2
  exit 1
fi
echo "Installing ${missing[*]}"
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
