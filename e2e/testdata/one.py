#!/usr/bin/python3
"""A model service that returns the signal 1 for every frame. While a mode file exists, the
service misbehaves as it says. As a server of the Open Inference Protocol, it classifies
every frame as the second of two classes."""

import argparse
import os
import struct
import threading
import time
from concurrent import futures

import grpc

parser = argparse.ArgumentParser()
parser.add_argument("mode", help="file that names the way to misbehave")
parser.add_argument("--listen", default="unix:" + os.environ.get("RVO_SOCKET", ""))
parser.add_argument("--signal", default="script")
parser.add_argument("--key", help="PEM file with the key of the certificate")
parser.add_argument("--cert", help="PEM file with the certificate; enables TLS")
parser.add_argument("--token", help="token that callers must send")
args = parser.parse_args()


def field(number, data):
    size = len(data)
    return bytes([number << 3 | 2, size & 0x7F | 0x80, size >> 7 & 0x7F | 0x80, size >> 14 & 0x7F | 0x80, size >> 21]) + data


def signal(name, value=b"\x10\x01"):
    return field(1, field(1, name.encode()) + value)


def real(value):
    return b"\x21" + struct.pack("<d", value)


ANSWERS = {
    "garbage": b"\x0a\xff\xff\xff\xff\x0f rubbish",
    "nan": signal(args.signal, real(float("nan"))),
    "negative": signal(args.signal, real(-1.0)),
    "large": signal(args.signal, field(7, bytes(10 << 20))),
    "signal": signal("somebody_else"),
    "box": signal(args.signal, field(5, field(3, b"\x0d" + struct.pack("<f", 320.0)))),
}


def detect(request, context):
    if args.token and ("authorization", "Bearer " + args.token) not in context.invocation_metadata():
        context.abort(grpc.StatusCode.UNAUTHENTICATED, "who is there?")
    try:
        with open(args.mode) as f:
            mode = f.read()
    except FileNotFoundError:
        mode = ""
    if mode == "service":
        context.abort(grpc.StatusCode.INTERNAL, "no weights")
    if mode == "no_service":
        context.abort(grpc.StatusCode.UNIMPLEMENTED, "nothing here")
    if mode == "timeout":
        time.sleep(1)  # then answer too late
    if mode == "eat":
        eaten = [bytearray(1 << 24)]
        while True:
            eaten.append(bytearray(1 << 24))
    if mode == "chatter":
        os.write(2, b"nonsense \x1b[31m\n" * 100000)
    return ANSWERS.get(mode, signal(args.signal))


def tensor(name, *shape):
    return field(1, name) + field(2, b"FP32") + field(3, bytes(shape))


MODEL = {
    "ServerReady": b"\x08\x01",
    "ModelReady": b"\x08\x01",
    "ModelMetadata": field(1, b"two") + field(4, tensor(b"image", 1, 3, 32, 32)) + field(5, tensor(b"scores", 1, 2)),
    "ModelInfer": field(1, b"two") + field(5, tensor(b"scores", 1, 2)) + field(6, struct.pack("<2f", 0.25, 0.75)),
}


def says(answer):
    return grpc.unary_unary_rpc_method_handler(lambda request, context: answer)


server = grpc.server(futures.ThreadPoolExecutor(max_workers=8))
server.add_generic_rpc_handlers(
    (
        grpc.method_handlers_generic_handler("rvo.detect.v1.Detector", {"Detect": grpc.unary_unary_rpc_method_handler(detect)}),
        grpc.method_handlers_generic_handler("inference.GRPCInferenceService", {name: says(answer) for name, answer in MODEL.items()}),
    )
)
if args.cert:
    with open(args.key, "rb") as key, open(args.cert, "rb") as cert:
        port = server.add_secure_port(args.listen, grpc.ssl_server_credentials([(key.read(), cert.read())]))
else:
    port = server.add_insecure_port(args.listen)
server.start()
print("listening on 127.0.0.1:%d" % port, flush=True)
threading.Event().wait()
