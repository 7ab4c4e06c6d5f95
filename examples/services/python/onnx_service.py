#!/usr/bin/env python3
"""A model service for an ONNX network whose outputs rvo-tui cannot read, or that needs
code around it: adapt `find`. This one reads a YOLO with the output [1, boxes, 6]: corners,
score and class of each box.

    pip install onnxruntime numpy ./sdk/python

    [[detector]]
    name    = "things"
    kind    = "command"
    command = ["python3", "onnx_service.py", "model.onnx"]
"""

import os
import sys

import grpc
import numpy as np
import onnxruntime

sys.path.append(os.path.join(os.path.dirname(__file__), "../../../sdk/python"))  # unless the SDK is installed
from rvo.detect.v1 import detect_pb2
from rvo.service import serve

session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
_, _, HEIGHT, WIDTH = session.get_inputs()[0].shape


def find(frame):
    """Yields label, score and corners (0..1) of each detection in a BGR frame."""
    rows = np.linspace(0, frame.shape[0] - 1, HEIGHT).astype(int)
    columns = np.linspace(0, frame.shape[1] - 1, WIDTH).astype(int)
    image = frame[rows][:, columns, ::-1].transpose(2, 0, 1)[None].astype(np.float32) / 255
    for x0, y0, x1, y1, score, label in session.run(None, {session.get_inputs()[0].name: image})[0][0]:
        if score >= 0.4:
            yield f"class_{int(label)}", score, (x0 / WIDTH, y0 / HEIGHT, x1 / WIDTH, y1 / HEIGHT)


def detect(request, context):
    if len(request.frame_bgr) != request.width * request.height * 3:
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, "no raw frame: set format = \"bgr\"")
    frame = np.frombuffer(request.frame_bgr, np.uint8).reshape(request.height, request.width, 3)
    found = [
        detect_pb2.Detection(label=label, score=score, box=detect_pb2.Box(x=x0, y=y0, w=x1 - x0, h=y1 - y0))
        for label, score, (x0, y0, x1, y1) in find(frame)
    ]
    signal = detect_pb2.SignalOut(signal_type="things", value=len(found), detections=found)
    return detect_pb2.DetectResponse(model=os.path.basename(sys.argv[1]), signals=[signal])


serve(detect, workers=1)
