"""What the presets of the default system cost beside each other, in seconds of computing a frame.

Trackers of all presets take turns frame by frame in one process, so that whatever else the machine
does meets them alike. By hand, with other sizes::

    python tests/benchmarks/bench_presets.py --frames 10 --size 854x480
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator

import torch

from core.data.synthetic import moving_shapes
from core.engine.registry import build_tracker, default_system
from core.errors import CheckpointMissing
from core.tracking.contract import Tracker, TrackerRequest
from core.types import Direction, Frame, Keyframe, Quality
from vosapp.assets import bundled_weights

OBJECTS = (1, 5)
WARM = 8
"""Frames before time counts: the memory of a walk fills."""


def test_presets() -> None:
    """Prints the table."""
    compare(_arguments([]))


def compare(args: argparse.Namespace) -> None:
    """Print seconds of computing a frame by quality, objects and preset."""
    torch.set_num_threads(1)
    presets = list(_presets())
    _print(f"one thread, {args.size[0]} x {args.size[1]}; seconds of computing a frame")
    _print(
        "quality   objects  " + "  ".join(f"{name:>14}" for name, _ in presets) + "  first / last"
    )
    for quality in Quality:
        for objects in OBJECTS:
            seconds = _time(presets, quality, objects, args)
            cells = "  ".join(f"{value:>14.3f}" for value in seconds)
            _print(f"{quality.value:<9} {objects:>7}  {cells}  {seconds[0] / seconds[-1]:>12.2f}")


def _presets() -> Iterator[tuple[str, TrackerRequest]]:
    spec = default_system()
    for preset in spec.presets:
        try:
            weights = bundled_weights(spec.name, preset)
        except CheckpointMissing:
            continue
        yield preset, TrackerRequest(spec.name, Quality.FAST, "cpu", weights)


def _time(
    presets: list[tuple[str, TrackerRequest]],
    quality: Quality,
    objects: int,
    args: argparse.Namespace,
) -> list[float]:
    frames, label_maps = moving_shapes(
        width=args.size[0], height=args.size[1], frame_count=1 + WARM + args.frames, objects=objects
    )
    ids = tuple(range(1, objects + 1))
    keyframe = Keyframe(0, ids, label_maps[0])
    trackers = []
    for _, request in presets:
        asked = TrackerRequest(request.system, quality, request.device, request.weights)
        tracker = build_tracker(asked)
        tracker.add_keyframe(keyframe, frames[0])
        tracker.start(Direction.FORWARD)
        trackers.append(tracker)
    spent = [0.0] * len(trackers)
    for index, frame in enumerate(frames[1:], start=1):
        for number, tracker in enumerate(trackers):
            seconds = _step(tracker, index, frame, ids)
            spent[number] += seconds if index > WARM else 0.0
    return [seconds / args.frames for seconds in spent]


def _step(tracker: Tracker, index: int, frame: Frame, ids: tuple[int, ...]) -> float:
    start = time.process_time()
    result = tracker.step(index, frame, ids)
    tracker.render(result.probabilities, frame, ids)
    return time.process_time() - start


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _arguments(given: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=10)
    parser.add_argument(
        "--size", type=lambda text: tuple(map(int, text.split("x"))), default=(854, 480)
    )
    return parser.parse_args(given)


if __name__ == "__main__":
    compare(_arguments(sys.argv[1:]))
