"""The list of frames to check, kept up to date beside everything else; and reviewing by it."""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass, field, replace

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from core.jobs import CancelToken
from core.types import LabelMap
from vosapp.jobs.outcome import Crashed, Done, Failed, Outcome
from vosapp.project.edit_review import ReviewFrames
from vosapp.project.model import FrameState, Review
from vosapp.services.review import ReviewBook, ReviewFilter, ReviewRow
from vosapp.session.session import Session

CALM_MS = 120
"""So long after a change the list is made anew; what comes meanwhile is one change with it."""
SLOWEST_MS = 3000
"""However long a list takes, it is made anew after this time."""
SLICE = 0.25
"""Seconds of measuring after which others may use the thread."""
UNFINISHED = 1.5
"""Seconds after which a list is shown though not all frames were looked at."""


@dataclass(frozen=True, slots=True)
class ReviewList:
    """What is listed.

    Attributes:
        rows: the most urgent first, or by frame where they were reviewed.
        counts: masks by what was found of them.
        left: frames with masks that were not looked at yet.
        maps: what the frames of the rows show, small, by frame.
        filter: what was to be listed.
    """

    rows: tuple[ReviewRow, ...] = ()
    counts: dict[Review, int] = field(default_factory=dict)
    left: int = 0
    maps: dict[int, LabelMap] = field(default_factory=dict)
    filter: ReviewFilter = field(default_factory=ReviewFilter)


class ReviewControl(QObject):
    """Makes the list while nobody waits for it, and steps through it.

    Nothing is looked at before somebody wants the list (`want`).

    Attributes:
        filter: what is listed.
        list: the latest list.
        row: where in the list one is; -1 before the first step.

    Signals:
        changed: `list` or `filter` is different.
        stepped: `row` is another one.
        ended: there is no further row in this direction.
    """

    changed = Signal()
    stepped = Signal()
    ended = Signal()

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.filter, self.list, self.row = ReviewFilter(), ReviewList(), -1
        self._worker = _Worker(session)
        self._wanted = self._running = self._again = self._known = False
        self._waiting = 0
        self._dirty: set[int] = set()
        self._began = 0.0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(CALM_MS)
        self._timer.timeout.connect(self._begin)
        session.lanesChanged.connect(self._take_change)
        session.objectsChanged.connect(self._take_change)
        session.edited.connect(self._take_change)

    def want(self) -> None:
        """Somebody looks at the list, or steps through it: it is kept up to date from now on."""
        if not self._wanted:
            self._wanted = True
            self._soon()

    def set_filter(self, wanted: ReviewFilter) -> None:
        """List something else."""
        if wanted != self.filter:
            self.filter, self.row = wanted, -1
            self.list, self._known = replace(self.list, rows=()), False
            self.changed.emit()
            self.want()
            self._soon()

    def step(self, way: int) -> None:
        """Go to the next row of the list, or the one before; `ended` where there is none.

        Where the list is not made yet, this is done once it is.
        """
        self.want()
        if self._known:
            self._go(self._beyond(way))
        else:
            self._waiting = way

    def go_to(self, row: int) -> None:
        """Go to a row's frame and select its object."""
        if 0 <= row < len(self.list.rows):
            self._go(row)

    def mark(self, review: Review) -> bool:
        """Say what was found of the masks that one is at, and go to the next row.

        Who finds a frame right has looked at all that is listed, and shown, on it; what needs work
        are the objects of the row, or the selected one where one is on no frame of the list.

        Returns:
            False where there is no propagated mask to say it of.
        """
        session, here = self._session, self._session.frame_index
        row = self._current()
        if review is Review.NEEDS_WORK:
            ids = (session.object_id,) if row is None else row.object_ids
        else:
            only = self.filter.object_id
            ids = tuple(o.object_id for o in session.objects if o.visible)
            ids = (only,) if only else ids
        ids = tuple(i for i in ids if self._is_open(i, here))
        if not ids:
            return False
        session.do(ReviewFrames(ids, here, here + 1, review))
        if row is not None and here + 1 < row.stop:
            session.go_to(here + 1)
        elif row is not None:
            self._go(self._beyond(1))
        return True

    def forget(self) -> None:
        """The project is about to be closed: begin nothing more."""
        self._timer.stop()
        self._wanted = False

    # Inside

    def _is_open(self, object_id: int, frame_index: int) -> bool:
        lane = self._session.lane(object_id)
        if lane is None:
            return False
        state = int(lane.states[frame_index])
        return state in (FrameState.PROPAGATED, FrameState.STALE, FrameState.CHECKED)

    def _current(self) -> ReviewRow | None:
        """The row that one is at; None where another frame is shown."""
        if not 0 <= self.row < len(self.list.rows):
            return None
        row = self.list.rows[self.row]
        return row if row.frame_index <= self._session.frame_index < row.stop else None

    def _beyond(self, way: int) -> int:
        if self.row < 0:
            return 0
        return self.row + way

    def _go(self, row: int) -> None:
        if not 0 <= row < len(self.list.rows):
            self.ended.emit()
            return
        found = self.list.rows[row]
        self.row = row
        self._session.go_to(found.frame_index)
        if self._session.object_id not in found.object_ids:
            self._session.select_object(found.object_ids[0])
        self.stepped.emit()

    def _take_change(self, _what: object = None) -> None:
        self._dirty.update(self._session.update.change.frame_indices)
        if self._wanted:
            self._soon()

    def _soon(self) -> None:
        if self._running:
            self._again = True
        elif not self._timer.isActive():
            self._timer.start()

    def _begin(self) -> None:
        if not self._wanted:
            return
        dirty, self._dirty = self._dirty, set()
        self._running, self._again, self._began = True, False, time.monotonic()
        wanted = self.filter
        handle = self._session.reader.submit(lambda token: self._worker.look(token, dirty, wanted))
        handle.tell(self, finished=self._take)

    def _take(self, outcome: Outcome) -> None:
        self._running = False
        # A list that takes long is not made again at once: others need the processor, too.
        spent = time.monotonic() - self._began
        self._timer.setInterval(max(CALM_MS, min(SLOWEST_MS, round(spent * 4000))))
        if isinstance(outcome, Done) and isinstance(outcome.value, ReviewList):
            found = outcome.value
            if found.filter == self.filter:
                self._take_list(found)
            if found.left:
                self._begin()
        elif isinstance(outcome, Failed):
            self._session.failed.emit(outcome.error)
        elif isinstance(outcome, Crashed):
            return
        if self._again:
            self._soon()

    def _take_list(self, found: ReviewList) -> None:
        if found.left and not found.rows:
            # Half of the frames would give another list, which would jump about.
            found = replace(found, rows=self.list.rows, maps=self.list.maps)
        on_row = self._current() is not None
        self.list = found
        self.row = self._place(on_row=on_row)
        self.changed.emit()
        self._known = self._known or bool(found.rows) or not found.left
        if self._known and self._waiting:
            way, self._waiting = self._waiting, 0
            self._go(self._beyond(way))

    def _place(self, *, on_row: bool) -> int:
        """Where the row is now that one was on; where it has gone, before what took its place."""
        rows, here = self.list.rows, self._session.frame_index
        if not on_row:
            return min(self.row, len(rows) - 1)
        same = (i for i, row in enumerate(rows) if row.frame_index <= here < row.stop)
        return next(same, min(self.row, len(rows)) - 1)


