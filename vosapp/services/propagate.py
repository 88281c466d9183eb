"""Propagating inside a project: what is to be computed, and storing it while it comes. No Qt."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Set
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.engine.pieces import remaining
from core.engine.propagate import Made, PropagationRequest, SpanPlan, Walk, plan
from core.engine.spans import borders
from core.media.file_hash import named_hash, sha256_of
from core.text import visible
from core.types import Direction, FrameResult
from vosapp.project import rules
from vosapp.project.editor import Span
from vosapp.project.model import FrameState, TrackedObject
from vosapp.project.results import Propagation, Stored
from vosapp.project.store import Project

FEWEST = 8
"""Frames stored at once, at least; each transaction waits for the disk."""
MOST = 50
"""Frames stored at once, at most."""
PATIENCE_SECONDS = 1.0
"""A batch of enough frames is stored after this time."""
MAX_BYTES = 64 << 20
"""Label maps that wait to be stored take no more than this, however few they are."""
OPEN = (FrameState.EMPTY, FrameState.STALE)
"""States of cells that a propagation is to fill."""


def writable_frames(
    project: Project,
    request: PropagationRequest,
    states: Collection[FrameState] = rules.WRITABLE,
) -> frozenset[int]:
    """Return the wanted frames on which a propagation would write something.

    Args:
        project: with the keyframes of the request.
        request: the frames and ways that are wanted.
        states: only cells in one of these states count; `OPEN` for what is empty or stale. Those
            that no walk reaches, and those of locked objects, never count.
    """
    found = np.zeros(project.video.frame_count, np.bool_)
    for item, cells in _cells(project, request, states):
        if not item.locked:
            found |= cells
    return frozenset(np.flatnonzero(found).tolist())


def left_out(
    project: Project,
    request: PropagationRequest,
    states: Collection[FrameState] = rules.WRITABLE,
) -> tuple[TrackedObject, ...]:
    """Return the objects that a propagation leaves as they are since they are locked.

    Args:
        project: with the keyframes of the request.
        request: the frames and ways that are wanted.
        states: as for `writable_frames`: objects without such a cell there are none of them.
    """
    cells = _cells(project, request, states)
    return tuple(item for item, found in cells if item.locked and found.any())


def pieces_with(
    request: PropagationRequest, frame_count: int, frames: Set[int]
) -> tuple[PropagationRequest, ...]:
    """Return the spans between keyframes that hold one of some frames, ascending.

    A span is computed whole: both of its walks have to pass through it anyway.

    Args:
        request: the whole propagation.
        frame_count: frames of the video.
        frames: what is to be computed.
    """
    cutting = {keyframe.frame_index for keyframe in borders(request.keyframes, frame_count)}
    pieces: list[PropagationRequest] = []
    for piece in remaining(request, frame_count, frozenset(range(frame_count)) - frames):
        # A keyframe in between costs nothing; starting anew would read it again.
        if pieces and cutting.issuperset(range(pieces[-1].stop, piece.start)):
            pieces[-1] = replace(pieces[-1], stop=piece.stop)
        else:
            pieces.append(piece)
    return tuple(pieces)


def spans_of(pieces: Iterable[PropagationRequest], frame_count: int) -> tuple[Span, ...]:
    """Return what a propagation makes anew as a whole: object, first frame, one past the last.

    Args:
        pieces: what is computed, see `pieces_with`.
        frame_count: frames of the video.
    """
    found = {
        (object_id, max(first, piece.start), min(stop, piece.stop))
        for piece in pieces
        for object_id, first, stop in _walked(piece, frame_count)
    }
    return tuple(sorted(span for span in found if span[1] < span[2]))


def store_results(
    project: Project,
    propagation: Propagation,
    results: Iterable[Made],
    *,
    spans: Iterable[Span] = (),
    fewest: int = FEWEST,
    patience: float = PATIENCE_SECONDS,
) -> Iterator[Made | Stored]:
    """Pass on what a propagation yields, and store its results some frames at a time.

    However it ends, by an error, a cancel or by being closed, all results so far are stored.
    Who tells how many there are counts `Stored`: a result that is passed on may never get there.

    Args:
        project: gets the results.
        propagation: what they belong to.
        results: of the engine.
        spans: what they make anew; masks of other weights are stale where one has begun and
            is not done.
        fewest: frames stored at once, at least.
        patience: seconds after which a batch of that many is stored.

    Yields:
        What the propagation yields, and a `Stored` for each result that the project has taken.

    Raises:
        VosError: whatever the propagation raises, or the project cannot be written.
    """
    batch: list[FrameResult] = []
    anew = tuple(spans)
    since = time.monotonic()

    def store() -> list[Stored]:
        nonlocal since
        taken = batch.copy()
        batch.clear()
        if taken:
            project.put_results(propagation, taken, begun=_touched(anew, taken))
        since = time.monotonic()
        return [Stored(one.frame_index, one.is_draft) for one in taken]

    try:
        for item in results:
            stored: list[Stored] = []
            if isinstance(item, FrameResult):
                batch.append(item)
                waited = time.monotonic() - since
                if _is_full(batch) or (len(batch) >= fewest and waited >= patience):
                    stored = store()
            yield item
            yield from stored
    except GeneratorExit:
        store()
        raise
    except BaseException:
        yield from store()
        raise
    yield from store()


def weights_identity(weights: Path | None) -> str:
    """Return a checkpoint's name and hash as the project keeps it; empty for none."""
    if weights is None:
        return ""
    return named_hash(visible(weights.name), sha256_of(weights))


