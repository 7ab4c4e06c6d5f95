#!/usr/bin/python3
"""A model service that returns the brightness (0..1) of the brightest pixel in each half of a frame."""

import os
import sys

import grpc

sys.path.append(os.path.join(os.path.dirname(__file__), "../../sdk/python"))
from rvo.detect.v1.detect_pb2 import DetectRequest, DetectResponse, SignalOut
from rvo.service import serve


def detect(request: DetectRequest, context: grpc.ServicerContext) -> DetectResponse:
    stride = request.width * 3
    half, slack = stride // 2, 24  # scaling and compression blur the edge between the halves
    brightest = {"left": 0, "right": 0}
    for at in range(0, len(request.frame_bgr), stride):
        row = request.frame_bgr[at : at + stride]
        brightest["left"] = max(brightest["left"], *row[: half - slack])
        brightest["right"] = max(brightest["right"], *row[half + slack :])
    return DetectResponse(signals=[SignalOut(signal_type=side, number=value / 255) for side, value in brightest.items()])


if __name__ == "__main__":
    serve(detect, *sys.argv[1:])
