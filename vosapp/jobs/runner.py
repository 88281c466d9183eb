"""Running jobs off the window's thread: one persistent thread, one job after the other.

A job is a function of a cancel token that returns a generator (see `core.jobs`). What it yields
comes back in batches, so that the event queue of the window never floods.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Generator, Iterator
from typing import Any

from PySide6.QtCore import QObject, Qt, QThread, Signal, Slot

from core.errors import VosError
from core.jobs import Cancelled, CancelToken, Progress
from vosapp.jobs.outcome import Crashed, Done, Failed, Outcome, Stopped

BATCH_SECONDS = 0.04
"""Values that a job yields within this time reach the window together."""

Job = Callable[[CancelToken], Iterator[Any] | Generator[Any, None, Any]]


class JobHandle(QObject):
    """One job, as the window sees it. Lives in the thread that submitted it.

    Signals:
        progressed: the latest `Progress`, at most one a batch.
        batchReady: list of the other values that the job yielded, in order.
        finished: the `Outcome`, once, after everything else.
    """

    progressed = Signal(object)
    batchReady = Signal(list)
    finished = Signal(object)
    _progress = Signal(object)
    _batch = Signal(list)
    _outcome = Signal(object)

    def __init__(self, job: Job, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.token = CancelToken()
        self.outcome: Outcome | None = None
        self._job = job
        # The worker emits from its own thread; the public signals are emitted in this one, so
        # that whatever is connected to them, lambdas too, runs here.
        queued = Qt.ConnectionType.QueuedConnection
        self._progress.connect(self._pass_progress, queued)
        self._batch.connect(self._pass_batch, queued)
        self._outcome.connect(self._pass_outcome, queued)

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

    def _drain(self) -> Outcome:
        self.token.check()
        work = iter(self._job(self.token))
        batch: list[Any] = []
        progress: Progress | None = None
        since = time.monotonic()
        try:
            while True:
                item = next(work)
                if isinstance(item, Progress):
                    progress = item
                else:
                    batch.append(item)
                if time.monotonic() - since >= BATCH_SECONDS:
                    self._flush(batch, progress)
                    batch, progress, since = [], None, time.monotonic()
        except StopIteration as end:
            return Done(end.value)
        finally:
            self._flush(batch, progress)

    def _flush(self, batch: list[Any], progress: Progress | None) -> None:
        if progress is not None:
            self._progress.emit(progress)
        if batch:
            self._batch.emit(batch)

    @Slot(object)
    def _pass_progress(self, progress: Progress) -> None:
        self.progressed.emit(progress)

    @Slot(list)
    def _pass_batch(self, batch: list[Any]) -> None:
        self.batchReady.emit(batch)

    @Slot(object)
    def _pass_outcome(self, outcome: Outcome) -> None:
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
        handle = JobHandle(job, self)
        self._open.append(handle)
        handle.finished.connect(lambda _outcome: self._forget(handle))
        self._submitted.emit(handle)
        return handle

    def cancel_all(self) -> None:
        """Ask the running job and all that wait to stop."""
        for handle in self._open:
            handle.cancel()

    def close(self) -> None:
        """Stop what runs and wait for the thread. Twice does no harm."""
        self.cancel_all()
        self._thread.quit()
        self._thread.wait()

    def _forget(self, handle: JobHandle) -> None:
        if handle in self._open:
            self._open.remove(handle)
        handle.deleteLater()
