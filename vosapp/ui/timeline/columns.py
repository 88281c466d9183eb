"""Lanes at the resolution of the screen: what is drawn does not grow with the video's length."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vosapp.project.model import FrameState
from vosapp.session.view import LaneView, keyframes_in
from vosapp.ui.timeline.axis import TimeAxis

NOT_FOUND = 6
"""Shown state of a propagated cell on which the engine found that the object is gone."""
_MARGIN = 18
"""Pixels within which a frame changes what is drawn: dots are broad, and hide those close by."""
_STEP = 8
"""A part begins and ends where screens with a ratio of eighths have a pixel's edge, too."""
_RANKS = np.zeros(NOT_FOUND + 1, np.uint8)
for _rank, _state in enumerate(
    (
        FrameState.EMPTY,
        FrameState.ABSENT,
        NOT_FOUND,
        FrameState.KEYFRAME,
        FrameState.CHECKED,
        FrameState.PROPAGATED,
        FrameState.STALE,
    )
):
    _RANKS[_state] = _rank
_BY_RANK = np.argsort(_RANKS).astype(np.uint8)


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of one state: `start` up to but without `stop`, in pixels."""

    start: float
    stop: float
    state: int


@dataclass(frozen=True, slots=True)
class Curve:
    """The confidence as a line.

    Attributes:
        x: middle of a frame or of a pixel, ascending.
        value: 0..1, NaN where there is none; the lowest of the frames of a pixel.
    """

    x: NDArray[np.float64]
    value: NDArray[np.float32]


def shown_states(lane: LaneView) -> NDArray[np.uint8]:
    """Return the states with `NOT_FOUND` where the engine says that the object is gone."""
    if lane.gone is None or not lane.gone.any():
        return lane.states
    return np.where(lane.found_gone, NOT_FOUND, lane.states).astype(np.uint8)


def runs(lane: LaneView, axis: TimeAxis) -> list[Run]:
    """Return the visible stretches of an object's lane, without empty ones.

    Where a pixel shows several frames, the state that most wants to be seen wins: stale before
    propagated, anything before empty.
    """
    visible = axis.visible
    states = shown_states(_part(lane, visible))
    if not states.size:
        return []
    if axis.scale >= 1:
        edges, values = _stretches(states)
        places = (edges + visible.start - axis.first) * axis.scale
    else:
        starts, edge = _pixels(axis)
        values = _BY_RANK[np.maximum.reduceat(_RANKS[states], starts)]
        edges, values = _stretches(values)
        places = edge[edges]
    some = values != int(FrameState.EMPTY)
    parts = (places[:-1][some], places[1:][some], values[some])
    return [Run(*part) for part in zip(*(part.tolist() for part in parts), strict=True)]


def curve(lane: LaneView, axis: TimeAxis) -> Curve:
    """Return the visible part of an object's confidence."""
    visible = axis.visible
    states = lane.states[_cut(visible)]
    asserted = (states == FrameState.KEYFRAME) | (states == FrameState.ABSENT)
    empty = (states == FrameState.EMPTY) | _part(lane, visible).found_gone
    value = np.where(asserted | empty, np.nan, lane.confidence[_cut(visible)]).astype(np.float32)
    if axis.scale >= 1 or not value.size:
        frames = np.arange(visible.start, visible.stop)
        return Curve(((frames + 0.5 - axis.first) * axis.scale).astype(np.float64), value)
    starts, edge = _pixels(axis)
    return Curve((edge[:-1] + edge[1:]) / 2, np.fmin.reduceat(value, starts))


