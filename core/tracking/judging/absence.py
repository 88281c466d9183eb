"""Whether an object is there: pure rules on what is seen of it, frame after frame.

An object is gone when the keyframes' cells find nothing of their kind on the frame and the
keyframes alone label next to nothing there. The joint reading cannot tell: once a background
resembles the object, recent frames confirm each other for as long as nothing contradicts them.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.tracking.config import Calibration
from core.types import Arrays

REMEMBERED = 15
"""Frames on which the object was there, of which the median mass is its usual one."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What a frame shows of an object.

    Attributes:
        mass: sum over the cells of its probability as the keyframes alone read it.
        cycle: how well the keyframe's cells are found again; see `Cues.cycle`.
    """

    mass: float
    cycle: float


@dataclass(frozen=True, slots=True)
class Track:
    """What is remembered of an object in a walk.

    Attributes:
        masses: of the last frames on which it was there, oldest first.
        faint: faint frames in a row up to now.
        absent: it is not there.
    """

    masses: tuple[float, ...]
    faint: int = 0
    absent: bool = False

    @property
    def usual_mass(self) -> float:
        """Median mass while it was there."""
        return statistics.median(self.masses) if self.masses else 0.0


def advance(track: Track, sight: Sight, calibration: Calibration) -> Track:
    """The track after one more frame."""
    seen = evidence(track, sight)
    if track.absent:
        back = seen >= calibration.back and sight.cycle >= calibration.back_cycle
        return Track(track.masses) if back else track
    if seen >= calibration.faint:
        return Track((*track.masses, sight.mass)[-REMEMBERED:])
    faint = track.faint + 1
    gone = faint >= calibration.patience or seen < calibration.nothing
    return Track(track.masses, faint, gone)


def evidence(track: Track, sight: Sight) -> float:
    """How much of the object a frame shows, 0..2: cycle, and mass as a share of the usual one.

    An object that comes back behind an edge, or turned, has little of the one or of the other;
    what takes its place while it is gone has little of both.
    """
    usual = track.usual_mass
    return sight.cycle + (min(1.0, sight.mass / usual) if usual else 0.0)


def to_arrays(tracks: Mapping[int, Track]) -> Arrays:
    """Arrays that hold tracks by object id without loss."""
    arrays: Arrays = {}
    for object_id, track in tracks.items():
        arrays[f"track.{object_id}.masses"] = np.array(track.masses, np.float64)
        arrays[f"track.{object_id}.state"] = np.array([track.faint, track.absent], np.int64)
    return arrays


def from_arrays(arrays: Mapping[str, NDArray[np.generic]]) -> dict[int, Track]:
    """The tracks that `to_arrays` was given.

    Raises:
        ValueError: an array is missing or makes no sense.
    """
    tracks = {}
    for name in arrays:
        lead, _, rest = name.partition(".")
        if lead != "track" or not rest.endswith(".masses"):
            continue
        object_id = rest.removesuffix(".masses")
        try:
            faint, absent = (int(n) for n in arrays[f"track.{object_id}.state"])
        except KeyError as error:
            msg = f"The saved walk lacks {error}."
            raise ValueError(msg) from error
        masses = tuple(float(mass) for mass in arrays[name])
        tracks[int(object_id)] = Track(masses, faint, bool(absent))
    return tracks
