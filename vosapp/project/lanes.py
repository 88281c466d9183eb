"""Lanes: the stored state, confidence and origin of each object's mask on every frame.

Stored in pieces, so that one more frame writes some hundred bytes and a whole lane of a long video
is read in a moment.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vosapp.project import rules
from vosapp.project.codec import (
    LANE_FRAMES,
    NO_CONFIDENCE,
    LanePiece,
    decode_piece,
    empty_piece,
    encode_piece,
)
from vosapp.project.model import FrameState, Review, Unreadable
from vosapp.project.rows import Rows
from vosapp.project.schema import LANES


@dataclass(frozen=True, slots=True)
class Lane:
    """One object over the whole video.

    Attributes:
        states: uint8 of `FrameState` for each frame, without what the user asserts.
        confidence: float32, 0..1, NaN where there is none.
        runs: uint16, which propagation a mask comes from; 0 for none.
        gone: bool, the propagation found that the object is not there (ADR 0012).
        needs_work: bool, the user has seen that the mask is not right (ADR 0056).
        disagreement: float32, of the two directions, 0..1, NaN where one alone speaks (ADR 0057).
    """

    states: NDArray[np.uint8]
    confidence: NDArray[np.float32]
    runs: NDArray[np.uint16]
    gone: NDArray[np.bool_]
    needs_work: NDArray[np.bool_]
    disagreement: NDArray[np.float32]


class Lanes:
    """All lanes of a project.

    Args:
        rows: the tables.
        frame_count: frames of the video.
    """

    def __init__(self, rows: Rows, frame_count: int) -> None:
        self._rows = rows
        self._frame_count = frame_count
        # What each object's pieces were when they were last read, by number, with their bytes.
        self._known: dict[int, dict[int, tuple[bytes, LanePiece]]] = {}

    def read(self, object_id: int) -> Lane:
        """Return an object's lane.

        Raises:
            Unreadable: what is stored is no lane.
        """
        count = -(-self._frame_count // LANE_FRAMES)
        size = count * LANE_FRAMES
        states, raw = np.zeros(size, np.uint8), np.full(size, NO_CONFIDENCE, np.uint8)
        runs, gone = np.zeros(size, np.uint16), np.zeros(size, np.bool_)
        work, apart = np.zeros(size, np.bool_), np.full(size, NO_CONFIDENCE, np.uint8)
        before, known = self._known.get(object_id, {}), {}
        for _, number, data in self._rows.scan(LANES, "object_id = ?", (object_id,)):
            if not (isinstance(number, int) and 0 <= number < count):
                raise Unreadable("a lane reaches out of the video")
            old = before.get(number)
            # While a propagation goes on the same lanes are read again and again.
            known[number] = (
                old if old is not None and old[0] == data else (data, decode_piece(data))
            )
            piece, part = known[number][1], slice(number * LANE_FRAMES, (number + 1) * LANE_FRAMES)
            states[part], raw[part] = piece.states, piece.confidence
            runs[part], gone[part] = piece.runs, piece.gone
            work[part], apart[part] = piece.needs_work, piece.disagreement
        self._known[object_id] = known
        stop = self._frame_count
        return Lane(
            states[:stop],
            _share(raw[:stop]),
            runs[:stop],
            gone[:stop],
            work[:stop],
            _share(apart[:stop]),
        )

    def state(self, object_id: int, frame_index: int) -> FrameState:
        """Return the stored state of one cell."""
        number, place = divmod(frame_index, LANE_FRAMES)
        piece = self._piece(object_id, number)
        return FrameState.EMPTY if piece is None else FrameState(int(piece.states[place]))

    def put_result(
        self,
        object_id: int,
        frame_index: int,
        *,
        state: FrameState,
        confidence: float,
        run_id: int,
        gone: bool,
        disagreement: float = math.nan,
    ) -> None:
        """Store that a cell was propagated; NaN means that there is no such figure.

        Whatever the user said of the mask before was said of another one.
        """
        number, place = divmod(frame_index, LANE_FRAMES)
        piece = self._piece(object_id, number) or empty_piece()
        piece.states[place] = state
        piece.confidence[place] = _quantize(confidence)
        piece.runs[place] = run_id
        piece.gone[place] = gone
        piece.needs_work[place] = False
        piece.disagreement[place] = _quantize(disagreement)
        self._put(object_id, number, piece)

    def mark_stale(
        self, object_id: int, start: int, stop: int, *, but: Collection[int] = ()
    ) -> None:
        """Mark the propagated cells among the frames `start` to `stop` - 1 as stale.

        Args:
            object_id: whose.
            start: first frame.
            stop: one past the last.
            but: propagations whose masks stay as they are.
        """
        for number, piece, part in self._pieces(object_id, start, stop):
            kept = np.isin(piece.runs[part], list(but))
            states = np.where(kept, piece.states[part], rules.after_edit(piece.states[part]))
            if (states != piece.states[part]).any():
                piece.states[part] = states
                self._put(object_id, number, piece)

    def set_checked(self, object_id: int, start: int, stop: int, *, checked: bool) -> None:
        """Check the propagated and stale cells of a range, or take their check away."""
        for number, piece, part in self._pieces(object_id, start, stop):
            states = piece.states[part]
            wanted = _checked(states) if checked else _unchecked(states)
            if (wanted != states).any():
                piece.states[part] = wanted
                piece.needs_work[part] &= wanted != FrameState.CHECKED
                self._put(object_id, number, piece)

    def set_review(self, object_id: int, start: int, stop: int, review: Review) -> None:
        """Say what the user thinks of the propagated, stale and checked cells of a range."""
        for number, piece, part in self._pieces(object_id, start, stop):
            states, work = piece.states[part], piece.needs_work[part]
            checked = review is Review.CHECKED
            wanted = _checked(states) if checked else _unchecked(states)
            marked = (wanted != FrameState.EMPTY) & (review is Review.NEEDS_WORK)
            if (wanted != states).any() or (marked != work).any():
                piece.states[part], piece.needs_work[part] = wanted, marked
                self._put(object_id, number, piece)

    def clear(self, object_id: int, start: int, stop: int) -> None:
        """Forget all about the cells of a range."""
        for number, piece, part in self._pieces(object_id, start, stop):
            blank = empty_piece()
            piece.states[part] = blank.states[part]
            piece.confidence[part] = blank.confidence[part]
            piece.runs[part] = 0
            piece.gone[part] = piece.needs_work[part] = False
            piece.disagreement[part] = blank.disagreement[part]
            self._put(object_id, number, piece)

    def merge(self, source: int, target: int, start: int, stop: int) -> None:
        """Move the cells of one object into another, the less certain state winning."""
        for number, piece, part in self._pieces(source, start, stop):
            into = self._piece(target, number) or empty_piece()
            alone = into.states[part] == FrameState.EMPTY
            into.runs[part] = np.where(alone, piece.runs[part], into.runs[part])
            into.gone[part] = piece.gone[part] & (alone | into.gone[part])
            lower = np.minimum(into.confidence[part], piece.confidence[part])
            into.confidence[part] = np.where(alone, piece.confidence[part], lower)
            into.needs_work[part] |= piece.needs_work[part]
            apart = _larger(into.disagreement[part], piece.disagreement[part])
            into.disagreement[part] = apart
            into.states[part] = rules.merge_states(into.states[part], piece.states[part])
            self._put(target, number, into)
        self.clear(source, start, stop)

    def frames(self, object_id: int, start: int, stop: int) -> list[int]:
        """Return the frames of a range on which a mask of the object is stored, ascending."""
        found: list[int] = []
        for number, piece, part in self._pieces(object_id, start, stop):
            places = np.flatnonzero(piece.states[part]) + number * LANE_FRAMES + part.start
            found += places.tolist()
        return found

    def _pieces(
        self, object_id: int, start: int, stop: int
    ) -> Iterator[tuple[int, LanePiece, slice]]:
        if start >= stop:
            return
        bounds = (object_id, start // LANE_FRAMES, (stop - 1) // LANE_FRAMES)
        rows = self._rows.scan(LANES, "object_id = ? AND piece BETWEEN ? AND ?", bounds)
        for _, number, data in rows:
            base = number * LANE_FRAMES
            part = slice(max(0, start - base), min(LANE_FRAMES, stop - base))
            yield number, decode_piece(data), part

    def _piece(self, object_id: int, number: int) -> LanePiece | None:
        row = self._rows.get(LANES, object_id, number)
        return None if row is None else decode_piece(row[0])

    def _put(self, object_id: int, number: int, piece: LanePiece) -> None:
        if piece.states.any():
            self._rows.put(LANES, (object_id, number), (encode_piece(piece),))
        else:
            self._rows.delete(LANES, object_id, number)


def _quantize(confidence: float) -> int:
    if not 0 <= confidence <= 1:
        return NO_CONFIDENCE
    return round(confidence * (NO_CONFIDENCE - 1))


def _share(raw: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Stored figures as 0..1, NaN where there is none."""
    share = np.where(raw == NO_CONFIDENCE, np.nan, raw / np.float32(NO_CONFIDENCE - 1))
    return share.astype(np.float32)


def _larger(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The larger of two stored figures, the one that is known where the other is not."""
    unknown = (one == NO_CONFIDENCE) | (other == NO_CONFIDENCE)
    return np.where(unknown, np.minimum(one, other), np.maximum(one, other)).astype(np.uint8)


def _checked(states: NDArray[np.uint8]) -> NDArray[np.uint8]:
    known = np.isin(states, (FrameState.PROPAGATED, FrameState.STALE))
    return np.where(known, FrameState.CHECKED, states).astype(np.uint8)


def _unchecked(states: NDArray[np.uint8]) -> NDArray[np.uint8]:
    checked = states == FrameState.CHECKED
    return np.where(checked, FrameState.PROPAGATED, states).astype(np.uint8)
