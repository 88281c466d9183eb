"""Running jobs off the window's thread: one persistent thread, one job after the other.

A job is a function of a cancel token that returns a generator (see `core.jobs`). What it yields
comes back in batches, so that the event queue of the window never floods.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from PySide6.QtCore import QCoreApplication, QObject, Qt, QThread, QTimer, Signal, Slot

from core.jobs import Cancelled, CancelToken, Progress
from vosapp.jobs.outcome import Crashed, Done, Outcome, Stopped, trouble
from vosapp.jobs.owners import while_there

BATCH_MS = 40
"""Values that a job yields within this time reach the window together."""

Job = Callable[[CancelToken], Iterator[Any] | Generator[Any, None, Any]]
Value = TypeVar("Value")


def once(act: Callable[[], Value]) -> Callable[[CancelToken], Generator[None, None, Value]]:
    """Return a job that makes one call, and whose result is what the call returns."""

    def job(_token: CancelToken) -> Generator[None, None, Value]:
        yield
        return act()

    return job


@dataclass(slots=True, eq=False)
class _Task:
    """What the worker's thread has of a job: no QObject, which must not go in another thread."""

    number: int
    job: Job
    token: CancelToken = field(default_factory=CancelToken)
    # Appending and popping are atomic, so the two threads need no lock.
    values: deque[Any] = field(default_factory=deque)
    awake: bool = False
    ended: threading.Event = field(default_factory=threading.Event)


class JobHandle(QObject):
    """One job, as the window sees it. Lives in the thread that submitted it.

    Attributes:
        token: cancels it.
        outcome: how it ended; None until it has.
    """

    # Private, so that everybody goes through `tell`.
    _progressed = Signal(object)
    _batch = Signal(list)
    _finished = Signal(object)

    def __init__(self, task: _Task, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.token = task.token
        self.outcome: Outcome | None = None
        self._task = task
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(BATCH_MS)
        self._timer.timeout.connect(self._deliver)

    @property
    def running(self) -> bool:
        """True until it was told how the job ended."""
        return self.outcome is None

    def tell(
        self,
        owner: QObject,
        *,
        finished: Callable[[Outcome], object],
        progressed: Callable[[Progress], object] | None = None,
        batch: Callable[[list[Any]], object] | None = None,
    ) -> None:
        """Tell an owner of the job, for as long as it is there: a dialog may be closed meanwhile.

        Args:
            owner: what the functions touch.
            finished: gets the `Outcome`, once, after everything else.
            progressed: gets the latest `Progress`, at most one a batch.
            batch: gets the other values that the job yielded, in order.
        """
        self._finished.connect(while_there(owner, finished))
        if progressed is not None:
            self._progressed.connect(while_there(owner, progressed))
        if batch is not None:
            self._batch.connect(while_there(owner, batch))

    def cancel(self) -> None:
        """Ask the job to stop at its next check; its outcome follows."""
        self.token.cancel()

    def wait(self) -> None:
        """Wait until the job itself is over; what it had to say is handed over later."""
        self._task.ended.wait()

    def wake(self) -> None:
        """Hand over what has come, in a moment."""
        if self.running:
            self._timer.start()

    def end(self, outcome: Outcome) -> None:
        """Hand over the last values, then how the job ended; after that slots hear no more."""
        self._timer.stop()
        self._deliver()
        self.outcome = outcome
        self._finished.emit(outcome)
        # Slots that know their handle would keep it, and all that the job returned, for good.
        self.deleteLater()

    @Slot()
    def _deliver(self) -> None:
        """Hand over what has come since the last time."""
        task = self._task
        task.awake = False
        values = [task.values.popleft() for _ in range(len(task.values))]
        progress = [value for value in values if isinstance(value, Progress)]
        others = [value for value in values if not isinstance(value, Progress)]
        if progress:
            self._progressed.emit(progress[-1])
        if others:
            self._batch.emit(others)


class _Worker(QObject):
    """Lives in the runner's thread.

    Signals:
        woken: a job (its number) has yielded something since it was last looked at.
        ended: a job (its number) is over (`Outcome`).
    """

    woken = Signal(int)
    ended = Signal(int, object)

    @Slot(object)
    def run(self, task: _Task) -> None:
        """Run a job to its end."""
        try:
            outcome = self._drain(task)
        except Cancelled:
            outcome = Stopped()
        except Exception as error:
            outcome = trouble(error)
        self.ended.emit(task.number, outcome)
        task.ended.set()

    def _drain(self, task: _Task) -> Outcome:
        task.token.check()
        work = iter(task.job(task.token))
        try:
            while True:
                task.values.append(next(work))
                if not task.awake:
                    task.awake = True
                    self.woken.emit(task.number)
        except StopIteration as end:
            return Done(end.value)


class JobRunner(QObject):
    """A thread for jobs. Jobs run in the order in which they were submitted.

    Args:
        name: of the thread, for debuggers.
        parent: owner; `close` must be called before it goes.

    Signals:
        crashed: a job has a bug (its traceback, str), whoever is still there to be told how it
            ended.
    """

    crashed = Signal(str)
    _submitted = Signal(object)

    def __init__(self, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thread = QThread()
        self._thread.setObjectName(name)
        self._worker = _Worker()
        self._worker.moveToThread(self._thread)
        # The worker emits in its own thread; what is connected to a handle runs in this one.
        queued = Qt.ConnectionType.QueuedConnection
        self._submitted.connect(self._worker.run, queued)
        self._worker.woken.connect(self._wake, queued)
        self._worker.ended.connect(self._end, queued)
        self._open: dict[int, JobHandle] = {}
        self._count = 0
        self._thread.start()

    @property
    def busy(self) -> bool:
        """True while a job runs or waits."""
        return bool(self._open)

    def submit(self, job: Job) -> JobHandle:
        """Run a job after those submitted before; returns at once."""
        self._count += 1
        task = _Task(self._count, job)
        handle = self._open[task.number] = JobHandle(task)
        self._submitted.emit(task)
        return handle

    def wait_for(self, handle: JobHandle) -> None:
        """Wait for a job of this runner and hand over all that it has to say. Only for closing."""
        handle.wait()
        QCoreApplication.sendPostedEvents(self)

    def cancel_all(self) -> None:
        """Ask the running job and all that wait to stop."""
        for handle in self._open.values():
            handle.cancel()

    def close(self) -> None:
        """Stop what runs, wait for the thread, hand over what it still had to say.

        Twice does no harm.
        """
        self.cancel_all()
        self._thread.quit()
        self._thread.wait()
        QCoreApplication.sendPostedEvents(self)
        for number in list(self._open):
            # It waited, and never ran.
            self._end(number, Stopped())

    @Slot(int)
    def _wake(self, number: int) -> None:
        if number in self._open:
            self._open[number].wake()

    @Slot(int, object)
    def _end(self, number: int, outcome: Outcome) -> None:
        handle = self._open.pop(number, None)
        if handle is not None:
            handle.end(outcome)
            if isinstance(outcome, Crashed):
                self.crashed.emit(outcome.report)
