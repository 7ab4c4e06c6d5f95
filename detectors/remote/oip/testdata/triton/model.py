"""A test model that detects one object in the middle. The score is the brightness of the
image. The word in the file $RVO_MODE selects a way to misbehave."""

import os
import time

import numpy as np
import triton_python_backend_utils as pb


def size_of(jpeg):
    """Returns width and height from the header of a JPEG file."""
    at = 2
    while jpeg[at + 1] not in (0xC0, 0xC2):
        at += 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
    return int.from_bytes(jpeg[at + 7 : at + 9], "big"), int.from_bytes(jpeg[at + 5 : at + 7], "big")


class TritonPythonModel:
    def execute(self, requests):
        return [self.answer(pb.get_input_tensor_by_name(r, "images").as_numpy()) for r in requests]

    def answer(self, image):
        with open(os.environ["RVO_MODE"]) as f:
            mode = f.read()
        if image.dtype == np.object_:
            side, score = size_of(image.reshape(-1)[0])[0], 0.75
        elif image.dtype == np.uint8:  # channels last
            side, score = image.shape[1], image.mean() / 255
        else:
            side, score = image.shape[-1], image.mean()
        boxes = (side // 8) ** 2 + (side // 16) ** 2 + (side // 32) ** 2
        if mode == "slow":
            time.sleep(2)
        elif mode == "error":
            return pb.InferenceResponse(error=pb.TritonError("no weights"))
        elif mode == "shape":
            boxes += 1
        elif mode == "large":
            boxes = 10 * 2**20 // 20
        out = np.zeros((1, 5, boxes), np.float32)
        out[0, :, 0] = side / 2, side / 2, side / 4, side / 4, score
        if mode == "nan":
            out[:] = np.nan
        return pb.InferenceResponse([pb.Tensor("output0", out)])
