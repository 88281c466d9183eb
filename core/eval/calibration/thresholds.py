"""When an object is absent: the five thresholds of a calibration, searched on recorded walks.

What the tracker saw is played back with other thresholds, which costs microseconds a frame. What
it would have seen with them is not known: absence changes what is remembered, and an absent
object is looked for in another way. So the outcome is measured anew on other sequences (ADR 0029).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from core.eval.calibration.cells import Seen
from core.eval.confidence import clear_cells
from core.tracking.config import Calibration
from core.tracking.judging.absence import Track, advance

FEWEST = 10
"""Cells without their object, and as many with it, without which nothing is searched."""
SWEEPS = 6
PATIENCE = (1, 2, 3, 4, 5)
CANDIDATES: dict[str, tuple[float, ...]] = {
    "faint": tuple(np.arange(0.04, 1.97, 0.04).round(2).tolist()),
    "back": tuple(np.arange(0.04, 1.97, 0.04).round(2).tolist()),
    "back_cycle": tuple(np.arange(0.0, 0.61, 0.02).round(2).tolist()),
    "nothing": tuple(np.arange(0.0, 0.61, 0.02).round(2).tolist()),
}
"""What is tried for each threshold, in this order."""


@dataclass(frozen=True, slots=True)
class Row:
    """One object of one sequence, in order of frames.

    Attributes:
        seen: its sights.
        gone: whether it is truly absent, for each of `seen` that counts; None for others.
    """

    seen: tuple[Seen, ...]
    gone: tuple[bool | None, ...]


@dataclass(frozen=True, slots=True)
class Counts:
    """Cells by whether their object is absent, and is said to be."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall of absence, 0..1; 1 where there is none of both."""
        total = 2 * self.right + self.wrong + self.missed
        return 2 * self.right / total if total else 1.0


def make_rows(sequences: Sequence[Sequence[Seen]]) -> list[Row]:
    """Rows of all objects; slivers do not count (`core.eval.confidence.SLIVER`)."""
    return [row for seen in sequences for row in _rows(seen)]


def _rows(seen: Sequence[Seen]) -> Iterator[Row]:
    for object_id in sorted({one.object_id for one in seen}):
        own = sorted((s for s in seen if s.object_id == object_id), key=lambda s: s.frame_index)
        cells = clear_cells([one.cell for one in own if one.cell is not None])
        gone = {cell.frame_index: cell.true_area == 0 for cell in cells}
        yield Row(tuple(own), tuple(gone.get(one.frame_index) for one in own))


def replay(row: Row, calibration: Calibration) -> list[bool]:
    """Whether the object is found absent on each of its frames, with another calibration."""
    track, absent = Track(()), []
    for one in row.seen:
        sighting = one.sighting
        track = sighting.begun or track
        if sighting.sight is not None:
            track = advance(track, sighting.sight, calibration)
        track = sighting.asserted or track
        absent.append(track.absent)
    return absent


def count(rows: Sequence[Row], calibration: Calibration) -> Counts:
    """How well absence is told on recorded walks."""
    right = wrong = missed = 0
    for row in rows:
        for absent, gone in zip(replay(row, calibration), row.gone, strict=True):
            right += bool(gone and absent)
            wrong += gone is False and absent
            missed += bool(gone and not absent)
    return Counts(right, wrong, missed)


def enough(rows: Sequence[Row]) -> bool:
    """Whether there is enough of absence and of presence to search thresholds."""
    told = [gone for row in rows for gone in row.gone if gone is not None]
    return min(sum(told), len(told) - sum(told)) >= FEWEST


def search(rows: Sequence[Row], start: Calibration) -> Iterator[Calibration]:
    """Find the thresholds with the greatest F1 of absence; `nothing` <= `faint` <= `back` holds.

    For each patience the other four are varied one after the other until none gains. Of values
    that do equally well the present one stays, or else the middle of their longest row is taken:
    it is furthest from doing worse.

    Args:
        rows: recorded walks.
        start: where the search begins; its confidence is kept.

    Yields:
        The best so far, after each patience; the last one is the outcome.
    """
    best, reached = start, count(rows, start).f1
    for patience in sorted(PATIENCE, key=lambda p: abs(p - start.patience)):
        found = _climb(rows, replace(start, patience=patience))
        gained = count(rows, found).f1
        if gained > reached:
            best, reached = found, gained
        yield best


def _climb(rows: Sequence[Row], start: Calibration) -> Calibration:
    best = start
    for _ in range(SWEEPS):
        before = best
        for name in CANDIDATES:
            best = _vary(rows, best, name)
        if best == before:
            break
    return best


def _vary(rows: Sequence[Row], calibration: Calibration, name: str) -> Calibration:
    tried = [_changed(calibration, name, value) for value in CANDIDATES[name]]
    tried = [one for one in tried if one.nothing <= one.faint <= one.back]
    scores = [count(rows, one).f1 for one in tried]
    if not tried or count(rows, calibration).f1 >= max(scores):
        return calibration
    first, stop = longest_row([score == max(scores) for score in scores])
    return tried[(first + stop - 1) // 2]


def _changed(calibration: Calibration, name: str, value: float) -> Calibration:
    changes: dict[str, Any] = {name: value}
    changed = replace(calibration, **changes)
    if name != "faint":
        return changed
    # The other two go along: alone none of the three could leave the place of its neighbor.
    return replace(changed, back=max(changed.back, value), nothing=min(changed.nothing, value))


def longest_row(marks: Sequence[bool]) -> tuple[int, int]:
    """First index, and one past the last, of the longest row of true values."""
    best, first = (0, 0), 0
    for index, mark in enumerate([*marks, False]):
        if not mark:
            best = max(best, (first, index), key=lambda row: row[1] - row[0])
            first = index + 1
    return best
