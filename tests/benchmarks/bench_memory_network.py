"""Processor seconds of one step of the memory network, on one thread, by what it remembers.

Run: `python tests/benchmarks/bench_memory_network.py [PRESET ...]` (default: small, resnet50).
Values are random, which takes as long as trained ones; frames are smooth noise of 854 x 480.
Prints one line of JSON for each preset, working size and number of objects: median seconds of a
step while the long-term memory is empty, and once it is full. Processor time, so that other work
on the machine counts little.
"""

from __future__ import annotations

import json
import statistics
import sys
import time

import cv2
import numpy as np
import torch

from core.memory.layers import Cells
from core.memory.tokens import Tokens
from core.systems.box_supervised.build import for_tracking, new_network
from core.systems.box_supervised.config import PRESETS, TRACKING
from core.systems.box_supervised.tracker import BoxSupervisedTracker
from core.types import Direction, Keyframe, Quality

SIZE = (480, 854)
STEPS, AGAIN = 7, 3
CASES = ((Quality.FAST, 1), (Quality.BALANCED, 1), (Quality.FINE, 1), (Quality.FINE, 3))


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


def fill(tracker):
    """Give it a full long-term memory: cells like those of a recent frame."""
    memory = tracker._walk.memory
    like = memory.working[0].tokens
    cells = like.chosen(torch.randint(0, len(like), (TRACKING[Quality.FAST].memory.long_term,)))
    key = cells.key + 0.01 * torch.randn_like(cells.key)
    memory.long_term = [Cells.new(Tokens(key, cells.shrinkage, None, cells.values))]


def seconds_of(tracker, frame, ids, start, count):
    """Processor seconds of each of some steps."""
    taken = []
    for index in range(start, start + count):
        moved = np.roll(frame, 3 * index, axis=1)
        began = time.process_time()
        tracker.step(index, moved, ids)
        taken.append(time.process_time() - began)
    return taken


def measure(preset, quality, objects):
    """Median seconds of a step, with an empty and with a full long-term memory."""
    tracker = make_tracker(preset, quality)
    noise = np.random.default_rng(0).integers(0, 256, (30, 54, 3)).astype(np.uint8)
    frame = cv2.resize(noise, SIZE[::-1], interpolation=cv2.INTER_CUBIC)
    drawn, ids = np.zeros(SIZE, np.uint8), tuple(range(1, objects + 1))
    for object_id in ids:
        drawn[60 * object_id : 60 * object_id + 50, 200:400] = object_id
    tracker.add_keyframe(Keyframe(0, ids, drawn), frame)
    tracker.start(Direction.FORWARD)
    begun = seconds_of(tracker, frame, ids, 1, STEPS)
    fill(tracker)
    later = seconds_of(tracker, frame, ids, STEPS + 1, AGAIN)
    return {"empty": statistics.median(begun), "full": statistics.median(later)}


def main() -> None:
    """Measure and print."""
    torch.set_num_threads(1)
    for preset in sys.argv[1:] or ["small", "resnet50"]:
        for quality, objects in CASES:
            found = {name: round(s, 3) for name, s in measure(preset, quality, objects).items()}
            told = {"preset": preset, "quality": quality.value, "objects": objects, **found}
            sys.stdout.write(json.dumps(told) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
