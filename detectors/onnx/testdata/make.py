"""Makes the test models, which are small enough to commit: python3 make.py (needs
onnx and numpy). Most return the same for every image."""

import numpy as np
import onnx
from onnx import TensorProto as T, helper as h, numpy_helper as nh

HERE = __file__.rsplit("/", 1)[0] if "/" in __file__ else "."


class Graph:
    def __init__(self, name, shape, elem=T.FLOAT, **meta):
        self.name, self.meta, self.nodes, self.init, self.out, self.n = name, meta, [], [], [], 0
        self.inputs = [h.make_tensor_value_info("images", elem, shape)]
        self.image = "images"
        if elem != T.FLOAT:
            self.image = self.op("Cast", "images", to=T.FLOAT)

    def op(self, kind, *inputs, **attributes):
        self.n += 1
        self.nodes.append(h.make_node(kind, list(inputs), [f"t{self.n}"], **attributes))
        return f"t{self.n}"

    def const(self, value, dtype=np.float32):
        self.n += 1
        self.init.append(nh.from_array(np.array(value, dtype), f"c{self.n}"))
        return f"c{self.n}"

    def nothing(self):
        """Returns 0, computed from the image so that it is not folded away."""
        return self.op("Mul", self.op("ReduceMean", self.image, keepdims=0), self.const(0))

    def padded(self, name, first, shape, declared=None, elem=T.FLOAT):
        """Adds an output that starts with first and is padded with zeros to shape."""
        first = np.array(first, np.float32)
        pads = [0] * len(shape) + [a - b for a, b in zip(shape, first.shape)]
        value = self.op("Pad", self.op("Add", self.const(first), self.nothing()), self.const(pads, np.int64))
        self.output(name, value, shape if declared is None else declared, elem)

    def output(self, name, value, shape, elem=T.FLOAT):
        if elem != T.FLOAT:
            value = self.op("Cast", value, to=elem)
        self.nodes.append(h.make_node("Identity", [value], [name]))
        self.out.append(h.make_tensor_value_info(name, elem, shape))

    def save(self):
        g = h.make_graph(self.nodes, "g", self.inputs, self.out, self.init)
        m = h.make_model(g, opset_imports=[h.make_opsetid("", 17)], ir_version=8)
        for key, value in self.meta.items():
            p = m.metadata_props.add()
            p.key, p.value = key, value
        onnx.save(m, f"{HERE}/{self.name}.onnx")


def names(*list_):
    return str(dict(enumerate(list_)))


SQUARE = [1, 3, 64, 64]
BOX, CORNERS = [32, 32, 32, 32], [16, 16, 48, 48]
COCO = names("person", *(f"c{i}" for i in range(1, 80)))
ONE, TWO = names("person"), names("person", "car")
KEYS = [20, 30, 0.9] * 17
RAMP = list(np.linspace(-0.9, 0.9, 32))


def raw(name, column, masks=False, **meta):
    g = Graph(name, SQUARE, **meta)
    g.padded("output0", np.array(column).reshape(1, -1, 1), [1, len(column), 84])
    if masks:
        g.padded("output1", np.zeros((1, 1, 1, 1)), [1, 32, 16, 16])
    g.save()


def ended(name, row, masks=False, **meta):
    g = Graph(name, SQUARE, **meta)
    g.padded("output0", np.array(row).reshape(1, 1, -1), [1, 300, len(row)])
    if masks:
        g.padded("output1", np.zeros((1, 1, 1, 1)), [1, 32, 16, 16])
    g.save()


# Models that once gave nonsense.
end = dict(task="detect", end2end="True")
ended("e1", CORNERS + [0.9, 0], names=ONE, **end)
ended("e2", CORNERS + [0.9, 1], names=TWO, **end)
ended("e80", CORNERS + [0.9, 2], names=COCO, **end)
ended("e0", CORNERS + [0.9, 1])
ended("e38", CORNERS + [0.9, 0] + RAMP, masks=True, names=ONE, task="segment", end2end="True")
ended("e57", CORNERS + [0.9, 0] + KEYS, names=ONE, task="pose", end2end="True")
raw("p56", BOX + [0.9] + KEYS, names=ONE, task="pose")
raw("p56n", BOX + [0.9] + KEYS)
raw("s37", BOX + [0.9] + RAMP, masks=True, names=ONE, task="segment")
raw("s37n", BOX + [0.9] + RAMP, masks=True)
raw("o6", BOX + [0.9, 0.7], names=ONE, task="obb")
raw("o6n", BOX + [0.9, 0.7])
raw("ok5", BOX + [0.9], names=ONE, task="detect")
g = Graph("text", [1, 3, 48, 320])
g.output("softmax", g.op("Expand", g.op("Add", g.const(0.1), g.nothing()), g.const([1, 40, 6625], np.int64)), [1, 40, 6625])
g.save()
g = Graph("cast-last", SQUARE, names=ONE, task="detect")
g.padded("output0", np.array(BOX + [0.9]).reshape(1, -1, 1), [1, 5, 84], elem=T.DOUBLE)
g.save()