def _is_full(batch: list[FrameResult]) -> bool:
    return len(batch) >= MOST or len(batch) * batch[0].label_map.nbytes >= MAX_BYTES


def _touched(spans: Iterable[Span], results: Iterable[FrameResult]) -> list[Span]:
    frames = sorted(one.frame_index for one in results)
    return [span for span in spans if bisect_left(frames, span[1]) < bisect_left(frames, span[2])]


def _cells(
    project: Project, request: PropagationRequest, states: Collection[FrameState]
) -> Iterator[tuple[TrackedObject, NDArray[np.bool_]]]:
    """Each object with the frames of the request on which a walk meets a cell in such a state."""
    reached = _reached(request, project.video.frame_count)
    outside = np.ones(project.video.frame_count, np.bool_)
    outside[request.start : request.stop] = False
    for item in project.objects():
        if item.object_id in reached:
            wanted = np.isin(project.states(item.object_id), list(states))
            yield item, reached[item.object_id] & wanted & ~outside


def _reached(request: PropagationRequest, frame_count: int) -> dict[int, NDArray[np.bool_]]:
    """On which frames each object is known to a walk, keyframes themselves included."""
    reached = {object_id: np.zeros(frame_count, np.bool_) for object_id in _ids(request)}
    for object_id, first, stop in _walked(request, frame_count):
        reached[object_id][first:stop] = True
    return reached


def _walked(request: PropagationRequest, frame_count: int) -> Iterator[Span]:
    """Each object with the frames of each walk on which it is known."""
    object_ids = _ids(request)
    for part in plan(request, frame_count):
        for walk in (part.backward, part.forward):
            if walk is None:
                continue
            for object_id in object_ids:
                first, last = _reach(part, walk, object_id)
                yield object_id, first, last + 1


def _ids(request: PropagationRequest) -> list[int]:
    return sorted(
        {object_id for keyframe in request.keyframes for object_id in keyframe.object_ids}
    )


def _reach(part: SpanPlan, walk: Walk, object_id: int) -> tuple[int, int]:
    """The frames (first, last) of a walk on which it knows an object; last < first for none."""
    first, last = min(walk.first, walk.last), max(walk.first, walk.last)
    forward = walk.direction is Direction.FORWARD
    if (part.span.before if forward else part.span.after) is not None:
        return first, last
    asserted = [k.frame_index for k in part.span.inside if object_id in k.object_ids]
    if not asserted:
        return 1, 0
    return (max(first, asserted[0]), last) if forward else (first, min(last, asserted[-1]))
