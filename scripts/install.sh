#!/bin/sh
# Installs the built program, or removes it:
#
#     scripts/install.sh install|uninstall
#
# PREFIX is the destination, by default /usr/local; DESTDIR is put before it, for packaging.
# An existing configuration is neither overwritten nor removed.
set -eu
cd "$(dirname "$0")/.."
prefix=${PREFIX:-/usr/local}
to=${DESTDIR:-}$prefix
config=${DESTDIR:-}/etc/rvo-tui/rvo.toml
unit=$to/lib/systemd/system/rvo-tui.service
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Files that the program generates.
generated="
	share/man/man1/rvo-tui.1
	share/bash-completion/completions/rvo-tui
	share/zsh/site-functions/_rvo-tui
	share/fish/vendor_completions.d/rvo-tui.fish"

case ${1:-} in
install)
	[ -x bin/rvo-tui ] || {
		echo "bin/rvo-tui is missing: run make build" >&2
		exit 1
	}
	install -D -m 755 bin/rvo-tui "$to/bin/rvo-tui"
	if [ -e bin/libonnxruntime.so ]; then
		install -D -m 644 bin/libonnxruntime.so "$to/lib/rvo-tui/libonnxruntime.so"
	fi
	for file in $generated; do
		case $file in
		share/man/*) bin/rvo-tui man >"$work/file" ;;
		*bash*) bin/rvo-tui completion bash >"$work/file" ;;
		*zsh*) bin/rvo-tui completion zsh >"$work/file" ;;
		*fish*) bin/rvo-tui completion fish >"$work/file" ;;
		esac
		install -D -m 644 "$work/file" "$to/$file"
	done
	sed "s|/usr/local|$prefix|g" examples/rvo-tui.service >"$work/file"
	install -D -m 644 "$work/file" "$unit"
	if [ -e "$config" ]; then
		echo "kept $config"
	else
		install -D -m 644 rvo.toml "$config"
	fi
	echo "installed $to/bin/rvo-tui; to start the service: systemctl daemon-reload && systemctl enable --now rvo-tui"
	;;
uninstall)
	rm -f "$to/bin/rvo-tui" "$to/lib/rvo-tui/libonnxruntime.so" "$unit"
	rmdir "$to/lib/rvo-tui" 2>/dev/null || true
	for file in $generated; do
		rm -f "$to/$file"
	done
	if [ -e "$config" ]; then
		echo "kept $config"
	fi
	;;
*)
	echo "usage: install.sh install|uninstall" >&2
	exit 2
	;;
esac
