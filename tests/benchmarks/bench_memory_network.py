"""Seconds of a frame with the memory network, decoding and drawing its label map included.

Run: `python tests/benchmarks/bench_memory_network.py [--presets small,resnet50] [--qualities fast]
[--objects 1,3,5] [--threads 2]`. Values are random, which takes as long as trained ones; the film
is smooth noise that moves, 854 x 480. Prints one line of JSON for each case: median seconds
and processor seconds (of all threads), while the long-term memory is empty and once it is full.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from films import encode

from core.engine.run import use_threads
from core.media.video import open_video
from core.memory.layers import Cells
from core.memory.tokens import Tokens
from core.systems.box_supervised.build import for_tracking, new_network
from core.systems.box_supervised.config import PRESETS, TRACKING
from core.systems.box_supervised.tracker import BoxSupervisedTracker
from core.types import Direction, Keyframe, Quality

SIZE = (480, 854)
EMPTY, FULL, FRAMES = 3, 13, 23
"""Where time begins to count, where the long-term memory is filled, and where the film ends."""


def make_tracker(preset, quality):
    """A tracker with random values that keep activations from fading away."""
    torch.manual_seed(0)
    network = new_network(PRESETS[preset])
    if not PRESETS[preset].is_lite0:
        for module in network.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.running_var.fill_(0.3)
    cpu = torch.device("cpu")
    return BoxSupervisedTracker(for_tracking(network, cpu), TRACKING[quality], cpu)


def fill(tracker, count):
    """Give it a full long-term memory: cells like those of a recent frame."""
    memory = tracker._walk.memory
    like = memory.working[0].tokens
    cells = like.chosen(torch.randint(0, len(like), (count,)))
    key = cells.key + 0.01 * torch.randn_like(cells.key)
    memory.long_term = [Cells.new(Tokens(key, cells.shrinkage, None, cells.values))]


def walk(tracker, video, ids, indices):
    """Median seconds and processor seconds of decoding, step and label map."""
    taken = []
    for index in indices:
        began = time.perf_counter(), time.process_time()
        frame = video.frame(index)
        found = tracker.step(index, frame, ids)
        tracker.render(found.probabilities, frame, ids)
        taken.append((time.perf_counter() - began[0], time.process_time() - began[1]))
    return [round(statistics.median(column), 3) for column in zip(*taken, strict=True)]


def measure(video, preset, quality, objects):
    """Seconds of a frame with an empty and with a full long-term memory."""
    tracker = make_tracker(preset, quality)
    drawn, ids = np.zeros(SIZE, np.uint8), tuple(range(1, objects + 1))
    for object_id in ids:
        drawn[60 * object_id : 60 * object_id + 50, 200:400] = object_id
    tracker.add_keyframe(Keyframe(0, ids, drawn), video.frame(0))
    tracker.start(Direction.FORWARD)
    walk(tracker, video, ids, range(1, EMPTY))
    empty = walk(tracker, video, ids, range(EMPTY, FULL))
    fill(tracker, TRACKING[quality].memory.long_term)
    return {"empty": empty, "full": walk(tracker, video, ids, range(FULL, FRAMES))}


def film(path):
    """Smooth noise that moves by three pixels a frame."""
    noise = np.random.default_rng(0).integers(0, 256, (30, 54, 3)).astype(np.uint8)
    frame = cv2.resize(noise, SIZE[::-1], interpolation=cv2.INTER_CUBIC)
    return encode(path, (np.roll(frame, 3 * i, axis=1) for i in range(FRAMES)))


def arguments():
    """What is asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--presets", default="small,resnet50")
    parser.add_argument("--qualities", default=",".join(quality.value for quality in Quality))
    parser.add_argument("--objects", default="1,3,5")
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


def main() -> None:
    """Measure and print."""
    args = arguments()
    use_threads(args.threads, system="box_supervised")
    with tempfile.TemporaryDirectory() as folder:
        path = film(Path(folder) / "film.mp4")
        for preset in args.presets.split(","):
            for quality in map(Quality, args.qualities.split(",")):
                for objects in map(int, args.objects.split(",")):
                    with open_video(path, cache_bytes=8 << 20) as video:
                        found = measure(video, preset, quality, objects)
                    told = {"preset": preset, "quality": quality.value, "objects": objects, **found}
                    sys.stdout.write(json.dumps(told) + "\n")
                    sys.stdout.flush()


if __name__ == "__main__":
    main()
