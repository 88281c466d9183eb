"""What controllers act on: the window, the open project, and what the user is told."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QApplication, QWidget

from core.errors import VosError
from core.text import visible
from core.types import Quality
from vosapp.jobs.features import KeyReader
from vosapp.jobs.propagation import Engine, make_engine
from vosapp.session.covers import Covers
from vosapp.session.opening import Opened
from vosapp.session.places import Places
from vosapp.session.recent import RecentProjects
from vosapp.session.training.hub import TrainingHub
from vosapp.session.training.services import TrainServices
from vosapp.session.workspace import Workspace
from vosapp.ui import errors, left_off, numbering
from vosapp.ui.actions.binding import Actions
from vosapp.ui.actions.keymap import Keymap
from vosapp.ui.leaving import Leaving
from vosapp.ui.main_window import MainWindow
from vosapp.ui.notice import Choice, Kind, Notice
from vosapp.ui.opener import Opener
from vosapp.ui.panels import make_panels
from vosapp.ui.place_bar import Place
from vosapp.ui.settings import Settings
from vosapp.ui.view_state import ToolId, ViewState

_LOG = logging.getLogger(__name__)


class Desk(QObject):
    """One window with the project that is open in it. `Shell` puts actions and controllers to it.

    Args:
        places: where settings and samples lie.
        engine: computes propagations; None makes one with the number of threads of the settings.
        services: of training and models; None takes those of this user's folder.

    Attributes:
        window, panels, actions, view_state: what is seen.
        settings, keymap, recent, covers: what is remembered.
        opener: opens things.
        training: training and models; they belong to no project.
        leaving: asks before work is lost.
        workspace: what is open, None without.
        makers: of the pages of places, which are made when they are first wanted.

    Signals:
        workspaceChanged: another one is open, or none.
        crashed: a bug, with its traceback (str).
    """

    workspaceChanged = Signal()
    crashed = Signal(str)
    actions: Actions

    def __init__(
        self,
        places: Places,
        engine: Engine | None = None,
        services: TrainServices | None = None,
    ) -> None:
        super().__init__()
        self.places = places
        self.settings = Settings(places.config / "settings.json", self)
        numbering.count_from(int(self.settings.text("first-frame")))
        self.recent = RecentProjects(places.config / "recent.json")
        self.covers = Covers(places.data / "covers")
        self.keymap = Keymap(self.settings, self)
        self.engine = engine or _engine(self.settings)
        self.opener = Opener(places, self)
        self.training = TrainingHub(places.data, self, services=services)
        self.view_state = ViewState(self)
        self.workspace: Workspace | None = None
        self.makers: dict[Place, Callable[[], QWidget]] = {}
        self.window = MainWindow()
        self.leaving = Leaving(self.window)
        self.window.may_close = lambda: self._may_leave(self.window.close_now)
        self.panels = make_panels(self.view_state, self.window)

    def follow(self, _workspace: Workspace) -> None:
        """Keep up with a workspace that was opened."""

    def refresh(self, *_ignored: object) -> None:
        """Enable, check and name actions as things are now."""

    # What is open

    @property
    def only_look(self) -> bool:
        """True where a project is open that cannot be changed."""
        return self.workspace is not None and self.workspace.session.project.read_only

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
        choice, clean = workspace.propagation.choice, self.settings.flag("clean")
        workspace.propagation.set_choice(replace(choice, quality=quality, clean=clean))
        self.recent.add(opened.project.path)
        workspace.session.go_to(left_off.frame_of(self.settings, opened.project.path))
        self.set_workspace(workspace)

    def set_workspace(self, workspace: Workspace | None) -> None:
        """Let all panels show a workspace, or none."""
        close_popups()
        self.workspace = workspace
        self.panels.set_workspace(workspace)
        if self.only_look:
            self.view_state.set_tool(ToolId.SELECT)
        self.training.follow(workspace)
        if workspace is not None:
            self.follow(workspace)
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
        left_off.remember(self.settings, session.project.path, session.frame_index)
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
        self.training.close()
        self.close_workspace()

    def show_place(self, place: Place) -> None:
        """Show a place of the window; the keyboard goes with it."""
        window = self.window
        if place in self.makers:
            window.add_place(place, self.makers.pop(place)())
        if place is not Place.ANNOTATE and window.place is Place.ANNOTATE:
            # What is being drawn is not seen any more.
            self.panels.canvas.finish_tool()
        window.show_place(place)
        page = window.stack.currentWidget()
        if place is Place.ANNOTATE:
            self.panels.canvas.setFocus()
        elif page is not None:
            page.setFocus()

    def retitle(self) -> None:
        """Write the project's name into the title."""
        if self.workspace is None:
            self.window.setWindowTitle("vosapp")
            return
        project = self.workspace.session.project
        mark = self.tr(" (only to look at)") if self.only_look else ""
        name = visible(project.path.stem)
        # The dash that Qt writes in titles of dialogs.
        self.window.setWindowTitle(f"{name}{mark} \u2014 vosapp")

    # What the user is told

    def tell(self, notice: Notice) -> None:
        """Show a message below the canvas."""
        self.window.notice.show_notice(notice)

    def tell_error(self, error: VosError) -> None:
        """Show what went wrong and what to do."""
        _LOG.warning("%s: %s", error.code, errors.text(error))
        choices = (self.copy_choice(),) if self.only_look else ()
        self.tell(Notice(errors.title(error), errors.text(error), Kind.ERROR, choices))

    def copy_choice(self) -> Choice:
        """The way on from a project that cannot be changed."""
        save = self.actions["file.save-as"]
        return Choice(self.tr("Save a Copy\u2026"), save.trigger, main=True)


def close_popups() -> None:
    """Close menus and the like that are open: what they offer is about another project now."""
    for widget in QApplication.topLevelWidgets():
        if widget.isVisible() and widget.windowType() is Qt.WindowType.Popup:
            widget.close()


def _engine(settings: Settings) -> Engine:
    return make_engine(settings.number("threads"), kept_mb=settings.number("kept-mb"))
