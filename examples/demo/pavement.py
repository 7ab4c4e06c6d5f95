#!/usr/bin/python3
"""A model service of the demo: detects walkers on the near pavement of the synthetic street.

`find` is the model: it learns the background of each camera's pavement, and finds columns
that differ from it."""

import os
import sys

import grpc

sys.path.append(os.path.join(os.path.dirname(__file__), "../../sdk/python"))
from rvo.detect.v1.detect_pb2 import Box, Detection, DetectRequest, DetectResponse, SignalOut
from rvo.service import serve

TOP, BOTTOM = 0.70, 0.98  # of the frame
learned: dict[str, list[float]] = {}  # background by camera: the brightness of each pixel


def find(camera: str, frame: bytes, width: int, height: int) -> list[tuple[int, int]]:
    """Returns the first and the last column of each walker."""
    first, last = int(TOP * height), int(BOTTOM * height)
    seen = frame[first * width * 3 + 1 : last * width * 3 : 3]  # green approximates brightness
    known = learned.get(camera)
    if known is None or len(known) != len(seen):
        known = learned[camera] = [float(v) for v in seen]
    changed = [0] * width
    for i, v in enumerate(seen):
        difference = v - known[i]
        known[i] += 0.02 * difference
        if abs(difference) > 25:
            changed[i % width] += 1
    walkers: list[tuple[int, int]] = []
    for x, n in enumerate(changed):
        if n < 0.2 * (last - first):
            continue
        if walkers and x - walkers[-1][1] < width // 40:
            walkers[-1] = (walkers[-1][0], x)
        else:
            walkers.append((x, x))
    return [w for w in walkers if w[1] - w[0] > width // 100]


def detect(request: DetectRequest, context: grpc.ServicerContext) -> DetectResponse:
    w = request.width
    walkers = find(request.camera, request.frame_bgr, w, request.height)
    boxes = [Box(x=a / w, y=TOP, w=(b - a + 1) / w, h=BOTTOM - TOP) for a, b in walkers]
    found = [Detection(label="walker", score=1, box=box) for box in boxes]
    return DetectResponse(model="pavement 1", signals=[SignalOut(signal_type="pavement", value=len(found), detections=found)])


if __name__ == "__main__":
    serve(detect, *sys.argv[1:], workers=1)