# Lists whose length is not in the shape; here they are empty.
g = Graph("lists", [3, 64, 64])
rows = g.op("Cast", g.nothing(), to=T.INT64)
rows = g.op("Reshape", rows, g.const([1], np.int64))
g.output("boxes", g.op("Expand", g.const([0, 0, 0, 0]), g.op("Concat", rows, g.const([4], np.int64), axis=0)), ["n", 4])
g.output("labels", g.op("Expand", g.const([0], np.float32), rows), ["n"], T.INT64)
g.output("scores", g.op("Expand", g.const([0]), rows), ["n"])
g.save()

# All input formats. The output is the mean of each channel.
for name, shape, elem in [
    ("nchw", [1, 3, 64, 64], T.FLOAT),
    ("nhwc-uint8", [1, 64, 64, 3], T.UINT8),
    ("float16", [1, 3, 64, 64], T.FLOAT16),
    ("int32", [1, 3, 64, 64], T.INT32),
    ("open", ["n", 3, "h", "w"], T.FLOAT),
    ("minus", [-1, 3, -1, -1], T.FLOAT),
    ("no-batch", [3, 64, 64], T.FLOAT),
    ("grey", [1, 1, 64, 64], T.FLOAT),
]:
    g = Graph("in-" + name, shape, elem)
    axes = [0, 1] if len(shape) == 4 and shape[3] == 3 else [len(shape) - 2, len(shape) - 1]
    if len(shape) == 4 and shape[3] == 3:
        axes = [1, 2]
    mean = g.op("ReduceMean", g.image, axes=axes, keepdims=0)
    half = T.FLOAT16 if elem == T.FLOAT16 else T.FLOAT
    if name == "grey":
        mean = g.op("Concat", mean, g.op("Mul", mean, g.const(0)), axis=1)
    channels = 2 if name == "grey" else 3
    g.output("means", mean, [channels] if len(shape) == 3 else ["n" if name in ("open", "minus") else 1, channels], half)
    g.save()

# A batch. The score is the brightness of the image.
g = Graph("batch", ["n", 3, 64, 64], names=ONE, task="detect")
mean = g.op("ReduceMean", g.image, axes=[1, 2, 3], keepdims=1)
mean = g.op("Reshape", mean, g.const([-1, 1, 1], np.int64))
box = g.op("Add", g.op("Mul", mean, g.const(0)), g.const(np.array(BOX).reshape(1, 4, 1)))
first = g.op("Concat", box, mean, axis=1)
g.output("output0", g.op("Pad", first, g.const([0, 0, 0, 0, 0, 83], np.int64)), ["n", 5, 84])
g.save()

# A model that runs for minutes on a bright image.
g = Graph("slow", SQUARE, names=ONE, task="detect")
mean = g.op("ReduceMean", g.image, keepdims=0)
trips = g.op("Cast", g.op("Mul", g.op("Relu", g.op("Sub", mean, g.const(0.9))), g.const(1e10)), to=T.INT64)
body = h.make_graph(
    [h.make_node("Identity", ["go"], ["on"]), h.make_node("Add", ["was", "was"], ["twice"]), h.make_node("Mul", ["twice", "half"], ["is"])],
    "body",
    [h.make_tensor_value_info("i", T.INT64, []), h.make_tensor_value_info("go", T.BOOL, []), h.make_tensor_value_info("was", T.FLOAT, [])],
    [h.make_tensor_value_info("on", T.BOOL, []), h.make_tensor_value_info("is", T.FLOAT, [])],
    [nh.from_array(np.array(0.5, np.float32), "half")],
)
looped = g.op("Loop", trips, "", mean, body=body)
value = g.op("Add", g.const(np.array(BOX + [0.9]).reshape(1, -1, 1)), g.op("Mul", looped, g.const(0)))
g.output("output0", g.op("Pad", value, g.const([0, 0, 0, 0, 0, 83], np.int64)), [1, 5, 84])
g.save()
