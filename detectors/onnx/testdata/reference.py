"""Runs models on an image with Python's onnxruntime, and writes the results to a file:
python3 reference.py OUT.json IMAGE MODEL[:INPUT]… (needs onnxruntime, numpy and
pillow). It shares no code with the program. TestParity compares the results."""

import ast
import json
import os
import sys

import numpy as np
import onnxruntime
from PIL import Image

NMS = 0.45


def sided(pixels, n, axis):
    """Scales one side: area averages to shrink, linear interpolation to grow."""
    pixels = np.moveaxis(pixels, axis, 0)
    m = len(pixels)
    if n <= m:
        sums = np.concatenate([np.zeros_like(pixels[:1]), np.cumsum(pixels, 0)])
        at = np.arange(n + 1) * (m / n)
        low = np.minimum(at.astype(int), m - 1)
        reached = sums[low] + pixels[low] * (at - low).reshape(-1, *[1] * (pixels.ndim - 1))
        out = np.diff(reached, axis=0) * (n / m)
    else:
        at = np.clip((np.arange(n) + 0.5) * (m / n) - 0.5, 0, m - 1)
        low = np.minimum(at.astype(int), m - 2) if m > 1 else np.zeros(n, int)
        part = (at - low).reshape(-1, *[1] * (pixels.ndim - 1))
        out = pixels[low] * (1 - part) + pixels[np.minimum(low + 1, m - 1)] * part
    return np.moveaxis(out, 0, axis)


def fitted(image, w, h, how, margin):
    """Returns the image in w x h pixels, and a function that maps points back."""
    iw, ih = image.size
    left = top = 0
    if how == "crop":
        r = max(w / iw, h / ih)
        cw, ch = min(round(w / r), iw), min(round(h / r), ih)
        left, top = (iw - cw) // 2, (ih - ch) // 2
        image = image.crop((left, top, left + cw, top + ch))
        tw, th, x, y = w, h, 0, 0
    elif how == "stretch":
        tw, th, x, y = w, h, 0, 0
    else:
        r = min(w / iw, h / ih)
        tw, th = min(round(iw * r), w), min(round(ih * r), h)
        x, y = ((w - tw) // 2, (h - th) // 2) if how == "letterbox" else (0, 0)
    sx, sy = image.size[0] / tw, image.size[1] / th
    small = sided(sided(np.asarray(image, np.float64), th, 0), tw, 1)
    whole = np.full((h, w, 3), margin)
    whole[y : y + th, x : x + tw] = np.floor(small + 0.5)
    return whole, lambda px, py: ((left + (px - x) * sx) / iw, (top + (py - y) * sy) / ih)


def sigmoid(v):
    return 1 / (1 + np.exp(-v))


def iou(a, b):
    w = min(a[2], b[2]) - max(a[0], b[0])
    h = min(a[3], b[3]) - max(a[1], b[1])
    both = max(w, 0) * max(h, 0)
    return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both + 1e-12)


def best(found, nms):
    kept = []
    for f in sorted(found, key=lambda f: -f[1]):
        if all(k[0] != f[0] or iou(k[2], f[2]) <= nms for k in kept):
            kept.append(f)
    return kept


def centred(x, y, w, h, angle=0.0):
    s, c = abs(np.sin(angle)), abs(np.cos(angle))
    w, h = w * c + h * s, w * s + h * c
    return [x - w / 2, y - h / 2, x + w / 2, y + h / 2]


def yolo(out, meta, names):
    """Returns class, score and box of each row of a raw head."""
    rows = out[0][0].T
    n = len(names)
    score = rows[:, 4 : 4 + n]
    cls = score.argmax(1)
    angle = rows[:, 4 + n] if meta.get("task") == "obb" else np.zeros(len(rows))
    return [(int(c), float(s[c]), centred(*r[:4], a)) for c, s, r, a in zip(cls, score, rows, angle)]


