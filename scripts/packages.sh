#!/bin/sh
# Installs the system packages that the project needs and the machine lacks:
#
#     scripts/packages.sh build|test|check|demo|tour|camera|proto|sdk|faults
#
# Each set contains those before it, except that those from demo on stand alone. Where
# nothing is missing it does and says nothing. On Debian and Ubuntu (tested: Debian
# 12 and 13) it installs with apt-get, through sudo for users other than root;
# elsewhere, and with PACKAGES=skip, it says what is missing and ends with status 1.
# The set test goes on where only material of tests is missing (they skip, and say
# why). CGO_ENABLED=0 needs no set build.
set -eu

# installed PACKAGE: dpkg has it.
installed() {
	[ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# present PACKAGE: what the project wants of it is there, wherever it is from.
# What is not a program or a library can only be asked of dpkg.
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
	# Images of containers often leave out /usr/share/doc, with dpkg unaware.
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

# build: the compiler, OpenCV, FFmpeg, libjpeg-turbo, and pip, which fetch.sh brings ONNX Runtime
# with.
build='g++ pkg-config libopencv-dev libavcodec-dev libavformat-dev libavutil-dev libswscale-dev libturbojpeg0-dev python3-pip'

# test: opencv-doc and opencv-data are real video and the cascades for faces,
# ffmpeg makes and checks movies, tmux is a terminal, GStreamer and VLC are RTSP
# servers, Chromium plays clips and shows the browser dashboard, zsh and fish complete commands, the Python
# packages run the example of a model service, and libpython3-dev is for Python models on a real Triton.
test="opencv-data opencv-doc ffmpeg tmux vlc-bin vlc-plugin-base zsh fish
	python3-gi gir1.2-gst-rtsp-server-1.0
	gstreamer1.0-plugins-base gstreamer1.0-plugins-good
	gstreamer1.0-plugins-ugly gstreamer1.0-plugins-bad gstreamer1.0-libav
	python3-grpcio python3-protobuf python3-opencv libpython3-dev"

# prometheus reads the metrics, mosquitto is a broker of MQTT. Their packages start
# servers, so where systemd would do that they are for people to install.
[ -d "${SYSTEMD_ROOT:-/run/systemd/system}" ] || test="$test prometheus mosquitto mosquitto-clients"

# Ubuntu has Chromium as a snap alone.
# shellcheck disable=SC1091 # not of this repository
[ "$(. /etc/os-release 2>/dev/null && echo "${ID:-}")" = ubuntu ] || test="$test chromium"

# check: a linter for shell scripts, and what tells a static program.
check='shellcheck file'

# demo: what its service in Python needs.
demo='python3-grpcio python3-protobuf'

# tour: what the README's five minutes need.
tour='curl jq opencv-doc python3-grpcio python3-protobuf python3-opencv'

# camera: what plays one, for scripts/first_event.sh.
camera='python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-base gstreamer1.0-plugins-good
	gstreamer1.0-plugins-ugly gstreamer1.0-plugins-bad'

# sdk: what generates the stubs of the SDKs, and Node, which checks and runs that of TypeScript.
sdk='protobuf-compiler protobuf-compiler-grpc python3-venv nodejs npm'

# faults: networks, disks and a virtual machine of their own.
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

# absent PACKAGE…: those that are not present, each behind a space.
absent() {
	for package; do
		present "$package" || printf ' %s' "$package"
	done
}

# shellcheck disable=SC2086 # lists of names
missing=$(absent $wanted)
[ -n "$missing" ] || exit 0

# advise WHY: says what is missing and what helps here, and ends.
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

byhand="Install what these Debian packages hold: a C++17 compiler, pkg-config, OpenCV 4.6 or newer 4.x with its headers
(pkg-config must find opencv4), and the development files of FFmpeg 5.1 or newer (libavcodec, libavformat, libavutil,
libswscale) and of libjpeg-turbo (libturbojpeg), as in
  Fedora:   dnf install gcc-c++ pkgconf opencv-devel ffmpeg-free-devel turbojpeg-devel
  Arch:     pacman -S gcc pkgconf opencv ffmpeg libjpeg-turbo vtk hdf5
  openSUSE: zypper install gcc-c++ pkg-config opencv-devel ffmpeg-devel libjpeg8-devel
  macOS:    brew install pkg-config opencv ffmpeg jpeg-turbo"

if ! command -v apt-get >/dev/null 2>&1 || ! command -v dpkg-query >/dev/null 2>&1; then
	advise ''
fi
# Within what opencv-doc holds, only the examples are wanted.
apt="apt-get -o DPkg::Lock::Timeout=120 -o DPkg::Options::=--path-include=/usr/share/doc/opencv-doc/examples/*"
root=''
if [ "$(id -u)" != 0 ]; then
	root='sudo '
fi
byhand="Install them:  ${root}apt-get update && ${root}apt-get install --no-install-recommends$missing"
if [ "${PACKAGES:-}" = skip ]; then
	advise "Nothing is installed because of PACKAGES=skip."
fi
if [ -n "$root" ] && ! command -v sudo >/dev/null 2>&1; then
	advise "Neither root nor sudo is at hand."
fi
echo "installing:$missing" >&2
# Files that an image left out come only with a package that is unpacked anew.
again=''
case "$missing " in *" opencv-doc "*) if installed opencv-doc; then again=--reinstall; fi ;; esac
# size: how much there is to fetch, as apt says it.
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
