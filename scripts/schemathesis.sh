#!/bin/sh
# Tests the HTTP API of a program against its description, docs/openapi.json. schemathesis
# derives valid requests from it, and invalid ones that must be refused:
#
#     scripts/schemathesis.sh PROGRAM [OPTION ...]
#
# Options are those of schemathesis: --seed 1 sends the same requests each time,
# --max-examples 200 sends more of them.
#
# If pip cannot install schemathesis, the script says so and succeeds.
set -eu
[ $# -ge 1 ] || {
	echo "usage: scripts/schemathesis.sh PROGRAM [OPTION ...]" >&2
	exit 2
}
program=$(realpath "$1")
shift
tool=$(dirname "$program")/schemathesis
version=4.32.5

if [ ! -e "$tool/$version" ]; then
	rm -rf "$tool"
	python3 -m pip install -q --disable-pip-version-check --target "$tool" "schemathesis==$version" || {
		echo "schemathesis: skipped: pip cannot install it" >&2
		exit 0
	}
	touch "$tool/$version"
fi

work=$(mktemp -d)
pid=
end() {
	[ -z "$pid" ] || kill "$pid" 2>/dev/null || true
	wait
	rm -rf "$work"
}
trap end EXIT

cat >"$work/rvo.toml" <<'EOF'
[control]
socket = ""
listen = "127.0.0.1:0"

[metrics]
listen = ""

[clips]
dir = "clips"
before = "500ms"
after = "500ms"

[[camera]]
name = "door"
source = "synthetic:street"
width = 160
height = 90
fps = 10

[[detector]]
name = "motion"
kind = "motion"

[[rule]]
event = "seen"
when = "motion >= 0"
EOF
cd "$work"
: >log # sed below reads it at once
"$program" --no-ui --config rvo.toml >events.jsonl 2>log &
pid=$!
n=0
while address=$(sed -n 's/.*the API is served" address=\(127[^ ]*\).*/\1/p' log) && [ -z "$address" ]; do
	n=$((n + 1))
	if [ $n = 300 ] || ! kill -0 "$pid"; then
		cat log >&2
		exit 1
	fi
	sleep 0.1
done

# Excluded are endless streams, stopping the program, and removing the camera that the other
# requests use. A schema cannot express which sources and endpoints are allowed, so requests
# that match it may still be refused.
PYTHONPATH=$tool "$tool/bin/st" run "http://$address/api/openapi.json" \
	--exclude-operation-id stream --exclude-operation-id media --exclude-operation-id preview \
	--exclude-operation-id stop --exclude-operation-id remove_camera \
	--exclude-checks positive_data_acceptance --max-examples 20 --request-timeout 15 \
	--phases examples,coverage,fuzzing --no-color "$@"
kill -0 "$pid" || {
	echo "schemathesis: the program exited" >&2
	tail -n 50 log >&2
	exit 1
}