def per_pixel(curve: Curve, pixels: range) -> NDArray[np.floating[Any]]:
    """Return a curve's value in each of some pixels, on straight lines between its points.

    NaN where a neighboring point has no value, except close to one that has.
    """
    if not len(curve.x):
        return np.full(len(pixels), np.nan)
    middles = np.arange(pixels.start, pixels.stop) + 0.5
    after = np.clip(np.searchsorted(curve.x, middles), 0, len(curve.x) - 1)
    before = np.maximum(after - 1, 0)
    known = np.isfinite(curve.value)
    nearest = np.where(middles - curve.x[before] < curve.x[after] - middles, before, after)
    close = np.abs(curve.x[nearest] - middles) <= 1.5
    shown = np.where(close, known[nearest], known[before] & known[after])
    inside = (middles >= curve.x[0] - 1.5) & (middles <= curve.x[-1] + 1.5)
    # Beside a gap the line ends at the height of its last point, not on the way to nothing.
    filled = np.where(known, curve.value, 0)
    between = np.interp(middles, curve.x, filled)
    value = np.where(known[before] & known[after], between, filled[nearest])
    return np.where(shown & inside, value, np.nan)


def changed_part(old: LaneView, new: LaneView, axis: TimeAxis) -> range:
    """Return the pixels outside of which two lanes look the same, with a margin."""
    seen, beyond = axis.visible, math.ceil(_MARGIN / axis.scale)
    # A dot beside the view reaches into it.
    visible = range(max(0, seen.start - beyond), min(axis.frame_count, seen.stop + beyond))
    one, other = _part(old, visible), _part(new, visible)
    same = (one.states == other.states) & (one.found_gone == other.found_gone)
    same &= one.needs_work == other.needs_work
    unknown = np.isnan(one.confidence) & np.isnan(other.confidence)
    same &= (one.confidence == other.confidence) | unknown
    frames = np.flatnonzero(~same) + visible.start
    if not frames.size:
        return range(0)
    # The line to the neighboring frame changes, too.
    left, right = axis.x_of(int(frames[0]) - 1), axis.x_of(int(frames[-1]) + 2)
    start, stop = math.floor(left) - _MARGIN, math.ceil(right) + _MARGIN
    for run in (*runs(old, axis), *runs(new, axis)):
        # Its check marks begin where the stretch begins.
        if run.state == FrameState.CHECKED and run.start <= right and run.stop >= left:
            start, stop = min(start, math.floor(run.start)), max(stop, math.ceil(run.stop))
    start = max(0, start // _STEP * _STEP)
    return range(start, max(start, min(axis.width, -(-stop // _STEP) * _STEP)))


def dots(lane: LaneView, axis: TimeAxis, *, gap: float) -> NDArray[np.intp]:
    """Return the visible keyframes, thinned so that they are at least `gap` pixels apart."""
    frames = keyframes_in(lane)
    reach = gap / axis.scale
    last = axis.first + axis.width / axis.scale
    inside = (frames >= axis.first - reach) & (frames <= last + reach)
    frames = frames[inside]
    if not frames.size:
        return frames
    # Cells of a fixed grid, so that dots do not jump about while the view scrolls.
    cells = np.floor(frames / max(1.0, reach)).astype(np.intp)
    return frames[np.flatnonzero(np.diff(cells, prepend=cells[0] - 1))]


def _part(lane: LaneView, visible: range) -> LaneView:
    cut = _cut(visible)
    gone = None if lane.gone is None else lane.gone[cut]
    work = None if lane.work is None else lane.work[cut]
    return LaneView(lane.states[cut], lane.confidence[cut], gone, work)


def _cut(visible: range) -> slice:
    return slice(visible.start, visible.stop)


@lru_cache(maxsize=4)
def _pixels(axis: TimeAxis) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return, per pixel, the first of its visible frames; and the pixels' edges.

    All lanes ask for the same.
    """
    visible, columns = axis.visible, np.arange(axis.width)
    first = np.floor(axis.first + columns / axis.scale).astype(np.intp) - visible.start
    first = np.clip(first, 0, len(visible) - 1)
    starts = first[np.flatnonzero(np.diff(first, prepend=-1))]
    edge = (np.append(starts, len(visible)) + visible.start - axis.first) * axis.scale
    return starts, edge


def _stretches(states: NDArray[np.uint8]) -> tuple[NDArray[np.intp], NDArray[np.uint8]]:
    """Return the edges of stretches of equal values, and the values."""
    starts = np.flatnonzero(np.diff(states)) + 1
    edges = np.concatenate([[0], starts, [states.size]])
    return edges, states[edges[:-1]]
