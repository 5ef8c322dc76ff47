#!/usr/bin/env bash
# web-image.sh OUT.tar [NAME [HEALTHCHECK]]: makes a small web server image as an OCI layout archive, from the distribution's own busybox, without a registry.
# GET / answers a page, GET /cgi-bin/whoami the name of the replica that answered. HEALTHCHECK is what the image's configuration has under that name.
set -euo pipefail
out=$1 name=${2:-web:demo} healthcheck=${3:-null}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root layout=$work/layout
busybox=$(command -v busybox)

mkdir -p "$root"/{bin,etc,tmp,proc,sys,dev,run,www/cgi-bin} "$layout/blobs/sha256"
chmod 1777 "$root/tmp"
cp "$busybox" "$root/bin/busybox"
for applet in sh ls cat echo hostname httpd ps sleep wget kill id env ip nc; do ln -s busybox "$root/bin/$applet"; done
printf 'root:x:0:0:root:/root:/bin/sh\nwww:x:33:33:www:/www:/bin/false\n' >"$root/etc/passwd"
printf 'root:x:0:\nwww:x:33:\n' >"$root/etc/group"
printf '<h1>Hello from Warren</h1>\n' >"$root/www/index.html"
# The image's own shell expands $(hostname), at each request.
# shellcheck disable=SC2016
printf '#!/bin/sh\nprintf "Content-Type: text/plain\\r\\n\\r\\n%%s\\n" "$(hostname)"\n' >"$root/www/cgi-bin/whoami"
chmod 0755 "$root/www/cgi-bin/whoami"

tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -C "$root" -cf "$work/layer.tar" .
diff_id=$(sha256sum "$work/layer.tar" | cut -d' ' -f1)
gzip -n "$work/layer.tar"

case $(uname -m) in
  x86_64) architecture=amd64 ;;
  aarch64) architecture=arm64 ;;
  *) architecture=$(uname -m) ;;
esac

# blob FILE: stores it under its digest and prints "digest size" as JSON fields.
blob() {
  local digest
  digest=$(sha256sum "$1" | cut -d' ' -f1)
  cp "$1" "$layout/blobs/sha256/$digest"
  printf '"digest":"sha256:%s","size":%s' "$digest" "$(stat -c %s "$1")"
}

layer=$(blob "$work/layer.tar.gz")
cat >"$work/config.json" <<JSON
{"architecture":"$architecture","os":"linux","created":"1970-01-01T00:00:00Z","config":{"Env":["PATH=/bin"],"Cmd":["httpd","-f","-v","-p","80","-h","/www"],"ExposedPorts":{"80/tcp":{}},"StopSignal":"SIGTERM","Healthcheck":$healthcheck},"rootfs":{"type":"layers","diff_ids":["sha256:$diff_id"]}}
JSON
config=$(blob "$work/config.json")
cat >"$work/manifest.json" <<JSON
{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json",$config},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip",$layer}]}
JSON
manifest=$(blob "$work/manifest.json")
cat >"$layout/index.json" <<JSON
{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json",$manifest,"platform":{"architecture":"$architecture","os":"linux"},"annotations":{"io.containerd.image.name":"docker.io/library/$name","org.opencontainers.image.ref.name":"$name"}}]}
JSON
printf '{"imageLayoutVersion":"1.0.0"}' >"$layout/oci-layout"
tar -C "$layout" -cf "$out" oci-layout index.json blobs
