"""Where a silhouette is on each frame of a clip: smooth random paths."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Path = NDArray[np.float64]

SPEEDS = (0.004, 0.012, 0.03, 0.06)
"""Way from frame to frame as a share of the image's short side: from nearly still to fast."""
SIZES = (0.10, 0.42)
"""Pixels a unit of the silhouette has in the first frame, as a share of the short side."""
GROWTH = 0.012
"""Standard deviation of the growth from frame to frame, as a logarithm."""
TURN = 0.05
"""Standard deviation of the turn from frame to frame, in radians."""
BENDING = 0.6
"""How far paths are from straight."""


def draw_path(count: int, size: tuple[int, int], rng: np.random.Generator) -> Path:
    """A random path: on a curve, turning and growing evenly.

    Args:
        count: number of frames N.
        size: height and width of the image in pixels.
        rng: draws it.

    Returns:
        N x 2 x 3, from the silhouette's units to pixels, x before y.
    """
    frames = np.arange(count)
    return np.concatenate([_turns(frames, size, rng), _places(frames, size, rng)[..., None]], 2)


def _places(frames: NDArray[np.int_], size: tuple[int, int], rng: np.random.Generator) -> Path:
    """N x 2: a straight way, and a swing about it."""
    height, width = size
    center = np.array([rng.uniform(0.15, 0.85) * width, rng.uniform(0.2, 0.85) * height])
    speed = min(size) * rng.choice(SPEEDS) * rng.uniform(0.5, 1.3)
    way = rng.normal(0, 1, 2)
    way /= np.hypot(*way) + 1e-6
    pace, phase = rng.uniform(0.1, 0.5), rng.uniform(0, 2 * np.pi)
    bend = rng.normal(0, 1, 2) * speed / pace * BENDING
    straight = np.outer(frames - len(frames) / 3, way * speed)
    places: Path = center + straight + np.outer(np.sin(pace * frames + phase) - np.sin(phase), bend)
    return places


def _turns(frames: NDArray[np.int_], size: tuple[int, int], rng: np.random.Generator) -> Path:
    """N x 2 x 2: scale, stretch and turn."""
    scale = min(size) * rng.uniform(*SIZES) * np.exp(rng.normal(0, GROWTH) * frames)
    angle = rng.uniform(0, 2 * np.pi) + rng.normal(0, TURN) * frames
    stretch = rng.uniform(0.7, 1.4)
    cosine, sine = np.cos(angle), np.sin(angle)
    turned = np.array([[cosine, -sine], [sine, cosine]]).transpose(2, 0, 1)
    turns: Path = turned * np.array([stretch, 1 / stretch]) * scale[:, None, None]
    return turns
