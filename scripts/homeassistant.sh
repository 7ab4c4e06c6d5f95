#!/bin/sh
# Installs a real Home Assistant from PyPI for make ha-test:
#
#     scripts/homeassistant.sh DIR
#
# DIR becomes a virtual environment of some 500 MB. Without a suitable Python the script
# says so and does not make DIR; the test is then skipped.
set -eu
version=2025.1.4
# What Home Assistant would install when it starts, as far as the test needs it.
rest='paho-mqtt==1.6.1 home-assistant-frontend==20250109.2 PyTurboJPEG==1.7.5 numpy==2.2.0'
dir=$1
[ "$(cat "$dir/version" 2>/dev/null)" != "$version" ] || exit 0

fits() { "$1" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13))' 2>/dev/null; }

python=
for candidate in python3.13 python3 "$HOME"/.pyenv/versions/3.13*/bin/python; do
	if fits "$candidate"; then
		python=$candidate
		break
	fi
done
if [ -z "$python" ]; then
	echo "Home Assistant $version needs Python 3.13, which is not installed: apt-get install python3.13-venv (Debian 13)" >&2
	exit 0
fi
rm -rf "$dir"
"$python" -m venv "$dir"
# shellcheck disable=SC2086 # a list
"$dir/bin/pip" install --quiet --prefer-binary "homeassistant==$version" $rest
echo "$version" >"$dir/version"
