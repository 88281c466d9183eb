"""Why a mask may be wrong: one figure 0..1 for each reason, object and frame.

All of them compare a mask with others of the same object: with its neighbors in time, or with the
nearest frame of which the user is sure. What is usual for an object is no reason.
"""

from __future__ import annotations

from enum import Enum

import numpy as np
from numpy.typing import NDArray

from core.review.track import Flags, Track, Values

Cues = NDArray[np.float32]
"""Reasons x frames, in the order of `Reason`; 0 where there is none."""
AROUND = 12
"""Frames on both sides that say what is usual for an object at this time."""
MOVED = 0.5
"""A middle that leaves its way by so many sides of the object has moved by all that counts."""
FAR = 30.0
"""Frames to the nearest sure frame after which half of what distance may count is reached."""


class Reason(Enum):
    """What speaks against a mask, as a word for files; people read sentences."""

    LOST = "lost"
    DOUBT = "low-confidence"
    DROP = "drop-of-confidence"
    SIZE = "unlike-keyframe"
    AREA = "jump-of-area"
    PLACE = "jump-of-place"
    ISLANDS = "islands"
    CONTACT = "touches-another"
    DISAGREE = "directions-disagree"
    FAR = "far-from-keyframe"


REASONS = tuple(Reason)


def cues_of(track: Track) -> Cues:
    """Return how much each reason speaks against each open mask; 0 on all other frames."""
    here = track.known & ~track.gone
    seen = here & (track.area > 0)
    found = {
        Reason.LOST: (here & (track.area == 0)).astype(np.float32),
        Reason.DOUBT: 1 - track.confidence,
        Reason.DROP: _drop(np.where(here, track.confidence, np.nan)),
        Reason.SIZE: _unlike_sure(track, seen),
        Reason.AREA: _area_jump(np.where(seen, track.area, np.nan)),
        Reason.PLACE: _place_jump(track, seen),
        Reason.ISLANDS: _beyond_sure(track.islands, track, seen),
        Reason.CONTACT: _beyond_sure(track.contact, track, seen),
        Reason.DISAGREE: track.disagreement,
        Reason.FAR: _far(track),
    }
    cues: Cues = np.stack([np.nan_to_num(found[reason], nan=0.0) for reason in REASONS])
    cues[:, ~(track.open & here)] = 0
    return np.asarray(np.clip(cues, 0, 1), np.float32)


def distances(frames: NDArray[np.intp], count: int) -> NDArray[np.float64]:
    """Return frames to the nearest of some ascending ones; all are far off where there is none."""
    if not frames.size:
        return np.full(count, float(count))
    return np.asarray(abs(_nearest(frames, count) - np.arange(count)), np.float64)


def _nearest(frames: NDArray[np.intp], count: int) -> NDArray[np.intp]:
    """The nearest of some ascending frames to each frame; of equals the earlier one."""
    here = np.arange(count)
    after = np.searchsorted(frames, here).clip(0, frames.size - 1)
    before = np.maximum(after - 1, 0)
    nearer = abs(frames[before] - here) <= abs(frames[after] - here)
    found: NDArray[np.intp] = np.where(nearer, frames[before], frames[after])
    return found


def _drop(confidence: Values) -> Values:
    """How far confidence lies below what is usual around."""
    return np.asarray(_usual(confidence) - confidence, np.float32)


def _area_jump(area: Values) -> Values:
    """How little of the larger is left by the smaller, of a mask and those before and after.

    A lasting change jumps once, on the frame where it begins.
    """
    before = np.concatenate([area[:1], area[:-1]])
    after = np.concatenate([area[1:], area[-1:]])
    change = np.fmax(_unlike(area, before), _unlike(area, after))
    # Objects that grow or shrink steadily do not jump.
    return np.asarray(change - _usual(change), np.float32)


def _place_jump(track: Track, seen: Flags) -> Values:
    """How far a middle leaves the way between its neighbors, in sides of the object."""
    off = np.zeros(len(track), np.float32)
    for values in (track.x, track.y):
        way = np.where(seen, values, np.nan).astype(np.float32)
        bend = np.full(len(track), np.nan, np.float32)
        bend[1:-1] = way[1:-1] - (way[:-2] + way[2:]) / 2
        off = np.hypot(off, bend)
    side = np.sqrt(np.maximum(track.area, 1))
    moved = np.asarray(off / side / MOVED, np.float32)
    return np.asarray(moved - _usual(moved), np.float32)


def _unlike_sure(track: Track, seen: Flags) -> Values:
    """How unlike in size a mask and that of the nearest sure frame are."""
    return _unlike(np.where(seen, track.area, np.nan), _of_sure(track.area, track))


def _beyond_sure(values: Values, track: Track, seen: Flags) -> Values:
    """How much more there is of something than on the nearest sure frame."""
    usual = np.nan_to_num(_of_sure(values, track), nan=0.0)
    return np.asarray(np.where(seen, values - usual, np.nan), np.float32)


def _far(track: Track) -> Values:
    """How far away the nearest sure frame is: 0 beside it, 1 far off."""
    distance = distances(np.flatnonzero(track.sure), len(track))
    return np.asarray(distance / (distance + FAR), np.float32)


def _of_sure(values: Values, track: Track) -> Values:
    """A value on the nearest sure frame that shows the object; NaN where there is none."""
    frames = np.flatnonzero(track.sure & ~track.gone & (track.area > 0))
    if not frames.size:
        return np.full(len(track), np.nan, np.float32)
    return np.asarray(values[_nearest(frames, len(track))], np.float32)


def _unlike(one: Values, other: Values) -> Values:
    """1 less the smaller by the larger of two sizes."""
    larger = np.maximum(one, other)
    share = np.divide(np.minimum(one, other), larger, out=np.ones_like(larger), where=larger > 0)
    return np.asarray(1 - share, np.float32)


def _usual(values: Values) -> Values:
    """Median of what is known on up to `AROUND` frames on both sides; NaN where nothing is."""
    padded = np.pad(values, AROUND, constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * AROUND + 1)
    known = np.isfinite(windows).any(1)
    usual = np.full(len(values), np.nan, np.float32)
    # Unknown ones are sorted to the end. A tenth of the time of numpy's own median without them.
    ranked, count = np.sort(windows[known], axis=1), np.isfinite(windows[known]).sum(1)
    rows = np.arange(len(ranked))
    usual[known] = (ranked[rows, (count - 1) // 2] + ranked[rows, count // 2]) / 2
    return usual
