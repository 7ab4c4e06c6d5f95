#!/bin/sh
# Tests the project in a clean Debian made by debootstrap:
#
#     scripts/distro_test.sh [SUITE]                 make run and make test; SUITE is trixie (Debian 13)
#                                                    by default
#     scripts/distro_test.sh SUITE readme [USER]     all commands of the README, as root or as a user with
#                                                    sudo; reports the time and the bytes fetched
#     scripts/distro_test.sh SUITE event [USER]      from a fresh checkout to an event at a webhook
#                                                    (scripts/first_event.sh), with a camera of this machine
#
# The system is made in a temporary directory and removed at the end. It gets a copy of the
# committed checkout, and this machine's certificates and name servers; for the tests also
# its Go and module cache. Everything else comes from the system's own packages and, as in
# the README, from the registries of Go and Python. Needs root, debootstrap and a package
# mirror. If one is missing, the script says so and exits with status 0.
set -eu

suite=${1:-trixie}
mode=${2:-test}
reader=${3:-root}

skip() {
	echo "distro-test of $suite skipped: $1"
	exit 0
}

[ "$(id -u)" = 0 ] || skip 'not root'
command -v debootstrap >/dev/null || skip 'debootstrap is not installed (apt-get install debootstrap)'

source=$(cd "$(dirname "$0")/.." && pwd)
root=$(mktemp -d)
chmod 755 "$root" # a root directory is open to all users
mounts=''
camera=''

# Unmount before removing anything: the module cache belongs to this machine.
cleanup() {
	[ -z "$camera" ] || kill "$camera"
	for mount in $mounts; do
		umount "$root/$mount" || { echo "cannot unmount $root/$mount: unmount it and remove $root by hand" >&2; return; }
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
cp /etc/resolv.conf "$root/etc/"
mkdir -p "$root/etc/ssl"
cp -r /etc/ssl/certs "$root/etc/ssl/certs"
cp -r /usr/local/share/ca-certificates "$root/usr/local/share/" 2>/dev/null || true

# inside COMMANDS [VAR=VALUE…]: runs commands in the system as root.
inside() {
	commands=$1
	shift
	chroot "$root" /usr/bin/env -i HOME=/root PATH=/usr/local/go/bin:/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive "$@" sh -euc "$commands"
}

# newcomer [PACKAGE…] <SCRIPT: runs a script as the reader, who has a copy of this checkout, the
# packages, and what the README expects: make and Go, installed as it says for this system.
newcomer() {
	cat >"$root/tmp/newcomer.sh"
	backports='' from=''
	if [ "$suite" = bookworm ]; then
		backports='sed "s/ bookworm / bookworm-backports /" /etc/apt/sources.list >/etc/apt/sources.list.d/backports.list'
		from='--no-install-recommends -t bookworm-backports' # recommended backports conflict with OpenCV's packages
	fi
	inside "$backports
	apt-get update -q >/dev/null
	apt-get install -q -y make sudo $* >/dev/null
	apt-get install -q -y $from golang-go >/dev/null"
	home=/root
	if [ "$reader" != root ]; then
		home=/home/$reader
		inside "useradd -m -s /bin/sh $reader && echo '$reader ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/reader"
	fi
	mkdir "$root$home/rvo-tui"
	git -C "$source" archive HEAD | tar -x -C "$root$home/rvo-tui"
	inside "chown -R $reader $home/rvo-tui"
	chroot "$root" runuser -u "$reader" -- /usr/bin/env -i "HOME=$home" "USER=$reader" "LANG=C.UTF-8" \
		PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin sh /tmp/newcomer.sh
}

readme() {
	newcomer <<-'END'
		set -eu
		cd ~/rvo-tui
		fetched() { # MB from apt, Go and PyPI
			apt=$(sed -n 's/^to fetch: \([0-9.,]*\) MB.*/\1/p' /tmp/said | tr -d , | awk '{ sum += $1 } END { print int(sum) }')
			go=$(du -sm "$(go env GOMODCACHE)/cache/download" | cut -f 1)
			pip=$(sed -n 's/.*Downloading .*(\([0-9.]*\) MB).*/\1/p' /tmp/said | awk '{ sum += $1 } END { print int(sum) }')
			echo "$((apt + go + pip)) MB fetched (packages $apt, Go $go, Python $pip)"
		}
		began=$(date +%s)
		make run ARGS='--no-ui --duration 10s' >/tmp/events.jsonl 2>/tmp/said || { cat /tmp/said >&2; exit 1; }
		grep -q '"event_type":"motion"' /tmp/events.jsonl || { echo 'make run reported no event' >&2; exit 1; }
		echo "make run: $(($(date +%s) - began)) s, $(fetched)"
		python3 scripts/docs_test.py README.md 2>&1 | tee /tmp/tour
		cat /tmp/tour >>/tmp/said
		! grep -q 'not printed\|ends with status\|still runs' /tmp/tour
		echo "whole README: $(($(date +%s) - began)) s, $(fetched)"
	END
}

event() {
	"$source/scripts/packages.sh" camera
	/usr/bin/python3 "$source/capture/rtsp/testdata/rtsp_server.py" --port 0 --size 320x240 >"$root/tmp/camera" &
	camera=$!
	until grep -q ready "$root/tmp/camera"; do sleep 0.2; done
	newcomer python3 <<-END
		cd ~/rvo-tui
		scripts/first_event.sh rtsp://127.0.0.1:$(sed -n 's/^ready //p' "$root/tmp/camera")/stream
	END
}

tests() {
	mount_in bind "$(go env GOMODCACHE)" go/pkg/mod
	cp -r "$(go env GOROOT)" "$root/usr/local/go"
	mkdir -p "$root/src"
	git -C "$source" archive HEAD | tar -x -C "$root/src"
	# Besides Go, the README expects make and git.
	inside '
	apt-get update -q >/dev/null
	apt-get install -q -y --no-install-recommends make git >/dev/null
	cd /src
	make run ARGS="--no-ui --duration 10s --metrics-listen 127.0.0.1:0" >/tmp/events.jsonl
	grep -q "\"event_type\":\"motion\"" /tmp/events.jsonl || { echo "make run reported no event" >&2; exit 1; }
	bin/rvo-tui --version
	printf "[[camera]]\nname = \"yard\"\nsource = \"synthetic:street\"\n" >/tmp/three.toml
	printf "[[detector]]\nname = \"things\"\nkind = \"onnx\"\nmodel = \"%s\"\n" /src/detectors/onnx/testdata/ok5.onnx >>/tmp/three.toml
	bin/rvo-tui check /tmp/three.toml | grep "YOLO, raw" || { echo "a network did not run" >&2; exit 1; }
	make test RERUN=1
	' GOMODCACHE=/go/pkg/mod GOTOOLCHAIN=local
}

case $mode in
readme) readme ;;
event) event ;;
test) tests ;;
*)
	echo "usage: distro_test.sh [SUITE [test|readme|event [USER]]]" >&2
	exit 2
	;;
esac
echo "distro-test of $suite ($mode, $reader) passed"
