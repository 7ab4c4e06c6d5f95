#!/bin/sh
# Installs the missing system packages of a set:
#
#     scripts/packages.sh build|test|check|demo|tour|camera|proto|sdk|faults
#
# test includes build, and check includes test; the others stand alone. If nothing is
# missing, the script does and prints nothing. On Debian and Ubuntu (tested: Debian 12
# and 13) it installs with apt-get, using sudo unless it runs as root. Elsewhere, and with
# PACKAGES=skip, it lists what is missing and exits with status 1; with status 0 if only
# tests need it, which are then skipped. With CGO_ENABLED=0 the set build is empty.
set -eu

# installed PACKAGE: whether dpkg knows it as installed.
installed() {
	[ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# present PACKAGE: whether its programs and libraries exist, from whatever source. For
# packages without either, dpkg decides.
present() {
	case $1 in
	g++) command -v g++ || command -v clang++ ;;
	pkg-config) command -v pkg-config ;;
	libopencv-dev) pkg-config --exists opencv4 ;;
	libavcodec-dev) pkg-config --exists libavcodec ;;
	libavformat-dev) pkg-config --exists libavformat ;;
	libavutil-dev) pkg-config --exists libavutil ;;
	libswscale-dev) pkg-config --exists libswscale ;;
	libturbojpeg0-dev) pkg-config --exists libturbojpeg ;;
	# Container images often lack /usr/share/doc, and dpkg does not know.
	opencv-doc) [ -d "${DOC_ROOT:-/usr/share/doc}/opencv-doc/examples/data" ] ;;
	ffmpeg) command -v ffprobe ;;
	python3-pip) python3 -m pip --version ;;
	prometheus) command -v prometheus && command -v promtool ;;
	mosquitto) command -v mosquitto_passwd ;; # the server itself is in sbin
	mosquitto-clients) command -v mosquitto_sub ;;
	tmux | shellcheck | file | zsh | fish | curl | jq) command -v "$1" ;;
	protobuf-compiler) command -v protoc ;;
	protobuf-compiler-grpc) command -v grpc_python_plugin ;;
	python3-venv) /usr/bin/python3 -c 'import ensurepip, venv' ;;
	nodejs | npm) command -v "${1%js}" ;;
	*) installed "$1" ;;
	esac >/dev/null 2>&1
}

# build: compiler, OpenCV, FFmpeg, libjpeg-turbo, and pip, with which fetch.sh fetches
# ONNX Runtime.
build='g++ pkg-config libopencv-dev libavcodec-dev libavformat-dev libavutil-dev libswscale-dev libturbojpeg0-dev python3-pip'

# test: opencv-doc and opencv-data have real video and face cascades; ffmpeg makes and
# checks movies; tmux is a terminal; GStreamer and VLC are RTSP servers; Chromium (below)
# plays clips and opens the browser dashboard; zsh and fish test completion; the Python
# packages run the example model service; libpython3-dev is for Python models on Triton.
test="opencv-data opencv-doc ffmpeg tmux vlc-bin vlc-plugin-base zsh fish
	python3-gi gir1.2-gst-rtsp-server-1.0
	gstreamer1.0-plugins-base gstreamer1.0-plugins-good
	gstreamer1.0-plugins-ugly gstreamer1.0-plugins-bad gstreamer1.0-libav
	python3-grpcio python3-protobuf python3-opencv libpython3-dev"

# Prometheus and the MQTT broker mosquitto: with systemd, their packages would start
# servers, so there the user decides whether to install them.
[ -d "${SYSTEMD_ROOT:-/run/systemd/system}" ] || test="$test prometheus mosquitto mosquitto-clients"

# Ubuntu has Chromium only as a snap.
# shellcheck disable=SC1091 # not of this repository
[ "$(. /etc/os-release 2>/dev/null && echo "${ID:-}")" = ubuntu ] || test="$test chromium"

# check: a linter for shell scripts, and file, which recognizes a static program.
check='shellcheck file'

# demo: needed by its Python service.
demo='python3-grpcio python3-protobuf'

# tour: needed by the commands of the README and the docs.
tour='curl jq opencv-doc python3-grpcio python3-protobuf python3-opencv'

# camera: the simulated camera of scripts/first_event.sh.
camera='python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-base gstreamer1.0-plugins-good
	gstreamer1.0-plugins-ugly gstreamer1.0-plugins-bad'

