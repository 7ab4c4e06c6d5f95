#!/bin/sh
# Fetches Debian's or Ubuntu's kernel for virtual machines to bin/vm/vmlinuz without
# installing it. make faults boots it. An existing file is kept.
set -eu
cd "$(dirname "$0")/.."
[ ! -e bin/vm/vmlinuz ] || exit 0
command -v apt-get >/dev/null || {
	echo "apt-get is missing: copy a kernel to bin/vm/vmlinuz" >&2
	exit 1
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
for meta in linux-image-cloud-amd64 linux-image-virtual; do
	kernel=$(apt-cache depends "$meta" 2>/dev/null | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)$/\1/p' | head -n 1)
	[ -n "$kernel" ] && break
done
[ -n "$kernel" ] || {
	echo "apt knows no kernel for virtual machines: run apt-get update" >&2
	exit 1
}
apt-get download "$kernel"
dpkg-deb -x ./*.deb .
mkdir -p "$OLDPWD/bin/vm"
mv boot/vmlinuz-* "$OLDPWD/bin/vm/vmlinuz"
