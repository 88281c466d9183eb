"""How calm soft alpha is on an object that stands still, and how true.

python tests/benchmarks/bench_alpha.py
"""

from __future__ import annotations

import sys
from itertools import pairwise

import cv2
import numpy as np

from core.ops import alpha

SIZE, FRAMES, NOISE = 72, 6, 4
X, Y, RADIUS = 36, 34, 20


def disk(radius):
    rows, columns = np.mgrid[:SIZE, :SIZE]
    return np.hypot(rows - Y, columns - X) <= radius


def true_alpha():
    """A disk with a soft edge, by eight times eight samples a pixel."""
    places = (np.arange(8 * SIZE) + 0.5) / 8 - 0.5
    fine = np.hypot(places[:, None] - Y, places[None] - X) <= RADIUS
    share = cv2.resize(fine.astype(np.float32), (SIZE, SIZE), interpolation=cv2.INTER_AREA)
    return cv2.GaussianBlur(share, (0, 0), 1.2)


def picture(share, seed):
    ground, front = np.array([60, 90, 40.0]), np.array([200, 150, 170.0])
    noise = np.random.default_rng(seed).normal(0, NOISE, (SIZE, SIZE, 3))
    frame = ground + share[..., None] * (front - ground) + noise
    return np.clip(np.rint(frame), 0, 255).astype(np.uint8)


def trembling(seed):
    """The mask with a boundary that trembles by a pixel."""
    rough = cv2.GaussianBlur(np.random.default_rng(seed).normal(0, 6, (SIZE, SIZE)), (0, 0), 2)
    mask = disk(RADIUS)
    inside, outside = (cv2.distanceTransform(m.astype(np.uint8), 2, 5) for m in (mask, ~mask))
    return inside - outside + rough > 0


def steady(parts, looks, index):
    near = range(max(index - alpha.REACH, 0), min(index + alpha.REACH + 1, FRAMES))
    here = near.index(index)
    return alpha.steadied([parts[i] for i in near], [looks[i] for i in near], here)


def main():
    share = true_alpha()
    frames = [picture(share, seed) for seed in range(FRAMES)]
    masks = [trembling(seed) for seed in range(FRAMES)]
    parts = [alpha.refined_alpha(m, None, f) for m, f in zip(masks, frames, strict=True)]
    looks = [alpha.smoothed_look(frame) for frame in frames]
    band = disk(RADIUS + 4) & ~disk(RADIUS - 4)
    ways = {
        "hard masks": [mask.astype(np.float32) for mask in masks],
        "refined": [alpha.full_alpha(part, share.shape) for part in parts],
        "with neighbors": [
            alpha.full_alpha(steady(parts, looks, i), share.shape) for i in range(FRAMES)
        ],
    }
    for name, planes in ways.items():
        change = np.mean([np.abs(b - a)[band].mean() for a, b in pairwise(planes)])
        error = np.mean([np.abs(plane - share)[band].mean() for plane in planes])
        sys.stdout.write(f"{name:15} changes by {change:.3f} a frame, error {error:.3f}\n")


if __name__ == "__main__":
    main()
