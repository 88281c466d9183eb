"""The rules of state: what becomes stale, what may be written, which pixels win. Pure functions."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from core.types import MAX_OBJECT_ID, VOID, LabelMap
from vosapp.project.model import FrameState

WRITABLE = frozenset({FrameState.EMPTY, FrameState.PROPAGATED, FrameState.STALE})
"""States of cells that a propagation may write."""
_FEW_IDS = 6


def span(before: int | None, after: int | None, frame_count: int) -> tuple[int, int]:
    """Return (first, one past the last) of the frames that a keyframe governs.

    Args:
        before: the nearest earlier keyframe of the same object, None for none.
        after: the nearest later one.
        frame_count: frames of the video.
    """
    return 0 if before is None else before + 1, frame_count if after is None else after


def lowest_free_id(taken: Collection[int]) -> int:
    """Return the lowest object id that is not taken, 0 where there is none left."""
    return next((i for i in range(1, MAX_OBJECT_ID + 1) if i not in taken), 0)


def join(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the same frames as ascending spans that do not touch each other."""
    joined: list[tuple[int, int]] = []
    for start, stop in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(stop, joined[-1][1]))
        elif start < stop:
            joined.append((start, stop))
    return joined


def merge_states(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the stored states of an object made of two: the less certain one where both are."""
    rank = np.array([3, 1, 0, 2], np.uint8)  # EMPTY gives way, then CHECKED, PROPAGATED, STALE
    return np.where(rank[one] <= rank[other], one, other).astype(np.uint8)


def after_edit(states: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the stored states in the span of an edited keyframe: propagated ones are stale."""
    return np.where(states == FrameState.PROPAGATED, FrameState.STALE, states).astype(np.uint8)


def visible_state(stored: int, area: int | None) -> FrameState:
    """Return the state of a cell.

    Args:
        stored: the state below assertions.
        area: pixels of what the user asserts there, None where nothing is asserted.
    """
    if area is None:
        return FrameState(stored)
    return FrameState.KEYFRAME if area else FrameState.ABSENT


def may_write(state: FrameState, *, locked: bool) -> bool:
    """True where a propagation may write a cell."""
    return state in WRITABLE and not locked


def merge_results(
    stored: LabelMap,
    result: LabelMap,
    *,
    writable: Collection[int],
    kept: Collection[int],
    order: Sequence[int] = (),
) -> LabelMap:
    """Return the stored results of a frame after a propagation.

    Pixels of `kept` objects stay as they are and win; those of `writable` objects are the
    result's. Where such a one meets another object of an earlier propagation, of which this one
    says nothing, there are no probabilities to compare, and the one in front wins (ADR 0047).

    Args:
        stored: H x W, what earlier propagations left.
        result: H x W, what this one says.
        writable: ids it may write.
        kept: ids that are checked or locked here.
        order: ids from front to back; one that is not among them is behind all others.
    """
    if not writable:
        return stored
    take = isin(result, writable)
    if kept:
        take &= ~isin(stored, kept)
    depth = np.full(256, len(order), np.int16)
    depth[list(order)] = np.arange(len(order))
    older = ~isin(stored, {0, *writable})
    take &= ~(older & (depth[stored] < depth[result]))
    merged = np.where(isin(stored, writable), 0, stored).astype(np.uint8)
    np.copyto(merged, result, where=take)
    return merged


def compose(results: LabelMap | None, keyframe: LabelMap | None, ids: Collection[int]) -> LabelMap:
    """Return what a frame shows: the keyframe's statement over the results.

    Args:
        results: H x W or None.
        keyframe: H x W or None where no asserted object has a pixel; void says nothing.
        ids: the asserted ids.
    """
    if results is None and keyframe is None:
        raise ValueError("nothing to compose")
    if results is None:
        return _own(keyframe)  # type: ignore[arg-type]
    shown = np.where(isin(results, ids), 0, results).astype(np.uint8) if ids else results
    if keyframe is None:
        return shown
    own = _own(keyframe)
    return np.where(own > 0, own, shown)


def isin(label_map: LabelMap, ids: Collection[int]) -> NDArray[np.bool_]:
    """Return where a label map holds one of some ids; quicker than numpy's for 8 bits."""
    if len(ids) > _FEW_IDS:
        table = np.zeros(256, np.bool_)
        table[list(ids)] = True
        return np.take(table, label_map)
    found = np.zeros(label_map.shape, np.bool_)
    for object_id in ids:
        found |= label_map == object_id
    return found


def _own(keyframe: LabelMap) -> LabelMap:
    return np.where(keyframe == VOID, 0, keyframe).astype(np.uint8)
