"""How the propagated masks of objects are cleaned up: settings over ranges of frames, no pixels.

What is stored of masks never changes by it: a frame shows its results cleaned up, below what the
user asserts (ADR 0054).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from core.cleaning import NONE, Cleaning, parse_cleaning
from core.errors import UsageError
from core.types import MAX_OBJECT_ID
from vosapp.project.model import MAX_FRAMES, Unreadable, check, is_int
from vosapp.project.parse import checked, parse_json
from vosapp.project.rows import Rows
from vosapp.project.schema import CLEANINGS

MAX_SPANS = 10_000
"""Ranges of one object, at most."""
_DIGITS = 2
"""Places of corners are kept to a hundredth of a pixel."""


@dataclass(frozen=True, slots=True)
class CleaningSpan:
    """How one object is cleaned up on the frames `start` to `stop` - 1.

    Attributes:
        object_id: 1..254.
        start, stop: frames.
        cleaning: what is done there.
    """

    object_id: int
    start: int
    stop: int
    cleaning: Cleaning

    def __post_init__(self) -> None:
        check(is_int(self.object_id, 1, MAX_OBJECT_ID), f"no object id: {self.object_id!r}")
        check(is_int(self.start, 0, MAX_FRAMES), "a clean-up begins on no frame")
        check(is_int(self.stop, self.start + 1, MAX_FRAMES), "a clean-up ends on no frame")


@dataclass(frozen=True, slots=True)
class FrameCleaning:
    """What is done to the results of one frame.

    Attributes:
        objects: ids with their clean-ups, from front to back.
        fixed: ids that get no pixel of others.
    """

    objects: tuple[tuple[int, Cleaning], ...]
    fixed: frozenset[int] = frozenset()

    def __bool__(self) -> bool:
        return any(cleaning.changes_masks for _, cleaning in self.objects)


@checked
def parse_span(row: Sequence[Any]) -> CleaningSpan:
    """Read object_id, start, stop, settings, erased."""
    object_id, start, stop, settings, erased = row
    check(isinstance(settings, str), "a clean-up is no text")
    areas = parse_json(erased)
    check(isinstance(areas, list), "no areas to erase")
    outlines = tuple(tuple(tuple(corner) for corner in area) for area in areas)
    try:
        cleaning = replace(parse_cleaning(settings), erased=outlines)
    except UsageError as error:
        raise Unreadable(f"a clean-up makes no sense ({error.message})") from error
    return CleaningSpan(object_id, start, stop, cleaning)


class Cleanings:
    """Reads and writes the clean-ups of a project; runs inside the caller's transaction."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._known: tuple[CleaningSpan, ...] | None = None
        self._before: tuple[CleaningSpan, ...] | None = None

    def all(self) -> tuple[CleaningSpan, ...]:
        """Return all of them, by object and frame."""
        if self._known is None:
            self._known = tuple(map(parse_span, self._rows.scan(CLEANINGS)))
        return self._known

    def of_object(self, object_id: int) -> tuple[CleaningSpan, ...]:
        """Return those of an object, ascending."""
        return tuple(span for span in self.all() if span.object_id == object_id)

    def on_frame(self, frame_index: int) -> dict[int, Cleaning]:
        """Return the clean-up of each object that has one on a frame."""
        return {s.object_id: s.cleaning for s in self.all() if s.start <= frame_index < s.stop}

    def put(self, object_id: int, spans: Iterable[CleaningSpan]) -> None:
        """Store what an object has, in place of what it had.

        Raises:
            UsageError: there are too many ranges.
        """
        self.begin()
        old = {span.start: span for span in self.of_object(object_id)}
        new = {span.start: span for span in spans}
        if len(new) > MAX_SPANS:
            raise UsageError("The object has too many different clean-ups.", "Take some back.")
        for start in old.keys() - new.keys():
            self._rows.delete(CLEANINGS, object_id, start)
        for start, span in new.items():
            if old.get(start) != span:
                values = (span.stop, replace(span.cleaning, erased=()).text, _areas(span.cleaning))
                self._rows.put(CLEANINGS, (object_id, start), values)
        self._known = None

    def begin(self) -> None:
        """Remember what there is: rows are about to change, perhaps behind this one's back."""
        if self._before is None:
            self._before = self.all()
            self._known = None

    def settle(self) -> frozenset[int]:
        """Return the frames that may look different since `begin`."""
        before, self._before, self._known = self._before, None, None
        return frozenset() if before is None else frames_between(before, self.all())

    def forget(self) -> None:
        """Forget everything that is not in the file."""
        self._known = self._before = None


def changed(
    spans: Iterable[CleaningSpan],
    object_id: int,
    frames: range,
    change: Callable[[Cleaning], Cleaning],
) -> tuple[CleaningSpan, ...]:
    """Return the clean-ups of an object after those of a range have changed.

    Args:
        spans: those that it has, ascending.
        object_id: whose.
        frames: the range.
        change: gives the new clean-up of frames from the old one, `NONE` where there is none.
    """
    known = tuple(spans)
    edges = {frames.start, frames.stop, *(s.start for s in known), *(s.stop for s in known)}
    found: list[CleaningSpan] = []
    ascending = sorted(edges)
    for start, stop in pairwise(ascending):
        cleaning = _at(known, start)
        if start in frames:
            cleaning = change(cleaning)
        if cleaning == NONE:
            continue
        if found and found[-1].stop == start and found[-1].cleaning == cleaning:
            found[-1] = replace(found[-1], stop=stop)
        else:
            found.append(CleaningSpan(object_id, start, stop, cleaning))
    return tuple(found)


def frames_between(
    before: Collection[CleaningSpan], after: Collection[CleaningSpan]
) -> frozenset[int]:
    """Return the frames on which any object is cleaned up in another way."""
    found: set[int] = set()
    for object_id in {span.object_id for span in (*before, *after)}:
        both = [[s for s in spans if s.object_id == object_id] for spans in (before, after)]
        edges = sorted({edge for spans in both for s in spans for edge in (s.start, s.stop)})
        for start, stop in pairwise(edges):
            old, new = (_at(spans, start) for spans in both)
            if old != new:
                found.update(range(start, stop))
    return frozenset(found)


def frame_cleaning(
    cleanings: Mapping[int, Cleaning],
    order: Iterable[int],
    *,
    asserted: Collection[int],
    kept: Collection[int],
) -> FrameCleaning:
    """Return what is done to the results of a frame.

    Args:
        cleanings: by object id.
        order: ids from front to back.
        asserted: ids of which the user says something there; they are not cleaned.
        kept: ids of locked and checked objects, which get nothing of others.
    """
    wanted = {i: c for i, c in cleanings.items() if i not in asserted}
    objects = tuple((i, wanted[i]) for i in order if i in wanted)
    return FrameCleaning(objects, frozenset({*kept, *asserted}))


def _at(spans: Iterable[CleaningSpan], frame: int) -> Cleaning:
    """The clean-up of an object on a frame."""
    return next((s.cleaning for s in spans if s.start <= frame < s.stop), NONE)


def _areas(cleaning: Cleaning) -> str:
    areas = [[[round(float(c), _DIGITS) for c in xy] for xy in area] for area in cleaning.erased]
    return json.dumps(areas, separators=(",", ":"))
