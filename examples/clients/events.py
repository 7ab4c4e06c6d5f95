"""Prints the events of a running rvo-tui, and continues after a restart of either side."""

import json, time, urllib.request

URL, TOKEN, last = "http://127.0.0.1:7443/api", "", ""
while True:
    request = urllib.request.Request(URL + "/stream?events")
    if TOKEN:
        request.add_header("Authorization", "Bearer " + TOKEN)
    if last:
        request.add_header("Last-Event-ID", last)
    try:
        kind = ""
        for line in urllib.request.urlopen(request, timeout=5):
            key, _, value = line.decode().rstrip("\n").partition(": ")
            if key == "id":
                last = value
            elif key == "event":
                kind = value
            elif key == "data" and kind == "event":
                event = json.loads(value)["event"]
                print(event["time"], event["camera"], event["event_type"], event["phase"], flush=True)
    except OSError as problem:
        print("lost:", problem, flush=True)
    time.sleep(1)
