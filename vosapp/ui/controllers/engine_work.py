"""What the engine does beside propagations: each has a dialog that begins and shows it."""

from __future__ import annotations

from typing import Any, ClassVar

from PySide6.QtWidgets import QDialog

from vosapp.jobs.outcome import Done, Failed, Outcome
from vosapp.session.work import WorkControl
from vosapp.session.workspace import Workspace
from vosapp.ui.controllers.base import DialogController
from vosapp.ui.notice import Notice
from vosapp.ui.work.words import state_text


class EngineWorkController(DialogController):
    """One dialog at a time, which goes with its project; messages while it is closed.

    Attributes:
        key: of its messages.
    """

    key: ClassVar[str]

    def work(self, workspace: Workspace) -> WorkControl:
        """Return the work of a project."""
        raise NotImplementedError

    def make_dialog(self, workspace: Workspace) -> QDialog:
        """Return a new dialog; its module is imported here, when it is wanted."""
        raise NotImplementedError

    def describe(self, state: Any) -> str:
        """Return what the status bar says of the work while it runs."""
        return state_text(state)

    def done_notice(self, workspace: Workspace) -> Notice | None:
        """Return what is told of a work that came to its end while the dialog was closed."""
        raise NotImplementedError

    def begin(self) -> None:
        """See `Controller`."""
        self.shell.workspaceChanged.connect(self._change)

    def follow(self, workspace: Workspace) -> None:
        """Keep up with the work of a project that was opened."""
        work = self.work(workspace)
        self.shell.window.status.meter.follow(work, self.describe)
        work.finished.connect(self._tell)

    def open_dialog(self, workspace: Workspace) -> None:
        """Show the dialog, or bring it to the front."""
        if self.raise_dialog():
            return
        self.shell.panels.canvas.finish_tool()
        self.shell.window.notice.clear(self.key)
        self.show_dialog(self.make_dialog(workspace))

    def _change(self) -> None:
        self.close_dialog()
        if self.workspace is not None:
            self.follow(self.workspace)

    def _tell(self, outcome: Outcome) -> None:
        if self.workspace is None or self.dialog is not None:
            return
        if isinstance(outcome, Failed):
            self.shell.tell_error(outcome.error)
        elif isinstance(outcome, Done):
            notice = self.done_notice(self.workspace)
            if notice is not None:
                self.shell.tell(notice)