def yolox(out, w, h):
    rows, at, found = out[0][0], 0, []
    for stride in (8, 16, 32):
        for gy in range(h // stride):
            for gx in range(w // stride):
                r = rows[at]
                at += 1
                c = int(r[5:].argmax())
                box = centred((r[0] + gx) * stride, (r[1] + gy) * stride, np.exp(r[2]) * stride, np.exp(r[3]) * stride)
                found.append((c, float(r[4] * r[5 + c]), box))
    return found


def centerface(out):
    heat, size, offset, _ = (o[0] for o in out)
    found = []
    for y, x in zip(*np.where(heat[0] > 0.01)):
        h, w = np.exp(size[0, y, x]) * 4, np.exp(size[1, y, x]) * 4
        left = max((x + offset[1, y, x] + 0.5) * 4 - w / 2, 0)
        top = max((y + offset[0, y, x] + 0.5) * 4 - h / 2, 0)
        found.append((0, float(heat[0, y, x]), [left, top, left + w, top + h]))
    return found


def yunet(out, w):
    found = []
    for stride in (8, 16, 32):
        cls, obj, box = (out[f"{name}_{stride}"][0] for name in ("cls", "obj", "bbox"))
        for i in range(len(cls)):
            y, x = divmod(i, w // stride)
            cx, cy = (x + box[i, 0]) * stride, (y + box[i, 1]) * stride
            found.append((0, float(np.sqrt(cls[i, 0] * obj[i, 0])), centred(cx, cy, np.exp(box[i, 2]) * stride, np.exp(box[i, 3]) * stride)))
    return found


def look(path, image, size):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    meta = session.get_modelmeta().custom_metadata_map
    first = session.get_inputs()[0]
    names = ast.literal_eval(meta["names"]) if "names" in meta else {}
    _, _, h, w = first.shape
    if size:
        w, h = (int(v) for v in size.split("x"))
    elif not isinstance(h, int):
        h, w = json.loads(meta["imgsz"])
    outputs = [o.name for o in session.get_outputs()]
    kind = "yolo"
    if outputs[0] == "537":
        kind = "centerface"
    elif meta.get("head", "").startswith("RTDETR"):
        kind = "rtdetr"
    elif meta.get("task") == "classify" or "cls" in os.path.basename(path):
        kind = "classify"
    elif any("int64" in o.type for o in session.get_outputs()):
        kind = "lists"
    elif os.path.basename(path).startswith("detr"):
        kind = "detr"
    elif outputs[0] == "cls_8":
        kind = "yunet"
    elif session.get_outputs()[0].shape[-1] == 7:
        kind = "ssd"
    elif "det" in os.path.basename(path) and not meta:
        kind = "yolox"
    how = {"centerface": "stretch", "rtdetr": "stretch", "detr": "stretch", "ssd": "stretch", "lists": "stretch", "classify": "crop", "yolox": "topleft", "yunet": "topleft"}.get(kind, "letterbox")
    pixels, back = fitted(image, w, h, how, 0.0 if kind == "yunet" else 114.0)
    x = pixels.astype(np.float32)
    if kind in ("yolox", "yunet"):
        x = x[:, :, ::-1]
    elif kind != "centerface":
        x = x / 255
    if kind == "detr":
        x = (x - np.array([0.485, 0.456, 0.406], np.float32)) / np.array([0.229, 0.224, 0.225], np.float32)
    x = np.ascontiguousarray(x.transpose(2, 0, 1)[None], np.float16 if "float16" in first.type else np.float32)
    out = [o.astype(np.float32) for o in session.run(None, {first.name: x})]
    merged = False
    if kind == "classify":
        scores = out[0][0]
        if not meta and "text" not in path:  # torchvision's classifiers lack softmax
            scores = np.exp(scores - scores.max())
            scores = scores / scores.sum()
        found = [(i, float(s), None) for i, s in enumerate(scores)]
        merged = True
    elif kind == "lists":
        boxes = next(o for o in out if o.ndim == 2)
        flat = [o for o in session.get_outputs() if len(o.shape) == 1]
        at = {("labels" if "int64" in o.type else "scores"): out[outputs.index(o.name)] for o in flat}
        found = [(int(c), float(s), list(b)) for c, s, b in zip(at["labels"], at["scores"], boxes)]
        merged = True
    elif kind == "detr":
        logits, boxes = (next(o[0] for o in out if (o.shape[2] == 4) == four) for four in (False, True))
        odds = np.exp(logits - logits.max(1, keepdims=True))
        odds = (odds / odds.sum(1, keepdims=True))[:, :-1]  # the last class is "no object"
        found = [(int(c), float(s), centred(b[0] * w, b[1] * h, b[2] * w, b[3] * h)) for c, s, b in zip(odds.argmax(1), odds.max(1), boxes)]
        merged = True
    elif kind == "yunet":
        found = yunet(dict(zip(outputs, out)), w)
    elif kind == "ssd":
        found = [(int(r[1]), float(r[2]), [r[3] * w, r[4] * h, r[5] * w, r[6] * h]) for r in out[0][0, 0]]
    elif kind == "centerface":
        found = centerface(out)
    elif kind == "yolox":
        found = yolox(out, w, h)
    elif kind == "rtdetr":
        found = [(int(r[5]), float(r[4]), centred(r[0] * w, r[1] * h, r[2] * w, r[3] * h)) for r in out[0][0]]
        merged = True
    elif out[0].shape[2] == 6 and out[0].shape[1] == 300:
        found = [(int(r[5]), float(r[4]), list(r[:4])) for r in out[0][0]]
        merged = True
    else:
        found = yolo(out, meta, names)
    found = [f for f in found if f[1] > 1e-6]
    scores = sorted((f[1] for f in found), reverse=True)
    # Put the threshold into a wide gap between two scores: detections close to it would
    # be found by one side only.
    gaps = [(scores[i - 1] - scores[i], i) for i in range(1, min(26, len(scores)))]
    few = max(gaps[4:] or gaps, default=(0, 0))[1]
    threshold = float((scores[few - 1] + scores[few]) / 2) if few > 0 else 0.001
    if kind == "centerface":
        threshold = 0.3
    found = [f for f in found if f[1] >= threshold]
    kept = found if merged else best(found, NMS)
    answer = []
    for c, score, box in kept:
        corners = [0.0, 0.0, 1.0, 1.0]
        if box is not None:
            corners = [float(min(max(v, 0), 1)) for v in (*back(box[0], box[1]), *back(box[2], box[3]))]
            if corners[2] <= corners[0] or corners[3] <= corners[1]:
                continue
        label = names.get(c, "face" if kind in ("centerface", "yunet") else f"class_{c}")
        answer.append({"label": label, "score": score, "box": corners})
    # The shapes do not distinguish 21 classes from 20 and one for "no object": give the format.
    return {"model": path, "input": size, "format": "detr" if kind == "detr" else "", "threshold": threshold, "nms": NMS, "found": answer}


def main():
    out, picture, *models = sys.argv[1:]
    image = Image.open(picture).convert("RGB")
    onnxruntime.set_default_logger_severity(4)
    looked = []
    for model in models:
        path, _, size = model.partition(":")
        looked.append({"image": picture, **look(path, image, size)})
        print(path, len(looked[-1]["found"]), "found above", looked[-1]["threshold"])
    with open(out, "w") as f:
        json.dump(looked, f, indent=1)


if __name__ == "__main__":
    main()
