#!/bin/sh
# Measures the time from a fresh checkout to a camera event at a webhook:
#
#     scripts/first_event.sh               with a simulated camera (RTSP, H.264)
#     scripts/first_event.sh ADDRESS       with your camera: rtsp://user:password@10.0.0.7/stream1
#
# It runs the commands that a user would type, and a receiver for the webhook. It fails if
# there is no event within three minutes.
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d)
started=''
cleanup() {
	# shellcheck disable=SC2086 # a list of numbers
	[ -z "$started" ] || kill $started 2>/dev/null || true
	wait
	rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

# wait_for WHAT COMMAND…: waits until the command succeeds, for up to three minutes.
wait_for() {
	what=$1
	shift
	until "$@" >/dev/null 2>&1; do
		[ $(($(date +%s) - began)) -lt 180 ] || {
			echo "no $what within three minutes" >&2
			cat "$work/log" >&2 || true
			exit 1
		}
		sleep 0.2
	done
}

# Starting the camera and the receiver is not counted.
began=$(date +%s)
CAMERA=${1:-}
if [ -z "$CAMERA" ]; then
	scripts/packages.sh camera
	began=$(date +%s)
	/usr/bin/python3 capture/rtsp/testdata/rtsp_server.py --port 0 --size 320x240 >"$work/camera" &
	started="$started $!"
	wait_for camera grep -q ready "$work/camera"
	CAMERA="rtsp://127.0.0.1:$(sed -n 's/^ready //p' "$work/camera")/stream"
else
	echo "Move in front of the camera."
fi
export CAMERA
python3 - "$work" <<'END' &
import http.server, sys
class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()
        open(sys.argv[1] + "/event", "ab").write(body + b"\n")
    def log_message(self, *args):
        pass
server = http.server.HTTPServer(("127.0.0.1", 0), Receiver)
open(sys.argv[1] + "/port", "w").write(f"{server.server_port}\n")
server.serve_forever()
END
started="$started $!"
wait_for receiver grep -q . "$work/port"
hook="webhook:http://127.0.0.1:$(cat "$work/port")/"

began=$(date +%s)
echo "\$ make build"
make build
built=$(($(date +%s) - began))
echo "\$ bin/rvo-tui init my.toml --camera-uri '\${CAMERA}' --find motion --tell $hook"
program=$PWD/bin/rvo-tui
# shellcheck disable=SC2016 # the program expands it
(cd "$work" && exec "$program" init my.toml --camera-uri '${CAMERA}' --find motion --tell "$hook") </dev/null >"$work/log" 2>&1 &
started="$started $!"
wait_for event grep -q '"motion"' "$work/event"
grep -a -m 1 -o '"event_type":[^}]*' "$work/event" | cut -c 1-120
echo "The webhook received an event $(($(date +%s) - began)) s after the first of 2 commands; building took $built s of that."
