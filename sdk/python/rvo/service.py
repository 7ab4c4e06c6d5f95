"""Runs a model service, with health checks, deadlines and a clean stop."""

from __future__ import annotations

import os
import signal
import sys
import threading
from concurrent import futures
from typing import Callable

import grpc

from rvo.detect.v1 import detect_pb2, detect_pb2_grpc

Detect = Callable[[detect_pb2.DetectRequest, grpc.ServicerContext], detect_pb2.DetectResponse]


class _Detector(detect_pb2_grpc.DetectorServicer):
    def __init__(self, detect: Detect) -> None:
        self.detect = detect

    def Detect(self, request: detect_pb2.DetectRequest, context: grpc.ServicerContext) -> detect_pb2.DetectResponse:
        if not context.is_active():  # its deadline passed while it waited for a thread
            return detect_pb2.DetectResponse()
        return self.detect(request, context)


def serve(detect: Detect, address: str = "", *, workers: int = 4) -> None:
    """Serves until SIGTERM or SIGINT, then finishes running calls within 5 s.

    address is host:port or unix:/path. The default is the socket in RVO_SOCKET, which
    rvo-tui sets for services that it starts, else 127.0.0.1:50051. detect is called in a
    worker thread, unless the deadline passes before one is free. Health checks
    (grpc.health.v1) report SERVING until the service is asked to stop."""
    socket = os.environ.get("RVO_SOCKET")
    address = address or ("unix:" + socket if socket else "127.0.0.1:50051")
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=workers))
    detect_pb2_grpc.add_DetectorServicer_to_server(_Detector(detect), server)

    def check(request: bytes, context: grpc.ServicerContext) -> bytes:
        # A HealthCheckResponse, encoded by hand to need only grpcio: 1 is SERVING, 2 NOT_SERVING.
        return b"\x08\x02" if stop.is_set() else b"\x08\x01"

    health: grpc.RpcMethodHandler[bytes, bytes] = grpc.unary_unary_rpc_method_handler(check)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("grpc.health.v1.Health", {"Check": health}),))
    try:
        port = server.add_insecure_port(address)
    except RuntimeError:  # newer versions of grpcio raise this
        port = 0
    if port == 0:
        sys.exit("cannot listen on " + address)
    server.start()
    where = address if address.startswith("unix:") else "%s:%d" % (address.rpartition(":")[0], port)
    print("listening on", where, flush=True)
    stop.wait()
    server.stop(5).wait()