# sdk: code generators of the SDKs, and Node, which checks and runs the TypeScript one.
sdk='protobuf-compiler protobuf-compiler-grpc python3-venv nodejs npm'

# faults: for network namespaces, small disks and a virtual machine.
faults='iproute2 e2fsprogs qemu-system-x86 busybox-static'

if [ "${CGO_ENABLED:-1}" = 0 ]; then
	build=''
fi
case ${1:-} in
build) wanted=$build vital=$build ;;
test) wanted="$build $test" vital=$build ;;
check) wanted="$build $test $check" vital="$build $check" ;;
proto) wanted='protobuf-compiler' vital=$wanted ;;
sdk) wanted=$sdk vital=$sdk ;;
demo) wanted=$demo vital=$demo ;;
faults) wanted=$faults vital='' ;;
tour) wanted=$tour vital=$tour ;;
camera) wanted=$camera vital=$camera ;;
*)
	echo "usage: packages.sh build|test|check|demo|tour|camera|proto|sdk|faults" >&2
	exit 2
	;;
esac

# absent PACKAGE…: prints those that are not present, each after a space.
absent() {
	for package; do
		present "$package" || printf ' %s' "$package"
	done
}

# shellcheck disable=SC2086 # lists of names
missing=$(absent $wanted)
[ -n "$missing" ] || exit 0

# advise PROBLEM: prints what is missing and what to do, and exits.
advise() {
	echo "missing:$missing" >&2
	if [ -n "$1" ]; then
		echo "$1" >&2
	fi
	# shellcheck disable=SC2086
	if [ -z "$(absent $vital)" ]; then
		echo "Tests that need them (the names are Debian's) are skipped." >&2
		exit 0
	fi
	echo "$byhand" >&2
	if [ -n "$build" ]; then
		echo "Without OpenCV: make build CGO_ENABLED=0 (then make run CGO_ENABLED=0)." >&2
	fi
	exit 1
}

byhand="Install the equivalent of these Debian packages: a C++17 compiler, pkg-config, OpenCV 4.6 or newer 4.x with its headers
(pkg-config must find opencv4), and the development files of FFmpeg 5.1 or newer (libavcodec, libavformat, libavutil,
libswscale) and of libjpeg-turbo (libturbojpeg). For example:
  Fedora:   dnf install gcc-c++ pkgconf opencv-devel ffmpeg-free-devel turbojpeg-devel
  Arch:     pacman -S gcc pkgconf opencv ffmpeg libjpeg-turbo vtk hdf5
  openSUSE: zypper install gcc-c++ pkg-config opencv-devel ffmpeg-devel libjpeg8-devel
  macOS:    brew install pkg-config opencv ffmpeg jpeg-turbo"

if ! command -v apt-get >/dev/null 2>&1 || ! command -v dpkg-query >/dev/null 2>&1; then
	advise ''
fi
# Of opencv-doc, only the examples are needed.
apt="apt-get -o DPkg::Lock::Timeout=120 -o DPkg::Options::=--path-include=/usr/share/doc/opencv-doc/examples/*"
root=''
if [ "$(id -u)" != 0 ]; then
	root='sudo '
fi
byhand="Install them:  ${root}apt-get update && ${root}apt-get install --no-install-recommends$missing"
if [ "${PACKAGES:-}" = skip ]; then
	advise "PACKAGES=skip is set: nothing was installed."
fi
if [ -n "$root" ] && ! command -v sudo >/dev/null 2>&1; then
	advise "Installing needs root, or sudo, which is missing."
fi
echo "installing:$missing" >&2
# Files that an image lacks come back only if the package is reinstalled.
again=''
case "$missing " in *" opencv-doc "*) if installed opencv-doc; then again=--reinstall; fi ;; esac
# size: prints the size of the download according to apt.
size() {
	# shellcheck disable=SC2086
	${root}env LC_ALL=C $apt install --assume-no --no-install-recommends $again $missing 2>/dev/null |
		sed -n 's/^Need to get \(.*\) of archives.*/to fetch: \1/p'
}

# shellcheck disable=SC2086
if ! { ${root}env DEBIAN_FRONTEND=noninteractive $apt update -q &&
	size &&
	${root}env DEBIAN_FRONTEND=noninteractive $apt install -q -y --no-install-recommends $again $missing; } >&2; then
	advise "apt-get could not install them."
fi
