"""Compares the tracker of rvo-tui with norfair and the ByteTrack of supervision.

The ground truth comes with motmetrics: TUD-Campus and TUD-Stadtmitte, at 25 frames
per second. degrade turns it into the answers of an imperfect detector. Each tracker
is tuned on one sequence, over the grid below, and evaluated on the other one with
other seeds. See docs/benchmarks.md.
"""

import argparse
import functools
import itertools
import json
import math
import multiprocessing
import os
import random
import statistics
import subprocess
import warnings

import motmetrics
import norfair
import numpy
import supervision

SIZES = {"TUD-Campus": (640, 480), "TUD-Stadtmitte": (640, 480)}
FRAME = 0.04  # seconds between frames of the ground truth
SEEDS = range(100, 120)  # for the reported results
TUNING = range(6)  # seeds for tuning


# ---- The input: ground truth, and the answers of a simulated detector.


@functools.cache
def truth(sequence):
    """Returns the boxes of each frame by object: x, y, w and h in fractions of the frame."""
    path = os.path.join(os.path.dirname(motmetrics.__file__), "data", sequence, "gt.txt")
    width, height = SIZES[sequence]
    frames = {}
    with open(path) as lines:
        for line in lines:
            frame, who, x, y, w, h = (float(v) for v in line.split(",")[:6])
            box = (x / width, y / height, w / width, h / height)
            frames.setdefault(int(frame) - 1, {})[int(who)] = box
    return frames


def at(sequence, time):
    """Returns the boxes at a time, interpolated between two frames."""
    frames = truth(sequence)
    first = int(time / FRAME)
    part = time / FRAME - first
    before, after = frames.get(first, {}), frames.get(first + 1, {})
    return {
        who: tuple(a + part * (b - a) for a, b in zip(box, after[who]))
        for who, box in before.items()
        if who in after
    }


def degrade(sequence, seed):
    """Returns simulated answers: (time, true boxes by object, detections as box and score).

    15 % of the boxes are missing, the others are off by 4 % of their size. Every third
    answer has a false box, and the scores of true and false ones overlap. Answers are 1
    to 400 ms apart (log-uniform), with a gap of one second every 2.8 s.
    """
    rng = random.Random(f"{sequence} {seed}")
    frames = truth(sequence)
    end = max(frames) * FRAME
    parts = max(1, int(end / 2.8))
    gaps = [(k + rng.uniform(0.2, 0.5)) * end / parts for k in range(parts)]
    sizes = [box[2:] for boxes in frames.values() for box in boxes.values()]
    answers, time = [], 0.0
    while time < end:
        if not any(gap <= time < gap + 1 for gap in gaps):
            boxes = at(sequence, time)
            found = []
            for x, y, w, h in boxes.values():
                if rng.random() < 0.15:
                    continue
                dx, dy, dw, dh = (rng.gauss(0, 0.04) for _ in range(4))
                wide, high = w * (1 + dw), h * (1 + dh)
                cx, cy = x + w / 2 + dx * w, y + h / 2 + dy * h
                found.append(((cx - wide / 2, cy - high / 2, wide, high), rng.uniform(0.3, 1)))
            if rng.random() < 1 / 3:
                w, h = rng.choice(sizes)
                found.append(((rng.uniform(0, 1 - w), rng.uniform(0, 1 - h), w, h), rng.uniform(0.2, 0.7)))
            answers.append((time, boxes, found))
        time += math.exp(rng.uniform(math.log(0.001), math.log(0.4)))
    return answers


# ---- The trackers. Each returns the reported boxes by ID, for each answer.


def empty_steps(last, time, fill):
    """Returns the number of empty updates for a tracker that counts frames."""
    return max(0, round((time - last) / FRAME) - 1) if fill else 0


def run_rvo(runs, high, confirm, coast, keep):
    lines = []
    for run, answers in enumerate(runs):
        for time, _, found in answers:
            boxes = [{"label": "person", "score": s, "box": dict(zip("xywh", b))} for b, s in found]
            lines.append(json.dumps({"run": run + 1, "at_ns": int(time * 1e9), "found": boxes}))
    flags = ["-high", str(high), "-confirm", str(confirm), "-coast", coast, "-keep", keep]
    done = subprocess.run([PROGRAM, *flags], input="\n".join(lines), capture_output=True, text=True, check=True)
    out = iter(done.stdout.splitlines())
    return [
        [{t["id"]: tuple(t["box"][k] for k in "xywh") for t in json.loads(next(out))} for _ in answers]
        for answers in runs
    ]


def run_norfair(runs, distance, hits, delay, fill):
    return [norfair_once(answers, distance, hits, delay, fill) for answers in runs]


def norfair_once(answers, distance, hits, delay, fill):
    tracker = norfair.Tracker("iou", distance, hit_counter_max=hits, initialization_delay=delay)
    out, last = [], 0.0
    for time, _, found in answers:
        for _ in range(empty_steps(last, time, fill)):
            tracker.update()
        last = time
        corners = [numpy.array([[x, y], [x + w, y + h]]) for (x, y, w, h), _ in found]
        objects = tracker.update([norfair.Detection(c) for c in corners])
        boxes = {}
        for o in objects:
            (x, y), (right, bottom) = o.estimate
            boxes[o.id] = (x, y, right - x, bottom - y)
        out.append(boxes)
    return out


