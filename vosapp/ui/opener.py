"""Opening things in a thread of its own, and what the user is asked meanwhile."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from core.jobs import Progress
from core.text import visible
from vosapp.jobs.outcome import Done, Failed, Outcome
from vosapp.jobs.runner import JobHandle, JobRunner
from vosapp.session import opening
from vosapp.session.places import Places


class Opener(QObject):
    """Runs the jobs of `vosapp.session.opening`; only the newest counts.

    Args:
        places: where samples and projects without a better place go.

    Signals:
        began: something is being opened (what, for people).
        progressed: `Progress` of it.
        answered: an `Opened`, `Locked`, `Damaged`, `VideoGone` or `VideoChanged`.
        failed: a `VosError`.
        crashed: a bug, with its traceback (str).
        ended: after any of these, and after a stop.
    """

    began = Signal(str)
    progressed = Signal(object)
    answered = Signal(object)
    failed = Signal(object)
    crashed = Signal(str)
    ended = Signal()

    def __init__(self, places: Places, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._projects = places.data / "projects"
        self._samples = places.data / "samples"
        self._runner = JobRunner("opening", self)
        self._runner.crashed.connect(self.crashed)
        self._handle: JobHandle | None = None

    @property
    def busy(self) -> bool:
        """True while something is being opened."""
        return self._handle is not None

    def open(self, path: Path) -> None:
        """Open a video, a folder or a project."""
        self._start(opening.open_any(path, self._projects), visible(path.name))

    def open_sample(self) -> None:
        """Open the bundled film in a new project."""
        self._start(opening.open_sample(self._samples), self.tr("the sample"))

    def open_copy(self, path: Path) -> None:
        """Open a copy of a project that is open elsewhere."""
        self._start(opening.open_copy(path, self._projects), visible(path.name))

    def open_to_look(self, path: Path) -> None:
        """Open a project that is open elsewhere, for reading only."""
        self._start(opening.open_to_look(path), visible(path.name))

    def open_saved(self, path: Path) -> None:
        """Open what can be saved of a damaged project."""
        self._start(opening.open_saved(path, self._projects), visible(path.name))

    def open_relinked(self, path: Path, video: Path, *, confirmed: bool = False) -> None:
        """Open a project whose video is elsewhere now, or, confirmed, is another file."""
        self._start(opening.open_relinked(path, video, confirmed=confirmed), visible(path.name))

    def stop(self) -> None:
        """Give up what is being opened."""
        if self._handle is not None:
            self._handle.cancel()

    def close(self) -> None:
        """Stop and wait for the thread; what it has opened meanwhile is closed again."""
        self._handle = None
        self._runner.close()

    def _start(self, job: opening.OpenJob, name: str) -> None:
        self.stop()
        handle = self._runner.submit(job)
        self._handle = handle
        handle.tell(
            self,
            finished=lambda outcome: self._take(handle, outcome),
            progressed=self._take_progress,
        )
        self.began.emit(name)

    def _take_progress(self, progress: Progress) -> None:
        self.progressed.emit(progress)

    def _take(self, handle: JobHandle, outcome: Outcome) -> None:
        answer = outcome.value if isinstance(outcome, Done) else None
        if handle is not self._handle:
            # Something else was opened meanwhile; nobody will take this project.
            if isinstance(answer, opening.Opened):
                answer.project.close()
            return
        self._handle = None
        self.ended.emit()
        if isinstance(outcome, Failed):
            self.failed.emit(outcome.error)
        elif answer is not None:
            self.answered.emit(answer)
