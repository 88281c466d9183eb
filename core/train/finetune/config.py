"""How weights are tuned to one video. No torch here."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FinetuneConfig:
    """Every constant of fine-tuning. Measured ones say so; those were measured with `thin`."""

    steps: int | None = 150
    """Length in optimizer steps; by steps equal input gives equal weights. On one processor core
    of a virtual machine a step took 1.2 s (thin, float32), so that these are three minutes."""
    minutes: float | None = None
    """Length in minutes instead of steps."""
    rate: float = 2e-5
    """Peak of the learning rate: weights that have learned already are only nudged. At 1e-4 a
    fast sequence lost .23 of its J&F, at this rate .08, both with far pairs."""
    batch: int = 4
    """Pairs in a batch."""
    crop: int = 192
    """Side of the square training image in pixels."""
    gaps: tuple[float, ...] = (0.07, 0.14)
    """Seconds between the frames of a pair. In half a second what is fast leaves the window, and
    what cannot be found again teaches to mistake one thing for another."""
    radius: int = 8
    """Of the windows that are searched, in cells."""
    short_side: int = 288
    """Frames are shrunk to this short side, in pixels."""
    max_fps: float = 16.0
    """Frames are thinned to at most this rate."""
    max_frames: int = 1200
    """More are never taken, however long the video."""
    stretch_seconds: float = 3.0
    """Length of the stretches that a longer video is looked at in."""
