#!/bin/sh
# Says what to do if Go is missing or too old to fetch the version in go.mod:
#
#     scripts/go.sh GO
#
# Since 1.21, Go fetches the version it needs by itself.
set -eu
cd "$(dirname "$0")/.."
needed=$(sed -n 's/^go //p' go.mod)

# advise PROBLEM: prints it and what to do on this system, and exits.
advise() {
	# shellcheck disable=SC1091 # not of this repository
	system=$(. /etc/os-release 2>/dev/null && echo "${ID:-} ${VERSION_ID:-}") || system=''
	echo "$1. Go 1.21 or later is enough: it fetches Go $needed by itself." >&2
	case $system in
	'debian 12')
		echo "Debian 12 has Go 1.19. Add backports to apt's sources (deb MIRROR bookworm-backports main), then:" >&2
		echo "  apt-get update && apt-get install --no-install-recommends -t bookworm-backports golang-go" >&2
		;;
	debian* | ubuntu*) echo "Install it:  apt-get update && apt-get install golang-go" >&2 ;;
	esac
	echo "Or install it from go.dev/doc/install." >&2
	exit 1
}

version=$(GOTOOLCHAIN=local "$1" env GOVERSION 2>/dev/null) || version=$("$1" version 2>/dev/null | cut -d' ' -f3) || version=''
case $version in
'') advise "Go is missing" ;;
go1.?.* | go1.1?.* | go1.20.* | go1.? | go1.1? | go1.20) advise "Go is too old: this is ${version#go}" ;;
esac
