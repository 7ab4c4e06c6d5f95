#!/bin/sh
# Shows the program for three minutes without a camera or a network: docs/demo.md says
# what to press and to look at. make demo builds what it needs, and starts it:
#
#     examples/demo/demo.sh RVO-TUI ROAD
#
# Both are programs. What is recorded goes to bin/demo. After KILL_AFTER seconds (40) it
# kills the service in Go, as a fault that nobody expects.
set -eu
rvo=$(realpath "$1")
ROAD=$(realpath "$2")
here=$(dirname "$(realpath "$0")")
PAVEMENT=$here/pavement.py
export ROAD PAVEMENT

dir=${DIR:-$here/../../bin/demo}
rm -rf "$dir"
mkdir -p "$dir"
cd "$dir"
cp "$here/rvo.toml" .
(
	sleep "${KILL_AFTER:-40}"
	kill -KILL "$(cat road.pid)"
) >/dev/null 2>&1 &
trap 'kill $! 2>/dev/null || true' EXIT
"$rvo" --config rvo.toml
