#!/bin/sh
# A three-minute demo without a camera or a network. docs/demo.md says which keys to press
# and what to look at. make demo builds what it needs and runs:
#
#     examples/demo/demo.sh RVO-TUI ROAD
#
# The arguments are the paths of the two programs. Clips go to bin/demo. After KILL_AFTER
# seconds, by default 40, it kills the Go service to show an unexpected fault.
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
