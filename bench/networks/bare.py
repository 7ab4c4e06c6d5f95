"""Measures a network with plain onnxruntime on one thread, for comparison with
"rvo-tui check --model": python3 bare.py MODEL WIDTHxHEIGHT."""

import re
import sys
import time

began = time.time()

import numpy as np
import onnxruntime

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
width, height = (int(v) for v in sys.argv[2].split("x"))
image = {session.get_inputs()[0].name: np.zeros((1, 3, height, width), np.float32)}
session.run(None, image)
loaded = time.time() - began
took = []
for _ in range(8):
    before = time.process_time()
    session.run(None, image)
    took.append(time.process_time() - before)
memory = int(re.search(r"\nPss: +(\d+)", open("/proc/self/smaps_rollup").read())[1]) >> 10
print(f"loaded in {loaded * 1000:.0f} ms, {min(took) * 1000:.1f} ms per frame, {memory} MiB")
