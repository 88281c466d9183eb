"""Runs of training: begun, followed, paused, stopped, resumed. They are processes of their own, so
that the window only looks at them and says what it wants.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from core.errors import VosError
from vosapp.jobs.outcome import Done, Failed, Outcome
from vosapp.jobs.runner import JobHandle, JobRunner, once
from vosapp.services.models.values import Model
from vosapp.services.training.run_values import RunRequest, RunState, RunStatus
from vosapp.session.training.services import TrainServices
from vosapp.session.training.watching import Look, Watched, watching


class RunsControl(QObject):
    """The run that is shown, and all others.

    Attributes:
        runs: all, the newest first, as they were when they were last listed.
        look: what was last seen of the run that is shown; None while none is.
        kept: the model that the shown run was kept as in this session; None before.
        watched: how closely the run is looked at.
        asking: what was asked for and has not happened yet: "start", "pause", "stop" and so on;
            empty for nothing.

    Signals:
        changed: `look`, `runs`, `kept` or `asking` is another one.
        standingChanged: what can be done with the shown run is something else; seldom.
        shownChanged: another run is shown.
        ended: a run that was at work, shown or not, has ended (`RunStatus`).
        failed: something could not be done (`VosError`).
    """

    changed = Signal()
    standingChanged = Signal()
    shownChanged = Signal()
    ended = Signal(object)
    failed = Signal(object)

    def __init__(
        self,
        services: TrainServices,
        make_runner: Callable[[str], JobRunner],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._services, self._make_runner = services, make_runner
        self.runs: tuple[RunStatus, ...] = ()
        self.look: Look | None = None
        self.kept: Model | None = None
        self.asking = ""
        self.watched = Watched()
        self._closed = False
        self._watch: JobHandle | None = None
        self._other_watch: JobHandle | None = None
        self._shown: Path | None = None
        self._other: Path | None = None
        self._standing: tuple[object, ...] = ()

    @property
    def status(self) -> RunStatus | None:
        """How the run that is shown is; None without one."""
        return None if self.look is None else self.look.status

    @property
    def alive(self) -> RunStatus | None:
        """The run that is at work, as far as is known; None for none."""
        known = [*((self.status,) if self.status is not None else ()), *self.runs]
        shown = None if self.status is None else self.status.folder
        fresh = (x for i, x in enumerate(known) if i == 0 or x.folder != shown)
        return next((one for one in fresh if one.state.alive), None)

    @property
    def can_resume(self) -> bool:
        """True where the shown run could go on, and no other one is at work."""
        status = self.status
        return status is not None and status.resumable and self.alive is None

    def list_runs(self) -> None:
        """Look which runs there are; the first time the newest is shown."""
        if self._closed:
            return
        self._submit(self._services.runs, self._take_runs)

    def close(self) -> None:
        """Begin no look any more; only for closing."""
        self._closed = True

    def show(self, folder: Path) -> None:
        """Show a run, and follow it."""
        if folder != self._shown:
            self._shown, self.look, self.kept = folder, None, None
            self.shownChanged.emit()
        self._follow(folder)

    def show_none(self) -> None:
        """Show no run, as before the first."""
        self._drop_watch()
        self._shown = self.look = self.kept = None
        self.shownChanged.emit()
        self._announce()

    # What is wanted

    def start(self, request: RunRequest) -> None:
        """Begin a run, and show it."""

        def begun(folder: object) -> None:
            if isinstance(folder, Path):
                self.show(folder)
                self.list_runs()

        self._ask("start", lambda: self._services.start(request), begun)

    def resume(self) -> None:
        """Go on with the shown run from where it was."""
        self._with_shown("resume", self._services.resume)

    def pause(self) -> None:
        """Let the shown run wait."""
        self._with_shown("pause", self._services.pause)

    def go_on(self) -> None:
        """Let the shown run wait no more."""
        self._with_shown("go on", self._services.go_on)

    def stop(self) -> None:
        """End the shown run; its best weights stay."""
        self._with_shown("stop", self._services.stop)

    def stop_all(self, then: Callable[[], object]) -> None:
        """End the run that is at work; `then` follows once that was asked for."""
        alive = self.alive
        if alive is None:
            then()
            return
        self._ask("stop", lambda: self._services.stop(alive.folder), lambda _none: then())

    def discard(self) -> None:
        """Remove the shown run, with all that it has learned."""
        folder = self._shown

        def gone(_none: object) -> None:
            self.show_none()
            self.list_runs()

        if folder is not None:
            self._drop_watch()
            self._ask("discard", lambda: self._services.discard(folder), gone)

    def keep(self, name: str, then: Callable[[Model], object] = lambda _model: None) -> None:
        """Keep the best weights of the shown run as a model; `then` gets it."""
        folder = self._shown

        def take(model: object) -> None:
            if isinstance(model, Model):
                self.kept = model
                self._announce()
                then(model)

        if folder is not None:
            self._ask("keep", lambda: self._services.keep(folder, name), take)

    def hold(self) -> None:
        """Other work needs the machine: all runs wait."""
        self._submit(self._services.hold, lambda _none: None)

    def release(self) -> None:
        """They go on."""
        self._submit(self._services.release, lambda _none: None)

    # Inside

    def _announce(self) -> None:
        self._watch_other()
        self.changed.emit()
        status = self.status
        run = status and (status.folder, status.state, status.resumable, status.model is None)
        alive = self.alive
        standing = (run, alive and alive.folder, self.kept, self.asking)
        if standing != self._standing:
            self._standing = standing
            self.standingChanged.emit()

    def _with_shown(self, what: str, act: Callable[[Path], None]) -> None:
        folder = self._shown
        if folder is not None:
            self._ask(what, lambda: act(folder), lambda _none: self._follow(folder))

    def _ask(self, what: str, act: Callable[[], object], take: Callable[[object], object]) -> None:
        self.asking = what

        def end(value: object) -> None:
            self.asking = ""
            take(value)
            self._announce()

        self._submit(act, end)
        self._announce()

    def _submit(self, act: Callable[[], object], take: Callable[[object], object]) -> None:
        handle = self._make_runner("training").submit(once(act))
        handle.tell(self, finished=lambda outcome: self._take(outcome, take))

    def _take(self, outcome: Outcome, take: Callable[[object], object]) -> None:
        if isinstance(outcome, Done):
            take(outcome.value)
            return
        self.asking = ""
        if isinstance(outcome, Failed):
            self.failed.emit(outcome.error)
        self._announce()

    def _take_runs(self, runs: object) -> None:
        if isinstance(runs, tuple):
            self.runs = runs
            if self._shown is None and runs:
                self.show(runs[0].folder)
            self._announce()

    def _follow(self, folder: Path) -> None:
        """One look at least, and more while it runs."""
        self._drop_watch()
        handle = self._make_runner("training-watch").submit(
            lambda token: watching(self._services, folder, token, watched=self.watched)
        )
        self._watch = handle
        handle.tell(
            self,
            finished=lambda outcome: self._end_watch(handle, outcome),
            batch=lambda looks: self._take_look(handle, looks[-1]),
        )

    def _drop_watch(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None

    def _take_look(self, handle: JobHandle, look: Look) -> None:
        if handle is not self._watch:
            return
        before = self.status
        self.look = look
        self._list_anew(look.status)
        self._announce()
        if before is not None and before.state.alive and not look.status.state.alive:
            self.ended.emit(look.status)

    def _watch_other(self) -> None:
        """Look at the run that is at work while another one is shown, so that its end is known."""
        alive = self.alive
        other = alive.folder if alive is not None and alive.folder != self._shown else None
        if self._closed or other == self._other:
            return
        if self._other_watch is not None:
            self._other_watch.cancel()
        self._other, self._other_watch = other, None
        if other is None:
            return
        handle = self._make_runner("training-other").submit(
            lambda token: watching(self._services, other, token, watched=Watched())
        )
        self._other_watch = handle
        handle.tell(
            self,
            finished=lambda outcome: self._end_other(handle, outcome),
            batch=lambda looks: self._take_other(handle, looks[-1].status),
        )

    def _take_other(self, handle: JobHandle, status: RunStatus) -> None:
        if handle is self._other_watch:
            self._list_anew(status)
            self._announce()
            if not status.state.alive:
                self.ended.emit(status)

    def _end_other(self, handle: JobHandle, outcome: Outcome) -> None:
        """It was discarded elsewhere where there is an error."""
        if handle is self._other_watch and isinstance(outcome, Failed):
            self.runs = tuple(one for one in self.runs if one.folder != self._other)
            self._announce()

    def _list_anew(self, status: RunStatus) -> None:
        self.runs = tuple(status if one.folder == status.folder else one for one in self.runs)

    def _end_watch(self, handle: JobHandle, outcome: Outcome) -> None:
        if handle is not self._watch:
            return
        self._watch = None
        if isinstance(outcome, Failed):
            self._lose(outcome.error)

    def _lose(self, error: VosError) -> None:
        """Its folder is gone, or holds no run any more."""
        if self.look is not None:
            gone = replace(self.look.status, state=RunState.LOST, resumable=False, model=None)
            self.look = replace(self.look, status=gone)
        self.failed.emit(error)
        self._announce()
