"""What finds objects in a video without any prompt. No torch here.

A system that can do so names what builds its `Discoverer` in its spec (`SystemSpec.discovers`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.jobs import CancelToken, Job
from core.media.video import VideoSource


@dataclass(frozen=True, slots=True)
class ObjectTrack:
    """An object that was found, over the frames on which it was.

    Attributes:
        maps: by frame index h x w float32, 0..1: the probability that a cell is the object's; at
            whatever size the system works, of the frame's shape.
        scores: by frame index 0..1: how sure it is that the object is there.
        score: of the whole track, 0..1; tracks are ranked by it.
    """

    maps: Mapping[int, NDArray[np.float32]]
    scores: Mapping[int, float]
    score: float


@dataclass(frozen=True, slots=True)
class DiscoveryRequest:
    """What is needed to build a discoverer.

    Attributes:
        device: "auto", "cpu", "cuda" or "mps".
        weights: checkpoint; None for systems without.
        most: objects at most.
        adapt_steps: steps of learning the video before objects are looked for; 0 for none.
        seed: of all that is drawn.
        short_side: working size in pixels; None leaves it to the system.
    """

    device: str = "auto"
    weights: Path | None = None
    most: int = 20
    adapt_steps: int = 0
    seed: int = 0
    short_side: int | None = None


class Discoverer(Protocol):
    """Finds the objects of a video."""

    def discover(
        self, video: VideoSource, frames: range, token: CancelToken
    ) -> Job[tuple[ObjectTrack, ...]]:
        """Find objects, the most certain first.

        Args:
            video: the frames.
            frames: those that are looked at.
            token: is looked at between two frames.

        Yields:
            `Progress` in frames.

        Raises:
            VideoDecodeError: the video cannot be read.
            DeviceOutOfMemory: too little memory on the device.
            Cancelled: by the token.
        """
