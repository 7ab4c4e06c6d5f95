#!/usr/bin/python3
"""A model service that returns the brightness of each frame, 0 to 1. Replace `look` with your model.

    apt install python3-grpcio python3-protobuf          # or: pip install ./sdk/python
    /usr/bin/python3 examples/services/python/brightness.py

docs/remote.md shows how to use it in rvo-tui.
"""

import os
import sys

import grpc

sys.path.append(os.path.join(os.path.dirname(__file__), "../../../sdk/python"))  # unless the SDK is installed
from rvo.detect.v1.detect_pb2 import DetectRequest, DetectResponse, SignalOut
from rvo.service import serve


def look(frame: bytes) -> float:
    return sum(frame) / len(frame) / 255


def detect(request: DetectRequest, context: grpc.ServicerContext) -> DetectResponse:
    if not request.frame_bgr:
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, 'no raw frame: set format = "bgr"')
    signal = SignalOut(signal_type="brightness", number=look(request.frame_bgr))
    return DetectResponse(model="brightness 1", signals=[signal])


if __name__ == "__main__":
    serve(detect, *sys.argv[1:])
