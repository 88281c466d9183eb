"""Running jobs off the window's thread: one persistent thread, one job after the other.

A job is a function of a cancel token that returns a generator (see `core.jobs`). What it yields
comes back in batches, so that the event queue of the window never floods.
"""

from __future__ import annotations

import threading
import traceback
from collections import deque
from collections.abc import Callable, Generator, Iterator
from typing import Any

from PySide6.QtCore import QCoreApplication, QObject, Qt, QThread, QTimer, Signal, Slot

from core.errors import VosError
from core.jobs import Cancelled, CancelToken, Progress
from vosapp.jobs.outcome import Crashed, Done, Failed, Outcome, Stopped

BATCH_MS = 40
"""Values that a job yields within this time reach the window together."""

Job = Callable[[CancelToken], Iterator[Any] | Generator[Any, None, Any]]


class JobHandle(QObject):
    """One job, as the window sees it. Lives in the thread that submitted it.

    Attributes:
        token: cancels it.
        outcome: how it ended; None until `finished`.
        ended: set in the worker's thread when `finished` is on its way.

    Signals:
        progressed: the latest `Progress`, at most one a batch.
        batchReady: list of the other values that the job yielded, in order.
        finished: the `Outcome`, once, after everything else.
    """

    progressed = Signal(object)
    batchReady = Signal(list)
    finished = Signal(object)
    _woken = Signal()
    _outcome = Signal(object)

    def __init__(self, job: Job, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.token = CancelToken()
        self.outcome: Outcome | None = None
        self.ended = threading.Event()
        self._job = job
        # Appending and popping are atomic, so the two threads need no lock.
        self._values: deque[Any] = deque()
        self._awake = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(BATCH_MS)
        self._timer.timeout.connect(self._deliver)
        # The worker emits from its own thread; the public signals are emitted in this one, so
        # that whatever is connected to them, lambdas too, runs here.
        queued = Qt.ConnectionType.QueuedConnection
        self._woken.connect(self._timer.start, queued)
        self._outcome.connect(self.end, queued)

    @property
    def running(self) -> bool:
        """True until `finished` was emitted."""
        return self.outcome is None

    def cancel(self) -> None:
        """Ask the job to stop at its next check; `finished` follows."""
        self.token.cancel()

    def run(self) -> None:
        """Run the job to its end. Called in the worker's thread."""
        try:
            outcome = self._drain()
        except Cancelled:
            outcome = Stopped()
        except VosError as error:
            outcome = Failed(error)
        except Exception:
            outcome = Crashed(traceback.format_exc())
        self._outcome.emit(outcome)
        self.ended.set()

    def _drain(self) -> Outcome:
        self.token.check()
        work = iter(self._job(self.token))
        try:
            while True:
                self._values.append(next(work))
                if not self._awake:
                    self._awake = True
                    self._woken.emit()
        except StopIteration as end:
            return Done(end.value)

    @Slot()
    def _deliver(self) -> None:
        """Hand over what has come since the last time."""
        self._awake = False
        values = [self._values.popleft() for _ in range(len(self._values))]
        progress = [value for value in values if isinstance(value, Progress)]
        others = [value for value in values if not isinstance(value, Progress)]
        if progress:
            self.progressed.emit(progress[-1])
        if others:
            self.batchReady.emit(others)

    @Slot(object)
    def end(self, outcome: Outcome) -> None:
        """Hand over the last values, then how the job ended."""
        self._timer.stop()
        self._deliver()
        self.outcome = outcome
        self.finished.emit(outcome)


class _Worker(QObject):
    """Lives in the runner's thread."""

    @Slot(object)
    def run(self, handle: JobHandle) -> None:
        handle.run()


class JobRunner(QObject):
    """A thread for jobs. Jobs run in the order in which they were submitted.

    Args:
        name: of the thread, for debuggers.
        parent: owner; `close` must be called before it goes.
    """

    _submitted = Signal(object)

    def __init__(self, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thread = QThread()
        self._thread.setObjectName(name)
        self._worker = _Worker()
        self._worker.moveToThread(self._thread)
        self._submitted.connect(self._worker.run, Qt.ConnectionType.QueuedConnection)
        self._open: list[JobHandle] = []
        self._thread.start()

    @property
    def busy(self) -> bool:
        """True while a job runs or waits."""
        return bool(self._open)

    def submit(self, job: Job) -> JobHandle:
        """Run a job after those submitted before; returns at once."""
        handle = JobHandle(job)
        self._open.append(handle)
        handle.finished.connect(self._sweep)
        self._submitted.emit(handle)
        return handle

    def wait_for(self, handle: JobHandle) -> None:
        """Wait for a job of this runner and hand over all that it has to say. Only for closing."""
        handle.ended.wait()
        QCoreApplication.sendPostedEvents(handle)

    def cancel_all(self) -> None:
        """Ask the running job and all that wait to stop."""
        for handle in self._open:
            handle.cancel()

    def close(self) -> None:
        """Stop what runs, wait for the thread, hand over what it still had to say.

        Twice does no harm.
        """
        self.cancel_all()
        self._thread.quit()
        self._thread.wait()
        for handle in list(self._open):
            # Jobs that waited never ran; the others have their last values in the event queue.
            QCoreApplication.sendPostedEvents(handle)
            if handle.running:
                handle.end(Stopped())

    def _sweep(self) -> None:
        self._open = [handle for handle in self._open if handle.running]
