#!/bin/sh
# Tests packages.sh on simulated machines: directories with fake programs.
set -eu
script=$(cd "$(dirname "$0")" && pwd)/packages.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0 ran=0

# program NAME <TEXT: makes a fake program from standard input.
program() {
	{
		echo '#!/bin/sh'
		cat
	} >"$work/bin/$1"
	chmod +x "$work/bin/$1"
}

# machine USER PROGRAM…: makes a Debian machine with dpkg, apt-get and only the named
# programs and packages. USER is the ID of the current user.
machine() {
	rm -rf "${work:?}/bin" "$work/doc"
	mkdir -p "$work/bin" "$work/doc"
	: >"$work/calls"
	for tool in sh env cat sed; do
		ln -s "$(command -v "$tool")" "$work/bin/$tool"
	done
	echo "echo $1" | program id
	shift
	for name; do
		echo 'exit 0' | program "$name"
	done
	program dpkg-query <<-END
		for last; do :; done
		case " $* " in *" \$last "*) printf installed ;; *) exit 1 ;; esac
	END
	echo "echo apt-get \"\$@\" >>$work/calls" | program apt-get
}

# expect NAME STATUS TEXT CALLS -- [VAR=VALUE…] SET: checks the exit status of packages.sh,
# its output and its calls. TEXT and CALLS are shell patterns; - is nothing.
expect() {
	name=$1 status=$2 text=$3 calls=$4
	shift 5
	ran=$((ran + 1))
	got=0
	for set; do :; done
	said=$(
		while [ $# -gt 1 ]; do
			export "${1?}"
			shift
		done
		PATH=$work/bin DOC_ROOT=$work/doc SYSTEMD_ROOT=$work/systemd "$script" "$set" 2>&1
	) || got=$?
	called=$(cat "$work/calls")
	: >"$work/calls"
	[ "$got" = "$status" ] || wrong "exits with status $got, not $status"
	like "$said" "$text" || wrong "does not print $text"
	like "$called" "$calls" || wrong "does not call $calls"
}

like() {
	# shellcheck disable=SC2254 # a pattern
	case $2 in
	-) [ -z "$1" ] ;;
	*) case $1 in *$2*) ;; *) return 1 ;; esac ;;
	esac
}

wrong() {
	failed=$((failed + 1))
	printf 'FAIL %s: it %s\n--- printed:\n%s\n--- called:\n%s\n' "$name" "$1" "$said" "$called" >&2
}

tests='opencv-data python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-base gstreamer1.0-plugins-good
	gstreamer1.0-plugins-ugly gstreamer1.0-plugins-bad gstreamer1.0-libav python3-grpcio python3-protobuf python3-opencv libpython3-dev
	ffprobe tmux zsh fish chromium vlc-bin vlc-plugin-base prometheus promtool
	mosquitto_passwd mosquitto_sub'

machine 0 python3 g++ pkg-config
expect 'nothing missing' 0 - - -- build

machine 0 python3 clang++ pkg-config
expect 'another compiler' 0 - - -- build

machine 0 python3 pkg-config
expect 'no compiler' 0 'installing: g++' 'apt-get*update*apt-get*install*--no-install-recommends g++' -- build

machine 0
expect 'everything missing' 0 'installing: g++ pkg-config libopencv-dev' '--no-install-recommends g++ pkg-config libopencv-dev libavcodec-dev libavformat-dev libavutil-dev libswscale-dev libturbojpeg0-dev python3-pip' -- build
expect 'a build without OpenCV' 0 - - -- CGO_ENABLED=0 build

machine 1000 python3 pkg-config
expect 'neither root nor sudo' 1 'Installing needs root*sudo apt-get update && sudo apt-get install --no-install-recommends g++*CGO_ENABLED=0' - -- build
echo "echo sudo \"\$1\" >>$work/calls; exec \"\$@\"" | program sudo
expect 'through sudo' 0 'installing: g++' 'sudo env*apt-get*update*sudo env*apt-get*install*g++' -- build

machine 0 python3 pkg-config
expect 'installing is forbidden' 1 'missing: g++*PACKAGES=skip*apt-get install --no-install-recommends g++' - -- PACKAGES=skip build
echo 'exit 100' | program apt-get
expect 'apt-get fails' 1 'could not install them*make build CGO_ENABLED=0' - -- build

machine 0 python3 pkg-config
rm "$work/bin/apt-get" "$work/bin/dpkg-query"
expect 'another system' 1 'missing: g++*Fedora*Arch*macOS*CGO_ENABLED=0' - -- build
machine 0 python3 g++ pkg-config
rm "$work/bin/apt-get" "$work/bin/dpkg-query"
expect 'another system with everything to build' 0 - - -- build
expect 'another system without test data' 0 'missing: opencv-data opencv-doc*Tests that need them*are skipped' - -- test

# shellcheck disable=SC2086 # a list
machine 0 python3 g++ pkg-config $tests opencv-doc
expect 'an image without the examples' 0 'installing: opencv-doc' '--reinstall opencv-doc' -- test
mkdir -p "$work/doc/opencv-doc/examples/data"
expect 'everything for tests' 0 - - -- test
expect 'no linters' 0 'installing: shellcheck file' 'shellcheck file' -- check
rm "$work/bin/prometheus"
expect 'a server, without systemd' 0 'installing: prometheus' 'no-install-recommends prometheus' -- test
mkdir "$work/systemd"
expect 'a server, with systemd' 0 - - -- test

expect 'unknown set' 2 'usage' - -- nonsense

if [ "$failed" != 0 ]; then
	echo "packages.sh: $failed of $ran cases failed" >&2
	exit 1
fi
echo "ok packages.sh: $ran cases"
