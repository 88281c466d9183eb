"""Which frame to look at next: keyframes, doubtful results, stale ones. Nothing here moves.

All functions read what the session shows and answer with a frame index, or None where there is
none in that direction.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vosapp.project.model import Assertion, FrameState, TrackedObject
from vosapp.session.view import LaneView, keyframes_in

DOUBTFUL = 0.6
"""A result whose confidence is lower is worth a look.

Confidence is the J to expect (ADR 0012). A mask counts as found from a J of 0.5 on (recall), and
the confidence is off by 0.1 on average (`docs/accuracy.md`): above 0.6 a mask has hardly failed.
"""
APART = 6
"""Two frames to look at are at least this many frames apart: one correction mends both."""


class Lanes(Protocol):
    """The part of a session that is read here."""

    @property
    def objects(self) -> tuple[TrackedObject, ...]:
        """All objects."""

    @property
    def frame_count(self) -> int:
        """Frames of the video."""

    frame_index: int
    """The current frame."""

    def lane(self, object_id: int) -> LaneView | None:
        """States and confidences of an object."""


def next_keyframe(session: Lanes, way: int, object_id: int | None = None) -> int | None:
    """Return the nearest frame on which something is asserted.

    Args:
        session: what is shown.
        way: 1 for later frames, -1 for earlier ones.
        object_id: only keyframes of this object; None for those of any.
    """
    ids = [item.object_id for item in session.objects] if object_id is None else [object_id]
    lanes = [lane for i in ids if (lane := session.lane(i)) is not None]
    found = [keyframes_in(lane) for lane in lanes]
    return beyond(np.concatenate(found) if found else (), session.frame_index, way)


def next_doubtful(session: Lanes, way: int) -> int | None:
    """Return the nearest frame that needs a look, in time order.

    Frames come from `suppressed` applied to `need`, so that a weak stretch is visited once, at
    its worst frame.
    """
    found = suppressed(need(session), apart=APART)
    return beyond(found, session.frame_index, way)


def next_stale(session: Lanes, way: int) -> int | None:
    """Return the nearest first frame of a stretch in which any object is stale."""
    stale = np.zeros(session.frame_count, np.bool_)
    for lane in _shown_lanes(session):
        stale |= lane.states == FrameState.STALE
    return beyond(starts_of(stale), session.frame_index, way)


def need(session: Lanes) -> NDArray[np.float32]:
    """Return how much each frame needs a look, float32 per frame; 0 for not at all.

    Doubtful frames have 1 to 2, by the lowest confidence of a visible object; frames that are
    only stale 0.5 to 1. Keyframes and checked frames were looked at already.
    """
    score = np.zeros(session.frame_count, np.float32)
    for lane in _shown_lanes(session):
        np.maximum(score, lane_need(lane), out=score)
    return score


def lane_need(lane: LaneView) -> NDArray[np.float32]:
    """Return how much each frame of one object needs a look; scale as in `need`.

    Where the engine found that the object is gone, a low confidence is no doubt.
    """
    known = np.nan_to_num(lane.confidence, nan=1.0)
    stale = lane.states == FrameState.STALE
    computed = stale | (lane.states == FrameState.PROPAGATED)
    doubtful = computed & (known < DOUBTFUL) & ~lane.found_gone
    score = np.where(stale, 1 - known / 2, 0)
    return np.where(doubtful, 2 - known, score).astype(np.float32)


def suppressed(score: NDArray[np.float32], *, apart: int) -> NDArray[np.intp]:
    """Return frames with a positive score, ascending, none closer than `apart` to a higher one.

    Greedy non-maximum suppression: the highest score is taken, its neighborhood dropped, and so
    on; of equal ones the earlier is taken.
    """
    left = score > 0
    taken: list[int] = []
    for index in np.argsort(-score, kind="stable"):
        if score[index] <= 0:
            break
        if left[index]:
            taken.append(int(index))
            left[max(0, index - apart + 1) : index + apart] = False
    return np.array(sorted(taken), np.intp)


def starts_of(flags: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return the first index of each stretch of True."""
    return np.flatnonzero(flags & ~np.concatenate([[False], flags[:-1]]))


def beyond(frames: Iterable[int] | NDArray[np.intp], here: int, way: int) -> int | None:
    """Return the frame nearest to `here` that lies strictly in direction `way`."""
    array = np.asarray(frames if isinstance(frames, np.ndarray) else list(frames), np.intp)
    ahead = array[(array - here) * way > 0]
    if not ahead.size:
        return None
    return int(ahead.min() if way > 0 else ahead.max())


def reference_frames(references: Iterable[Assertion]) -> dict[int, tuple[int, ...]]:
    """Return object ids by frame, ascending by frame, of a session's list of references."""
    frames: dict[int, list[int]] = {}
    for item in references:
        frames.setdefault(item.frame_index, []).append(item.object_id)
    return {frame: tuple(sorted(frames[frame])) for frame in sorted(frames)}


def _shown_lanes(session: Lanes) -> list[LaneView]:
    ids = [item.object_id for item in session.objects if item.visible]
    return [lane for i in ids if (lane := session.lane(i)) is not None]
