#!/usr/bin/env python3
"""A model service around a network of your own: here a YOLO that answers
[1, boxes, 6], corners, score and class of each. What rvo-tui cannot read, or what
needs code around it, goes into `find`.

    pip install onnxruntime numpy grpcio protobuf

    [[detector]]
    name    = "things"
    kind    = "command"
    command = ["python3", "onnx_service.py", "model.onnx"]
"""

import os
import sys
from concurrent import futures

import grpc
import numpy as np
import onnxruntime

import detect_pb2

session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
_, _, HEIGHT, WIDTH = session.get_inputs()[0].shape


def find(frame):
    """Yields label, score and corners, 0 to 1, of what is in a frame (BGR)."""
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


server = grpc.server(futures.ThreadPoolExecutor(max_workers=1))
handler = grpc.unary_unary_rpc_method_handler(
    detect, detect_pb2.DetectRequest.FromString, detect_pb2.DetectResponse.SerializeToString
)
server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("rvo.detect.v1.Detector", {"Detect": handler}),))
server.add_insecure_port("unix:" + os.environ["RVO_SOCKET"])
server.start()
server.wait_for_termination()
