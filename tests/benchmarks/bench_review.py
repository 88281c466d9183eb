"""Frames to check: what looking at a label map takes, and a list of a long project."""

from __future__ import annotations

import sys
import time

import numpy as np

from core.review.facts import measure
from core.review.ranking import rank
from core.review.reasons import cues_of
from core.review.track import Measured
from vosapp.project.codec import decode_map, encode_map

HEIGHT, WIDTH, FRAMES, OBJECTS, ROUNDS = 1080, 1920, 10_000, 20, 5


def ragged_map():
    """Three objects with ragged contours and specks."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    label_map = np.zeros((HEIGHT, WIDTH), np.uint8)
    for object_id, (top, left, size) in enumerate(((300, 400, 200), (600, 1200, 300)), start=1):
        radius = size + rng.normal(0, 3, (HEIGHT, WIDTH))
        label_map[(y - top) ** 2 + (x - left) ** 2 < radius**2] = object_id
    label_map[rng.random(label_map.shape) < 0.0005] = 3
    return label_map


def track(seed):
    """An object of which every figure is noise."""
    rng, facts = np.random.default_rng(seed), Measured(FRAMES)
    for values in (facts.area, facts.x, facts.y, facts.islands, facts.contact):
        values[:] = rng.random(FRAMES)
    flags = np.ones(FRAMES, np.bool_)
    confidence, apart = rng.random((2, FRAMES)).astype(np.float32)
    sure = np.arange(FRAMES) % 500 == 0
    return facts.track(
        known=flags,
        open_=flags & ~sure,
        looked=~flags,
        sure=sure,
        gone=~flags,
        confidence=confidence,
        disagreement=apart,
    )


def taken(act):
    """Milliseconds of processor time of a call, the median of some."""
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()
        act()
        times.append(time.process_time() - start)
    return sorted(times)[ROUNDS // 2] * 1e3


def main():
    label_map = ragged_map()
    data = encode_map(label_map)
    tracks = {i: track(i) for i in range(1, OBJECTS + 1)}
    cues = {i: cues_of(one) for i, one in tracks.items()}
    for name, act in (
        ("decode a label map of 1080p", lambda: decode_map(data, HEIGHT, WIDTH)),
        ("measure it", lambda: measure(label_map)),
        (f"reasons of one object on {FRAMES} frames", lambda: cues_of(tracks[1])),
        (f"list of {OBJECTS} objects", lambda: rank(tracks, count=50, cues=cues)),
    ):
        sys.stdout.write(f"{name}: {taken(act):.1f} ms\n")


if __name__ == "__main__":
    main()
