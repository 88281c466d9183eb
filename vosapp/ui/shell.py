"""What holds a window together: the desk, its actions, and the controllers that carry them out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from PySide6.QtWidgets import QApplication

from vosapp.jobs.propagation import Engine
from vosapp.session.places import Places
from vosapp.session.training.services import TrainServices
from vosapp.session.workspace import Workspace
from vosapp.ui import numbering
from vosapp.ui.actions.binding import Actions, Handler
from vosapp.ui.actions.spec import Scope, When
from vosapp.ui.controllers.all import CONTROLLERS
from vosapp.ui.controllers.base import Check, Controller
from vosapp.ui.controllers.train import TRAINING, holds_of_training
from vosapp.ui.desk import Desk
from vosapp.ui.notice import Kind, Notice
from vosapp.ui.plain import is_file
from vosapp.ui.theme import Theme, apply_theme
from vosapp.ui.tool_options import ToolOptions


class Shell(Desk):
    """One window with all that belongs to it; see `Desk`."""

    def __init__(
        self,
        places: Places,
        engine: Engine | None = None,
        services: TrainServices | None = None,
    ) -> None:
        super().__init__(places, engine, services)
        self.controllers = tuple(make(self) for make in CONTROLLERS)
        self._checks = checks_of(self.controllers)
        self.actions = Actions(handlers_of(self.controllers), self.keymap, self.window)
        self._build()
        for controller in self.controllers:
            controller.begin()
        self.set_workspace(None)

    def _build(self) -> None:
        window, actions = self.window, self.actions
        self.options = ToolOptions(self.view_state, window)
        self.options.set_actions(actions)
        window.build(self.panels, actions, self.options)
        canvas, timeline = self.panels.canvas, self.panels.timeline
        actions.attach(Scope.CANVAS, (canvas, timeline))
        actions.attach(Scope.PICTURE, (canvas,))
        actions.attach(Scope.PANELS, (canvas, timeline, self.panels.objects))
        actions.done.connect(lambda _id: self.refresh())
        self.view_state.changed.connect(self.refresh)
        self.view_state.toolChanged.connect(lambda _tool: self.refresh())
        window.closing.connect(self.close)
        window.themed.connect(self._retheme)
        window.restore_layout(self.settings.state("window"))
        self.settings.changed.connect(self._take_setting)
        self.opener.crashed.connect(self.crashed)
        self.training.crashed.connect(self.crashed)
        for signal in (self.training.runs.standingChanged, self.training.use.changed):
            signal.connect(self.refresh)
        canvas.localHistoryChanged.connect(self.refresh)
        canvas.cursorMoved.connect(self._show_place)
        canvas.zoomChanged.connect(window.status.show_zoom)
        canvas.statusMessage.connect(window.status.show_hint)

    def follow(self, workspace: Workspace) -> None:
        """See `Desk`."""
        session = workspace.session
        session.failed.connect(self.tell_error)
        session.noted.connect(self._tell_of_video)
        session.crashed.connect(self.crashed)
        workspace.prompting.failed.connect(self.tell_error)
        for signal in (
            session.objectsChanged,
            session.historyChanged,
            session.changingChanged,
            session.currentObjectChanged,
        ):
            signal.connect(self.refresh)
        for work in workspace.engine_works:
            work.started.connect(self.refresh)
            work.finished.connect(self.refresh)

    def refresh(self, *_ignored: object) -> None:
        """See `Desk`."""
        self.actions.enable(self._holds, only_look=self.only_look)
        self.actions.check({name: check() for name, check in self._checks.items()})

    def _holds(self, when: When) -> bool:
        if when is When.ALWAYS:
            return True
        if when in TRAINING:
            return holds_of_training(self.training, when)
        workspace = self.workspace
        if workspace is None:
            return False
        session, busy = workspace.session, workspace.busy
        canvas, update = self.panels.canvas, session.update
        return {
            When.OPEN: True,
            When.OBJECT: session.object_id != 0,
            When.SEVERAL: len(session.objects) > 1,
            When.IDLE: not busy,
            When.RUNNING: busy,
            When.UNDO: canvas.can_local_undo or session.changing or bool(update.undo),
            When.REDO: canvas.can_local_redo or session.changing or bool(update.redo),
        }[when]

    def _tell_of_video(self, note: str) -> None:
        self.tell(Notice(self.tr("About this video"), note, Kind.WARNING))

    def _show_place(self, x: int, y: int, object_id: int) -> None:
        objects = () if self.workspace is None else self.workspace.session.objects
        name = next((one.shown_name for one in objects if one.object_id == object_id), "")
        self.window.status.show_place(x, y, name)

    def _take_setting(self, key: str) -> None:
        app = QApplication.instance()
        if key == "theme" and isinstance(app, QApplication):
            apply_theme(app, Theme(self.settings.text("theme")))
        if key == "clean" and self.workspace is not None:
            runs = self.workspace.propagation
            runs.set_choice(replace(runs.choice, clean=self.settings.flag("clean")))
        if key == "first-frame":
            numbering.count_from(int(self.settings.text(key)))
            self.panels.renumber()

    def _retheme(self) -> None:
        self.actions.retranslate()
        self.window.welcome.refresh_theme()
        self.window.notice.refresh_theme()
        self.options.refresh_theme()
        self.window.status.refresh_theme()
        self.refresh()


def handlers_of(controllers: Iterable[Controller]) -> dict[str, Handler]:
    """Return what each action does, by id."""
    return {name: act for one in controllers for name, act in one.handlers().items()}


def checks_of(controllers: Iterable[Controller]) -> dict[str, Check]:
    """Return what says whether a checkable action is on, by id."""
    return {name: check for one in controllers for name, check in one.checks().items()}


def open_at_start(shell: Shell, path: Path | None) -> None:
    """Open what the command line names, or the last project where the settings say so."""
    if path is None and shell.settings.flag("restore"):
        path = next((p for p in shell.recent.paths() if is_file(p)), None)
    if path is not None:
        shell.opener.open(path)
