"""Using a model in the open project, and going back to what was used before."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from core.engine.registry import system_spec, trackers
from core.jobs import CancelToken
from core.types import Frame, LabelMap
from vosapp.assets import is_start
from vosapp.jobs.outcome import Done, Outcome
from vosapp.services.models.values import Model
from vosapp.services.weights import default_weights
from vosapp.session.choice import RunChoice
from vosapp.session.training.services import TrainServices
from vosapp.session.work import WorkControl, WorkState
from vosapp.session.workspace import Workspace


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """One frame of the open project by old and by new weights.

    Attributes:
        frame_index: which.
        frame: h x w x 3 uint8.
        before, after: h x w uint8 object ids.
    """

    frame_index: int
    frame: Frame
    before: LabelMap
    after: LabelMap


class UseControl(WorkControl):
    """What the open project uses. As a work it compares; the value of `Done` is a `Compared`.

    Attributes:
        workspace: what is open; None without.

    Signals:
        changed: another project is open, or uses something else.
    """

    changed = Signal()

    def __init__(self, services: TrainServices, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services = services
        self.workspace: Workspace | None = None
        self._before: RunChoice | None = None

    def follow_workspace(self, workspace: Workspace | None) -> None:
        """Another project is open, or none."""
        self.drop()
        self.workspace, self._before = workspace, None
        if workspace is not None:
            workspace.propagation.choiceChanged.connect(self.changed)
        self.changed.emit()

    @property
    def chosen(self) -> bool:
        """True where the open project uses a model that was chosen here."""
        workspace = self.workspace
        return self._before is not None and workspace is not None and bool(_used(workspace))

    def uses(self, weights: Path | None) -> bool:
        """True where the open project's next propagation uses a file."""
        workspace = self.workspace
        return weights is not None and workspace is not None and _used(workspace) == weights

    def fits(self, model: Model) -> bool:
        """True where a model is offered to propagations: it is sound, and made to carry masks."""
        sound = not model.problem and self.carries(model.system)
        return sound and not is_start(model.path)

    def carries(self, system: str) -> bool:
        """True where propagations can use models of a system."""
        return system in trackers()

    def use(self, model: Model) -> None:
        """Let the next propagations use a model."""
        workspace = self.workspace
        if workspace is None or _used(workspace) == model.path:
            return
        choice = workspace.propagation.choice
        # From one model to the next, going back leads to what was there before either.
        if self._before is None or choice.weights is None:
            self._before = choice
        chosen = replace(choice, system=model.system, weights=model.path, tuned=False)
        workspace.propagation.set_choice(chosen)

    def switch_off(self) -> None:
        """Use what was used before."""
        workspace = self.workspace
        if workspace is None:
            return
        before = self._before or replace(RunChoice(), quality=workspace.propagation.choice.quality)
        self._before = None
        workspace.propagation.set_choice(before)

    def compare(self, model: Path) -> None:
        """Compute the current frame with the weights in use before, and with these."""
        workspace = self.workspace
        if workspace is None or workspace.session.view is None or self.running:
            return
        session, choice = workspace.session, self._before or workspace.propagation.choice
        view, written = session.view, session.written()
        if view is None:
            return
        project, video, services = session.project, session.video_path, self._services
        index, frame = view.frame_index, view.frame

        def job(token: CancelToken) -> Generator[object, None, Compared]:
            written.result()
            old, new = yield from services.compare(
                project,
                video,
                frame_index=index,
                models=(_weights(choice), model),
                device=choice.device,
                token=token,
            )
            return Compared(index, frame, _whole(old), _whole(new))

        state = WorkState(self.tr("computing this frame twice"))
        self.follow(session.engine.submit(job), state)

    def take_outcome(self, outcome: Outcome) -> None:
        """See `WorkControl`."""
        super().take_outcome(outcome)
        if isinstance(outcome, Done):
            self.changed.emit()


def _used(workspace: Workspace) -> Path | None:
    return workspace.propagation.choice.weights


def _weights(choice: RunChoice) -> Path:
    """The file that a choice stands for; baselines have none, so the usual system stands in."""
    if choice.weights is not None:
        return choice.weights
    system = choice.system if system_spec(choice.system).needs_weights else RunChoice().system
    return default_weights(system)


def _whole(label_map: NDArray[np.uint8]) -> LabelMap:
    return np.ascontiguousarray(label_map)
