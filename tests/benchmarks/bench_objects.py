"""Processor seconds of a frame by the number of objects, on one thread: both mask trackers.

Run: `python tests/benchmarks/bench_objects.py [--quality fast] [--objects 1,2,4,6] [--turns 3]`.
Both systems have the preset `small`, the same backbone and the same frames: moving smooth noise of
854 x 480. Values are random, which takes as long as trained ones. All cases take turns, ten frames
at a time, so that other work on the machine meets all of them alike. Prints one line of JSON for
each case: mean seconds of a step, of a step and rendering its label map, and both as multiples of
those of the first number of objects.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time

import cv2
import numpy as np
import torch

from core.engine.registry import system_spec
from core.systems.box_supervised import build as box_build
from core.systems.box_supervised import config as box_config
from core.systems.box_supervised.tracker import BoxSupervisedTracker
from core.systems.global_instance import build as global_build
from core.systems.global_instance import config as global_config
from core.systems.global_instance.tracker import GlobalInstanceTracker
from core.types import Direction, Keyframe, Quality

SIZE = (480, 854)
WARM, TURN = 7, 10
CPU = torch.device("cpu")


def make_box(quality):
    """The memory network."""
    network = box_build.new_network(box_config.PRESETS["small"])
    ready = box_build.for_tracking(network, CPU)
    return BoxSupervisedTracker(ready, box_config.TRACKING[quality], CPU)


def make_global(quality):
    """Global and instance embeddings."""
    network = global_build.new_network(global_config.PRESETS["small"])
    ready = global_build.for_tracking(network, CPU)
    return GlobalInstanceTracker(ready, global_config.TRACKING[quality], CPU)


MAKERS = {"global_instance": make_global, "box_supervised": make_box}


class Case:
    """One system that follows so many objects."""

    def __init__(self, system, quality, count):
        torch.manual_seed(0)
        self.system, self.count, self.index = system, count, 0
        self.ids, drawn = tuple(range(1, count + 1)), np.zeros(SIZE, np.uint8)
        for object_id in self.ids:
            top, left = 40 + 150 * ((object_id - 1) // 3), 60 + 260 * ((object_id - 1) % 3)
            drawn[top : top + 110, left : left + 180] = object_id
        self.tracker = MAKERS[system](quality)
        self.tracker.add_keyframe(Keyframe(0, self.ids, drawn), frame(0))
        self.tracker.start(Direction.FORWARD)
        self.steps, self.renders = [], []
        self.turn(WARM)
        self.steps, self.renders = [], []

    def turn(self, count):
        """Go on by some frames."""
        for _ in range(count):
            self.index += 1
            picture = frame(self.index)
            began = time.process_time()
            found = self.tracker.step(self.index, picture, self.ids)
            stepped = time.process_time()
            self.tracker.render(found.probabilities, picture, self.ids)
            self.steps.append(stepped - began)
            self.renders.append(time.process_time() - stepped)


def frame(index):
    """A frame of smooth noise that moves."""
    noise = np.random.default_rng(0).integers(0, 256, (30, 54, 3)).astype(np.uint8)
    return np.roll(cv2.resize(noise, SIZE[::-1], interpolation=cv2.INTER_CUBIC), 3 * index, 1)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quality", type=Quality, default=Quality.FAST)
    parser.add_argument("--objects", default="1,2,4,6")
    parser.add_argument("--turns", type=int, default=3)
    args = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    counts = [int(n) for n in args.objects.split(",")]
    cases = [Case(system, args.quality, count) for system in MAKERS for count in counts]
    for _ in range(args.turns):
        for case in cases:
            case.turn(TURN)
    first = {}
    for case in cases:
        step = statistics.mean(case.steps)
        whole = step + statistics.mean(case.renders)
        lead = first.setdefault(case.system, (step, whole))
        told = {
            "system": case.system,
            "title": system_spec(case.system).title,
            "quality": args.quality.value,
            "objects": case.count,
            "step": round(step, 4),
            "with_render": round(whole, 4),
            "step_times": round(step / lead[0], 3),
            "with_render_times": round(whole / lead[1], 3),
        }
        sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
