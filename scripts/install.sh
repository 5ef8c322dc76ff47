#!/usr/bin/env bash
# install.sh PREFIX [DESTDIR]: binary, completions, man pages and systemd units.
set -euo pipefail
cd "$(dirname "$0")/.."
prefix=$1 root=${2:-}
if [ ! -x bin/warren ]; then
  echo "error: bin/warren is not there; run 'make build' first" >&2
  exit 1
fi

install -D -m 0755 bin/warren "$root$prefix/bin/warren"
for shell in bash:share/bash-completion/completions/warren zsh:share/zsh/site-functions/_warren fish:share/fish/vendor_completions.d/warren.fish; do
  target="$root$prefix/${shell#*:}"
  mkdir -p "$(dirname "$target")"
  bin/warren --generate-completion-script "${shell%%:*}" >"$target"
done
mkdir -p "$root$prefix/share/man/man1"
scripts/manual.py bin/warren >"$root$prefix/share/man/man1/warren.1"
mkdir -p "$root/etc/systemd/system"
sed "s|@PREFIX@|$prefix|g" packaging/warren.service >"$root/etc/systemd/system/warren.service"
if [ -z "$root" ] && [ -d /run/systemd/system ]; then systemctl daemon-reload; fi

cat <<TXT
Installed warren in $root$prefix.
Form a cluster once with     warren cluster init    (stop it with Ctrl-C)
then let systemd keep it     systemctl enable --now warren
TXT