def run_bytetrack(runs, activation, buffer, matching, consecutive, fill):
    return [bytetrack_once(answers, activation, buffer, matching, consecutive, fill) for answers in runs]


def bytetrack_once(answers, activation, buffer, matching, consecutive, fill):
    tracker = supervision.ByteTrack(
        track_activation_threshold=activation,
        lost_track_buffer=buffer,
        minimum_matching_threshold=matching,
        minimum_consecutive_frames=consecutive,
    )
    out, last = [], 0.0
    for time, _, found in answers:
        for _ in range(empty_steps(last, time, fill)):
            tracker.update_with_detections(corners([]))
        last = time
        tracked = tracker.update_with_detections(corners(found))
        boxes = {}
        for (x, y, right, bottom), who in zip(tracked.xyxy / 1000, tracked.tracker_id):
            boxes[int(who)] = (x, y, right - x, bottom - y)
        out.append(boxes)
    return out


def corners(found):
    """Converts detections to supervision's type, in thousandths of the frame."""
    if not found:
        return supervision.Detections(xyxy=numpy.zeros((0, 4)), confidence=numpy.zeros(0))
    return supervision.Detections(
        xyxy=1000 * numpy.array([(x, y, x + w, y + h) for (x, y, w, h), _ in found]),
        confidence=numpy.array([s for _, s in found]),
    )


TRACKERS = {
    "rvo-tui": (
        run_rvo,
        {
            "high": [0.3, 0.4, 0.5],
            "confirm": [2, 3],
            "coast": ["300ms", "400ms", "600ms"],
            "keep": ["2s"],
        },
    ),
    "norfair": (
        run_norfair,
        {"distance": [0.5, 0.7, 0.9], "hits": [5, 8, 15, 30], "delay": [1, 2, 4], "fill": [False, True]},
    ),
    "ByteTrack": (
        run_bytetrack,
        {
            "activation": [0.2, 0.25, 0.35],
            "buffer": [30, 60],
            "matching": [0.8, 0.9, 0.95],
            "consecutive": [1, 2],
            "fill": [False, True],
        },
    ),
}


# ---- The evaluation.


def judge(answers, reported):
    """Returns MOTA, IDF1 and identity switches of one run."""
    accumulator = motmetrics.MOTAccumulator(auto_id=True)
    for (_, boxes, _), tracks in zip(answers, reported):
        distances = motmetrics.distances.iou_matrix(list(boxes.values()), list(tracks.values()), max_iou=0.5)
        accumulator.update(list(boxes), list(tracks), distances)
    wanted = ["mota", "idf1", "num_switches"]
    summary = motmetrics.metrics.create().compute(accumulator, metrics=wanted)
    return tuple(float(summary[name].iloc[0]) for name in wanted)


def results(job):
    name, sequence, seeds, settings = job
    runs = [degrade(sequence, seed) for seed in seeds]
    run, _ = TRACKERS[name]
    return [judge(answers, reported) for answers, reported in zip(runs, run(runs, **settings))]


def tune(pool, name, sequence):
    """Returns the settings with the best sum of MOTA and IDF1."""
    grid = TRACKERS[name][1]
    choices = [dict(zip(grid, values)) for values in itertools.product(*grid.values())]
    all_results = pool.map(results, [(name, sequence, TUNING, c) for c in choices], chunksize=1)
    sums = [statistics.mean(mota + idf1 for mota, idf1, _ in r) for r in all_results]
    return choices[sums.index(max(sums))]


def describe(values):
    return f"{statistics.mean(values):.3f} ± {statistics.stdev(values):.3f}"


def main():
    global PROGRAM
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", help="the built program bench/track")
    parser.add_argument("--only", help="evaluate only this tracker")
    arguments = parser.parse_args()
    PROGRAM = os.path.abspath(arguments.program)
    warnings.simplefilter("ignore")
    names = [arguments.only] if arguments.only else list(TRACKERS)
    with multiprocessing.Pool() as pool:
        for tuned, reported in [("TUD-Stadtmitte", "TUD-Campus"), ("TUD-Campus", "TUD-Stadtmitte")]:
            print(f"\n{reported} (tuned on {tuned}, {len(SEEDS)} seeds, mean ± standard deviation)\n")
            print("| Tracker | MOTA | IDF1 | Switches | Settings |\n|---|---|---|---|---|")
            for name in names:
                settings = tune(pool, name, tuned)
                jobs = [(name, reported, [seed], settings) for seed in SEEDS]
                mota, idf1, switches = zip(*(r[0] for r in pool.map(results, jobs)))
                said = ", ".join(f"{key} {value}" for key, value in settings.items())
                print(f"| {name} | {describe(mota)} | {describe(idf1)} | {statistics.mean(switches):.2f} | {said} |", flush=True)


if __name__ == "__main__":
    main()
