#!/bin/sh
# Builds the program and runs every test in a clean Debian made by debootstrap:
#
#     scripts/distro_test.sh [SUITE]      trixie (Debian 13) unless named
#
# The system is made in a temporary directory and removed at the end. It gets a
# copy of this checkout as committed, the Go in use here, and this machine's
# module cache, certificates and name servers; everything else comes from its
# own packages. Needs root, debootstrap and a package mirror: without them it
# says what is missing and ends with status 0.
set -eu

suite=${1:-trixie}

skip() {
	echo "distro-test of $suite skipped: $1"
	exit 0
}

[ "$(id -u)" = 0 ] || skip 'not root'
command -v debootstrap >/dev/null || skip 'debootstrap is not installed (apt-get install debootstrap)'

source=$(cd "$(dirname "$0")/.." && pwd)
root=$(mktemp -d)
mounts=''

# What is mounted is unmounted before anything is removed: the module cache
# belongs to this machine.
cleanup() {
	for mount in $mounts; do
		umount "$root/$mount" || { echo "still mounted: $root/$mount; unmount and remove it by hand" >&2; return; }
	done
	rm -rf "$root"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

mount_in() { # TYPE-OR-BIND SOURCE PATH
	mkdir -p "$root/$3"
	if [ "$1" = bind ]; then mount --bind "$2" "$root/$3"; else mount -t "$1" "$2" "$root/$3"; fi
	mounts="$3 $mounts"
}

echo "making a clean $suite" >&2
debootstrap --variant=minbase "$suite" "$root" >"$root.log" 2>&1 || {
	why=$(tail -n 1 "$root.log")
	rm -f "$root.log"
	skip "debootstrap failed: $why"
}
rm -f "$root.log"

mount_in proc proc proc || skip 'cannot mount'
mount_in bind /dev dev
mount_in bind /dev/pts dev/pts
mount_in bind /dev/shm dev/shm
mount_in bind "$(go env GOMODCACHE)" go/pkg/mod
cp /etc/resolv.conf "$root/etc/"
cp -r "$(go env GOROOT)" "$root/usr/local/go"
mkdir -p "$root/src" "$root/etc/ssl"
cp -r /etc/ssl/certs "$root/etc/ssl/certs"
cp -r /usr/share/ca-certificates /usr/local/share/ca-certificates "$root/usr/share/" 2>/dev/null || true
git -C "$source" archive HEAD | tar -x -C "$root/src"

# make and git are what the README takes for granted beside Go.
chroot "$root" /usr/bin/env -i HOME=/root PATH=/usr/local/go/bin:/usr/sbin:/usr/bin:/sbin:/bin \
	GOMODCACHE=/go/pkg/mod GOTOOLCHAIN=local DEBIAN_FRONTEND=noninteractive sh -euc '
	apt-get update -q >/dev/null
	apt-get install -q -y --no-install-recommends make git >/dev/null
	cd /src
	make run ARGS="--no-ui --duration 10s --metrics-listen 127.0.0.1:0" >/tmp/events.jsonl
	grep -q "\"event_type\":\"motion\"" /tmp/events.jsonl || { echo "make run reported no event" >&2; exit 1; }
	bin/rvo-tui --version
	printf "[[camera]]\nname = \"yard\"\nsource = \"synthetic:street\"\n" >/tmp/three.toml
	printf "[[detector]]\nname = \"things\"\nkind = \"onnx\"\nmodel = \"%s\"\n" /src/detectors/onnx/testdata/ok5.onnx >>/tmp/three.toml
	bin/rvo-tui check /tmp/three.toml | grep "YOLO, raw" || { echo "a network did not run" >&2; exit 1; }
	make test
'
echo "distro-test of $suite passed"