class _Worker:
    """What is used in the reader's thread, one look after the other."""

    def __init__(self, session: Session) -> None:
        self._book = ReviewBook(session.project)
        self._maps: dict[int, LabelMap] = {}
        self._told: float | None = None

    def look(
        self, token: CancelToken, dirty: set[int], wanted: ReviewFilter
    ) -> Generator[None, None, ReviewList]:
        """Look at what has changed for a moment, and list what is known then."""
        book, began = self._book, time.monotonic()
        book.forget(dirty)
        for frame in dirty:
            self._maps.pop(frame, None)
        yield
        frames = book.unmeasured()
        done = 0
        for frame in frames.tolist():
            token.check()
            book.measure(frame)
            done += 1
            if time.monotonic() - began > SLICE:
                break
        left = int(np.size(frames)) - done
        counts = book.counts(wanted.object_id)
        self._told = began if self._told is None else self._told
        if left and time.monotonic() - self._told < UNFINISHED:
            return ReviewList(counts=counts, left=left, filter=wanted)
        self._told = time.monotonic()
        rows = book.rows(wanted)
        return ReviewList(rows, counts, left, self._small(rows, token), wanted)

    def _small(self, rows: tuple[ReviewRow, ...], token: CancelToken) -> dict[int, LabelMap]:
        """Maps beside thumbnails, read once."""
        wanted = {row.frame_index for row in rows}
        kept = {frame: found for frame, found in self._maps.items() if frame in wanted}
        for frame in wanted - kept.keys():
            token.check()
            found = self._book.small_map(frame)
            if found is not None:
                kept[frame] = found
        self._maps = kept
        return dict(kept)
