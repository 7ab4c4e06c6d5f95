#!/usr/bin/python3
"""A model service that detects faces (Haar cascade) and people (HOG) with OpenCV.

Copy it and replace `Faces` or `People` with your model.

It needs only packages of the distribution (Debian 12, Ubuntu 24.04):

    apt install python3-grpcio python3-protobuf python3-opencv opencv-data

Start it:

    /usr/bin/python3 service.py

and use it in rvo-tui, for one signal (faster with --models people):

    rvo-tui --detector http://localhost:50051=person

or for both, in rvo.toml:

    [[detector]]
    name     = "vision"
    kind     = "remote"
    endpoint = "http://localhost:50051"
    signals  = ["face", "person"]

Or let rvo-tui start and restart it:

    [[detector]]
    name    = "vision"
    kind    = "command"
    command = ["/usr/bin/python3", "service.py"]
    signals = ["face", "person"]

A copy needs the SDK: pip install ./sdk/python
"""

import argparse
import os
import sys
import threading

import cv2
import grpc
import numpy as np

sys.path.append(os.path.join(os.path.dirname(__file__), "../../../sdk/python"))  # unless the SDK is installed
from rvo.detect.v1 import detect_pb2
from rvo.service import serve

CASCADES = "/usr/share/opencv4/haarcascades/"


class Faces:
    """Frontal faces by a Haar cascade. The score is the sum of the last stage."""

    signal = "face"

    def __init__(self):
        self.cascade = cv2.CascadeClassifier(CASCADES + "haarcascade_frontalface_default.xml")
        if self.cascade.empty():
            sys.exit("no face cascade in " + CASCADES + ": apt install opencv-data")

    def find(self, frame):
        gray = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)
        boxes, _, scores = self.cascade.detectMultiScale3(gray, 1.1, 5, outputRejectLevels=True)
        return zip(boxes, np.ravel(scores))


class People:
    """Standing people by HOG. The score is the distance from the SVM's hyperplane."""

    signal = "person"

    def __init__(self):
        self.hog = cv2.HOGDescriptor()
        self.hog.setSVMDetector(cv2.HOGDescriptor_getDefaultPeopleDetector())

    def find(self, frame):
        if frame.shape[0] < 128 or frame.shape[1] < 64:  # smaller than the HOG window
            return []
        boxes, scores = self.hog.detectMultiScale(frame, winStride=(8, 8), padding=(8, 8), scale=1.05)
        scores = np.ravel(scores)
        if len(boxes) == 0:
            return []
        kept = cv2.dnn.NMSBoxes(boxes.tolist(), scores.tolist(), 0.3, 0.4)
        return [(boxes[i], scores[i]) for i in np.ravel(kept)]


MODELS = {"faces": Faces, "people": People}


class Detector:
    def __init__(self, models):
        self.models = [MODELS[name]() for name in models]
        self.name = "OpenCV " + cv2.__version__ + " " + " and ".join(models)
        self.free = threading.Lock()  # OpenCV's detectors are not thread-safe

    def detect(self, request, context):
        """Answers one request. Signals without detections are left out."""
        frame = decode(request)
        if frame is None:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "cannot decode the frame")
        answer = detect_pb2.DetectResponse(model=self.name)
        height, width = frame.shape[:2]
        with self.free:
            for model in self.models:
                if not context.is_active():  # the deadline is over
                    return answer
                found = list(model.find(frame))
                if not found:
                    continue
                out = answer.signals.add(signal_type=model.signal, value=len(found))
                for (x, y, w, h), score in found:
                    box = detect_pb2.Box(x=x / width, y=y / height, w=w / width, h=h / height)
                    out.detections.add(label=model.signal, score=float(score), box=box)
        return answer


def decode(request):
    """Returns the frame of a request as BGR, or None if it is invalid."""
    if request.frame_bgr:
        raw = np.frombuffer(request.frame_bgr, np.uint8)
        if raw.size != request.width * request.height * 3:
            return None
        return raw.reshape(request.height, request.width, 3)
    raw = np.frombuffer(request.frame_jpeg, np.uint8)
    try:
        return cv2.imdecode(raw, cv2.IMREAD_COLOR) if raw.size else None
    except cv2.error:
        return None


def main():
    parser = argparse.ArgumentParser(description="model service for rvo-tui: detects faces and people")
    parser.add_argument("--listen", default="", help="host:port or unix:/path; default: the socket in RVO_SOCKET, else 127.0.0.1:50051")
    parser.add_argument("--models", default="faces,people", help="faces, people, or both separated by a comma")
    args = parser.parse_args()
    models = args.models.split(",")
    if not set(models) <= set(MODELS):
        parser.error("--models: use " + ", ".join(MODELS) + ", or both separated by a comma")
    serve(Detector(models).detect, args.listen)


if __name__ == "__main__":
    main()
