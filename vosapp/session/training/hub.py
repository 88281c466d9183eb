"""All about training and models that one window has; its threads begin when they are wanted."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from vosapp.jobs.runner import JobRunner
from vosapp.session.training.data import DataControl
from vosapp.session.training.models import ModelsControl
from vosapp.session.training.planning import PlanControl
from vosapp.session.training.runs import RunsControl
from vosapp.session.training.services import Services, TrainServices
from vosapp.session.training.using import UseControl
from vosapp.session.workspace import Workspace


class TrainingHub(QObject):
    """Belongs to a window, not to a project: training goes on while another one is opened.

    Args:
        data: folder of the user's data.
        services: None takes those of that folder.

    Attributes:
        data: what is learned from.
        plan: how, with its estimate.
        runs: the run that is shown.
        models: all weights.
        use: what the open project uses.

    Signals:
        crashed: a bug in one of the threads, with its traceback (str).
    """

    crashed = Signal(str)

    def __init__(
        self, data: Path, parent: QObject | None = None, *, services: TrainServices | None = None
    ) -> None:
        super().__init__(parent)
        self.services: TrainServices = Services(data) if services is None else services
        self._runners: dict[str, JobRunner] = {}
        self._closed, self._holders = False, set[tuple[object, str]]()
        self.data = DataControl(self.services, self.runner, self)
        self.plan = PlanControl(self.services, self.runner, self.data, self)
        self.runs = RunsControl(self.services, self.runner, self)
        self.models = ModelsControl(self.services, self.runner, self)
        self.use = UseControl(self.services, self)

    def runner(self, name: str) -> JobRunner:
        """Return the thread of a name: "training-data", "training", "training-watch",
        "training-other", "models".
        """
        if name not in self._runners:
            made = JobRunner(name, self)
            made.crashed.connect(self.crashed)
            self._runners[name] = made
        return self._runners[name]

    def follow(self, workspace: Workspace | None) -> None:
        """Hold training while the open project propagates, fine-tunes, or looks for objects."""
        self.use.follow_workspace(workspace)
        if workspace is None:
            return
        works = (workspace.propagation, workspace.finetuning, workspace.discovery)
        whose = object()
        for name, work in zip(("propagation", "fine-tuning", "search"), works, strict=True):
            work.started.connect(partial(self._hold, (whose, name)))
            work.finished.connect(partial(self._release, (whose, name)))
        # A project that is closed tells nobody how its work ended.
        workspace.destroyed.connect(partial(self._release, (whose, "")))

    def close(self) -> None:
        """Stop looking; only for closing. Runs go on, those that were held, too."""
        self._closed = True
        self.runs.close()
        for runner in self._runners.values():
            runner.close()
        # After what was on its way to hold them.
        if self._holders:
            self.services.release()

    def _hold(self, work: tuple[object, str]) -> None:
        if not self._closed:
            self._holders.add(work)
            self.runs.hold()

    def _release(self, work: tuple[object, str], _what: object = None) -> None:
        """Let training go on once no work holds it; without a name all of a project are over."""
        whose, name = work
        over = {one for one in self._holders if one[0] is whose and name in ("", one[1])}
        if over and not self._closed:
            self._holders -= over
            if not self._holders:
                self.runs.release()
