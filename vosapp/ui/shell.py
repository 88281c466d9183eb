"""What holds a window together: the open workspace, its panels, and what they tell the user."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QApplication

from core.errors import VosError
from core.text import visible
from core.types import Quality
from vosapp.jobs.features import KeyReader
from vosapp.jobs.propagation import Engine
from vosapp.session.covers import Covers
from vosapp.session.opening import Opened
from vosapp.session.places import Places
from vosapp.session.recent import RecentProjects
from vosapp.session.workspace import Workspace
from vosapp.ui import errors
from vosapp.ui.actions.binding import Actions, Handler
from vosapp.ui.actions.keymap import Keymap
from vosapp.ui.actions.spec import Scope, When
from vosapp.ui.controllers.all import CONTROLLERS
from vosapp.ui.controllers.base import Check, Controller
from vosapp.ui.leaving import Leaving
from vosapp.ui.main_window import MainWindow
from vosapp.ui.notice import Kind, Notice
from vosapp.ui.opener import Opener
from vosapp.ui.panels import make_panels
from vosapp.ui.plain import is_file
from vosapp.ui.settings import Settings
from vosapp.ui.theme import Theme, apply_theme
from vosapp.ui.tool_options import ToolOptions
from vosapp.ui.view_state import ViewState

_LOG = logging.getLogger(__name__)


class Shell(QObject):
    """One window with all that belongs to it.

    Args:
        places: where settings and samples lie.
        engine: computes propagations; None makes one with the number of threads of the settings.

    Attributes:
        window, panels, actions, view_state: what is seen.
        settings, keymap, recent, covers: what is remembered.
        opener: opens things.
        leaving: asks before work is lost.
        workspace: what is open, None without.

    Signals:
        workspaceChanged: another one is open, or none.
        crashed: a bug, with its traceback (str).
    """

    workspaceChanged = Signal()
    crashed = Signal(str)

    def __init__(self, places: Places, engine: Engine | None = None) -> None:
        super().__init__()
        self.places = places
        self.settings = Settings(places.config / "settings.json", self)
        self.recent = RecentProjects(places.config / "recent.json")
        self.covers = Covers(places.data / "covers")
        self.keymap = Keymap(self.settings, self)
        self.engine = engine or _engine(self.settings)
        self.opener = Opener(places, self)
        self.view_state = ViewState(self)
        self.workspace: Workspace | None = None
        self.window = MainWindow()
        self.leaving = Leaving(self.window)
        self.window.may_close = lambda: self._may_leave(self.window.close_now)
        self.panels = make_panels(self.view_state, self.window)
        self.controllers = tuple(make(self) for make in CONTROLLERS)
        self._checks = checks_of(self.controllers)
        self.actions = Actions(handlers_of(self.controllers), self.keymap, self.window)
        self._build()
        for controller in self.controllers:
            controller.begin()
        self.set_workspace(None)

    # What is open

    def take(self, opened: Opened, then: Callable[[], object] = lambda: None) -> None:
        """Show a project that was opened; the one before is closed, after a question if need be.

        Args:
            opened: the project; it is closed where the user wants to stay.
            then: is done once it is shown.
        """

        def show() -> None:
            self._show(opened)
            then()

        if self._may_leave(show, opened.project.close):
            show()

    def leave(self) -> None:
        """Close the project, after a question where that would lose work."""
        if self._may_leave(self.close_workspace):
            self.close_workspace()

    def _may_leave(
        self, leave: Callable[[], object], stay: Callable[[], object] = lambda: None
    ) -> bool:
        finetuning = None if self.workspace is None else self.workspace.finetuning
        return self.leaving.may(finetuning, leave, stay)

    def _show(self, opened: Opened) -> None:
        self.close_workspace()
        workspace = Workspace(
            opened.project,
            opened.video,
            self.engine,
            # Tests compute with a tracker of their own, and without torch.
            KeyReader() if self.engine.make_tracker is None else None,
            cache_bytes=self.settings.number("cache-mb") << 20,
        )
        quality = Quality(self.settings.text("quality"))
        workspace.propagation.set_choice(replace(workspace.propagation.choice, quality=quality))
        self.recent.add(opened.project.path)
        self.set_workspace(workspace)

    def set_workspace(self, workspace: Workspace | None) -> None:
        """Let all panels show a workspace, or none."""
        close_popups()
        self.workspace = workspace
        self.panels.set_workspace(workspace)
        if workspace is not None:
            self._follow(workspace)
        self.window.notice.clear()
        self.window.show_page(work=workspace is not None)
        self.show_recent()
        self.window.status.show_place(-1, -1, "")
        if workspace is None:
            self.window.status.show_zoom(0)
            self.window.status.show_hint("")
        self.retitle()
        self.workspaceChanged.emit()
        self.refresh()

    def show_recent(self) -> None:
        """List the recent projects on the welcome page."""
        paths = self.recent.paths()
        self.covers.keep(paths)
        self.window.welcome.set_recent(paths, [self.covers.path(path) for path in paths])

    def close_workspace(self) -> None:
        """Stop what runs, write what is left, close the project."""
        workspace = self.workspace
        if workspace is None:
            return
        session = workspace.session
        if session.view is not None:
            self.covers.save(session.project.path, session.view, session.objects)
        self.set_workspace(None)
        workspace.close()
        workspace.deleteLater()

    def close(self) -> None:
        """Put everything away; the window is about to go."""
        self.leaving.dismiss()
        self.settings.remember("window", self.window.layout_state())
        self.opener.close()
        self.close_workspace()

    def retitle(self) -> None:
        """Write the project's name into the title."""
        if self.workspace is None:
            self.window.setWindowTitle("vosapp")
            return
        project = self.workspace.session.project
        mark = self.tr(" (only to look at)") if project.read_only else ""
        name = visible(project.path.stem)
        self.window.setWindowTitle(f"{name}{mark} \u2013 vosapp")

    # What the user is told

    def tell(self, notice: Notice) -> None:
        """Show a message over the canvas."""
        self.window.notice.show_notice(notice)

    def tell_error(self, error: VosError) -> None:
        """Show what went wrong and what to do."""
        _LOG.warning("%s: %s", error.code, errors.text(error))
        self.tell(Notice(errors.title(error), errors.text(error), Kind.ERROR))

    # Inside

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
        canvas.localHistoryChanged.connect(self.refresh)
        canvas.cursorMoved.connect(self._show_place)
        canvas.zoomChanged.connect(window.status.show_zoom)
        canvas.statusMessage.connect(window.status.show_hint)

    def _follow(self, workspace: Workspace) -> None:
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
            workspace.propagation.started,
            workspace.propagation.finished,
            workspace.finetuning.started,
            workspace.finetuning.finished,
        ):
            signal.connect(self.refresh)

    def refresh(self, *_ignored: object) -> None:
        """Enable, check and name actions as things are now."""
        self.actions.enable(self._holds)
        self.actions.check({name: check() for name, check in self._checks.items()})

    def _holds(self, when: When) -> bool:
        if when is When.ALWAYS:
            return True
        workspace = self.workspace
        if workspace is None:
            return False
        session, running = workspace.session, workspace.propagation.running
        finetuning = workspace.finetuning.running
        canvas, update = self.panels.canvas, session.update
        return {
            When.OPEN: True,
            When.OBJECT: session.object_id != 0,
            When.SEVERAL: len(session.objects) > 1,
            When.IDLE: not running and not finetuning,
            When.RUNNING: running or finetuning,
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


def close_popups() -> None:
    """Close menus and the like that are open: what they offer is about another project now."""
    for widget in QApplication.topLevelWidgets():
        if widget.isVisible() and widget.windowType() is Qt.WindowType.Popup:
            widget.close()


def _engine(settings: Settings) -> Engine:
    threads = settings.number("threads")
    return Engine(threads=threads) if threads else Engine()


def open_at_start(shell: Shell, path: Path | None) -> None:
    """Open what the command line names, or the last project where the settings say so."""
    if path is None and shell.settings.flag("restore"):
        path = next((p for p in shell.recent.paths() if is_file(p)), None)
    if path is not None:
        shell.opener.open(path)
