#!/usr/bin/python3
"""A model service for the kind "command": of every picture it says that the
signal "script" is 1; while the file of its argument exists it answers rubbish."""

import os
import sys
import threading
from concurrent import futures

import grpc

NAME = b"script"
SIGNAL = b"\x0a" + bytes([len(NAME)]) + NAME + b"\x10\x01"
ANSWER = b"\x0a" + bytes([len(SIGNAL)]) + SIGNAL


def detect(request, context):
    return b"\x0a\xff\xff\xff\xff\x0f rubbish" if os.path.exists(sys.argv[1]) else ANSWER


server = grpc.server(futures.ThreadPoolExecutor(max_workers=2))
server.add_generic_rpc_handlers(
    (grpc.method_handlers_generic_handler("rvo.detect.v1.Detector", {"Detect": grpc.unary_unary_rpc_method_handler(detect)}),)
)
server.add_insecure_port("unix:" + os.environ["RVO_SOCKET"])
server.start()
threading.Event().wait()
