"""Long work beside the window: begun, followed, stopped, ended. The same for every kind of it.

An export, an import, a tuning and a propagation differ in their jobs, and in what they come to.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Signal

from core.jobs import Progress
from vosapp.jobs.outcome import Outcome
from vosapp.jobs.runner import JobHandle

MEASURED_SECONDS = 2.0
"""How long a work is watched before it is said how long it will still take."""

RATE_SECONDS = 8.0
"""A rate counts what was done in this time; what came from earlier work was done in none."""


@dataclass(frozen=True, slots=True)
class WorkState:
    """How far a work is.

    Attributes:
        text: what is being done, in plain words.
        done, total: how far that is; total is 0 while it is not known.
        seconds_left: estimate; NaN while unknown.
    """

    text: str = ""
    done: int = 0
    total: int = 0
    seconds_left: float = math.nan

    @property
    def bar(self) -> tuple[int, int]:
        """How far a bar is to be drawn: (so much, of so much)."""
        return self.done, self.total


class Rate:
    """Steps a second of late.

    Args:
        clock: seconds that only go up.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: deque[tuple[float, int]] = deque([(clock(), 0)])

    def take(self, steps: int) -> float:
        """Take how many steps were done so far, and return the rate; 0 before the first."""
        now = self._clock()
        self._seen.append((now, steps))
        while len(self._seen) > 2 and now - self._seen[1][0] >= RATE_SECONDS:
            self._seen.popleft()
        first, before = self._seen[0]
        return (steps - before) / (now - first) if now > first else 0.0


class Pace:
    """How long a work will still take, by what it did since it began with what it is doing.

    Args:
        clock: seconds that only go up.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._part = ("", 0)
        self._first, self._begun = 0, 0.0

    def seconds_left(self, progress: Progress) -> float:
        """Take how far it is, and return the seconds to go; NaN while nobody can say."""
        part, now = (progress.phase, progress.total), self._clock()
        if part != self._part or progress.done < self._first:
            self._part, self._first, self._begun = part, progress.done, now
        done, spent = progress.done - self._first, now - self._begun
        if done <= 0 or progress.total <= 0 or spent < MEASURED_SECONDS:
            return math.nan
        return spent * max(0, progress.total - progress.done) / done


class WorkControl(QObject):
    """One work at a time. Who owns the control is told of it for as long as it is there.

    What the work is does not matter here: it is whatever a `JobHandle` stands for. What a stop
    keeps is the work's own business. A control that knows more of its work says so by a state of
    its own, and takes what the job yields and comes to in `take_values` and `take_outcome`.

    Attributes:
        state: of the work that is going on, or of the last one.

    Signals:
        started: a work was begun.
        stateChanged: `state` is new (`WorkState`), or the work is being stopped or was dropped.
        finished: it ended (`Outcome`).
    """

    started = Signal()
    stateChanged = Signal(object)
    finished = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.state = WorkState()
        self._handle: JobHandle | None = None
        self._pace = Pace()

    @property
    def running(self) -> bool:
        """True while a work is going on or being stopped."""
        return self._handle is not None

    @property
    def stopping(self) -> bool:
        """True while it goes on only up to where it can stop."""
        return self._handle is not None and self._handle.token.cancelled

    def follow(self, handle: JobHandle, state: WorkState) -> None:
        """Be the control of a job that was just submitted, in place of the one before.

        Args:
            handle: of the job.
            state: what is shown until it says something itself.
        """
        self.drop()
        self._handle, self._pace = handle, Pace()
        handle.tell(
            self,
            finished=lambda outcome: self._if_current(handle, self._end, outcome),
            progressed=lambda progress: self._if_current(handle, self.take_progress, progress),
            batch=lambda values: self._if_current(handle, self.take_values, values),
        )
        self.state = state
        self.started.emit()
        self.stateChanged.emit(state)

    def stop(self) -> None:
        """Ask the work to stop where it can; `finished` follows."""
        if self._handle is not None and not self.stopping:
            self._handle.cancel()
            self.stateChanged.emit(self.state)

    def drop(self) -> None:
        """Stop the work and hear no more of it: what it was about is not wanted any more."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
            self.stateChanged.emit(self.state)

    # What comes from the work

    def show_state(self, state: WorkState) -> None:
        """Let everybody know how far it is."""
        self.state = state
        self.stateChanged.emit(state)

    def take_progress(self, progress: Progress) -> None:
        """Take how far the job says it is."""
        left = self._pace.seconds_left(progress)
        self.show_state(WorkState(progress.text, progress.done, progress.total, left))

    def take_values(self, _values: list[Any]) -> None:
        """Take what else the job yields."""

    def take_outcome(self, outcome: Outcome) -> None:
        """Say how it ended; also what could not even begin ends so."""
        self.finished.emit(outcome)

    def _end(self, outcome: Outcome) -> None:
        self._handle = None
        self.take_outcome(outcome)

    def _if_current(self, handle: JobHandle, take: Callable[[Any], None], value: object) -> None:
        if handle is self._handle:
            take(value)
