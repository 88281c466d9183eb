"""The values that cross the borders of the engine. All frozen; arrays in them are read-only."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Frame = NDArray[np.uint8]
"""H x W x 3, RGB, 0..255."""
LabelMap = NDArray[np.uint8]
"""H x W object ids, 0 = background, 255 = void (never in results)."""
Arrays = dict[str, NDArray[np.generic]]
"""Arrays by name, as the state of a walk is saved."""

MAX_OBJECT_ID = 254
"""Largest object id: label maps are 8 bit and 255 is void."""
VOID = 255
"""Label of pixels that carry no statement; neither background nor any object."""
SEEN_WHOLE = 0.9
"""A keyframe with less than this share of the area that an object has on another keyframe may hide
some of it (ADR 0050)."""
LEAD_IN = 8
"""A walk to an end of the video begins so many frames before its border at most, where a keyframe
is (ADR 0058)."""


class Direction(Enum):
    """Way in which propagation walks through the frames."""

    FORWARD = 1
    BACKWARD = -1


class Quality(Enum):
    """Working resolution and search of a run; never the size of a network (that is a preset)."""

    FAST = "fast"
    BALANCED = "balanced"
    FINE = "fine"


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """What is known of a video without decoding it.

    Attributes:
        path: the file or folder.
        frame_count: number of frames that can be shown.
        width, height: size in pixels of a frame as it is shown (after rotation).
        fps: mean frames a second; an image folder has 24.
        stems: frame names without extension for an image folder, empty for a video file.
        breaks_off: the file ends in the middle of what it should hold; its frames are those
            before the break.
        pixel_aspect: width of a shown pixel by its height; 1 for square ones.
    """

    path: Path
    frame_count: int
    width: int
    height: int
    fps: Fraction
    stems: tuple[str, ...] = ()
    breaks_off: bool = False
    pixel_aspect: Fraction = Fraction(1)

    @property
    def name(self) -> str:
        """Name that results carry: the file's stem or the folder's name."""
        # Not Path.is_file, which raises where a folder may not be entered.
        is_file = os.path.isfile(self.path)  # noqa: PTH113
        return self.path.stem if is_file else self.path.name


@dataclass(frozen=True, slots=True)
class Keyframe:
    """What the user asserts on one frame.

    Attributes:
        frame_index: 0-based.
        object_ids: the ids this keyframe makes a statement about, ascending. An id in here that
            has no pixel in `label_map` is asserted to be absent; an id not in here is unknown.
        label_map: H x W uint8 at the video's size; only `object_ids`, 0 and `VOID` occur in it.
        reference: systems compare every frame of the video with it, not only those up to the
            neighboring keyframes.
    """

    frame_index: int
    object_ids: tuple[int, ...]
    label_map: LabelMap
    reference: bool = False


@dataclass(frozen=True, slots=True)
class FrameResult:
    """One frame's outcome of a propagation.

    Attributes:
        frame_index: 0-based.
        label_map: H x W uint8 at the video's own size.
        object_ids: the ids that were tracked on this frame, ascending.
        confidence: per object id, 0..1: the J that is to be expected; an id is missing where the
            system has no opinion. Low for absent objects.
        seconds: time spent on this frame, decoding included.
        is_keyframe: the label map is the user's own.
        absent: those of `object_ids` that are found not to be on this frame, or are asserted not
            to be; they have no pixel. An object without a pixel that is not in here was lost:
            the system does not know where it is.
        is_draft: a later result of the same job will replace it.
        disagreement: per object id that two walks reached, 0..1: one less their soft overlap. An
            id is missing where one walk alone speaks, and where a keyframe does (ADR 0057).
        soft: per object id, h x w uint8 at the system's own size: the object's probability by the
            sum of it and the strongest other label's, in steps of 1 / 255; empty where the request
            does not ask for it.
    """

    frame_index: int
    label_map: LabelMap
    object_ids: tuple[int, ...]
    confidence: dict[int, float] = field(default_factory=dict)
    seconds: float = 0.0
    is_keyframe: bool = False
    absent: frozenset[int] = frozenset()
    is_draft: bool = False
    disagreement: dict[int, float] = field(default_factory=dict)
    soft: dict[int, NDArray[np.uint8]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FrameDraft:
    """What the first of two walks says of a frame, to be shown until its result is there.

    Never stored, exported or counted as a result (ADR 0045).

    Attributes:
        frame_index: 0-based.
        label_map: H x W uint8 at the video's own size; of `object_ids` and 0 alone.
        object_ids: the ids that the walk knows, ascending; of others it says nothing.
    """

    frame_index: int
    label_map: LabelMap
    object_ids: tuple[int, ...]
