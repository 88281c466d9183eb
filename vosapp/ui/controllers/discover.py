"""Finding objects without drawing any."""

from __future__ import annotations

from collections.abc import Mapping

from vosapp.jobs.outcome import Done, Failed, Outcome
from vosapp.session.work import WorkState
from vosapp.session.workspace import Workspace
from vosapp.ui.actions.binding import Handler
from vosapp.ui.controllers.base import DialogController
from vosapp.ui.dialogs.asking import choose_file
from vosapp.ui.notice import Choice, Kind, Notice
from vosapp.ui.work.words import state_text

KEY = "finding"

# The dialog is imported when it is wanted.


class DiscoverController(DialogController):
    """One dialog at a time, which goes with its project; messages while it is closed."""

    def handlers(self) -> Mapping[str, Handler]:
        """See `Controller`."""
        return {"objects.find": self.with_workspace(self._open)}

    def begin(self) -> None:
        """See `Controller`."""
        self.shell.workspaceChanged.connect(self._follow)
        self.shell.window.status.stopWanted.connect(self._stop)

    def _follow(self) -> None:
        self.close_dialog()
        if self.workspace is None:
            return
        control = self.workspace.discovery
        self.shell.window.status.meter.follow(control, _text)
        control.finished.connect(self._tell)

    def _open(self, workspace: Workspace) -> None:
        from vosapp.ui.dialogs.discover import DiscoverDialog

        if self.dialog is not None:
            self.dialog.raise_()
            self.dialog.activateWindow()
            return
        self.shell.panels.canvas.finish_tool()
        self.shell.window.notice.clear(KEY)
        dialog = DiscoverDialog(workspace, self.shell.window)
        dialog.fileWanted.connect(
            lambda: choose_file(
                dialog,
                self.tr("Weights that find objects"),
                owner=dialog,
                filters=self.tr("Weights (*.safetensors)"),
                folder="",
                take=dialog.take_weights,
            )
        )
        self.show_dialog(dialog)

    def _stop(self) -> None:
        if self.workspace is not None:
            self.workspace.discovery.stop()

    def _tell(self, outcome: Outcome) -> None:
        workspace = self.workspace
        if workspace is None or self.dialog is not None:
            return
        if isinstance(outcome, Failed):
            self.shell.tell_error(outcome.error)
        elif isinstance(outcome, Done):
            count = len(workspace.discovery.candidates)
            text = self.tr("Candidates: {0}. Nothing changes until you accept one.").format(count)
            look = Choice(self.tr("Look\u2026"), lambda: self._open(workspace), main=True)
            title = self.tr("Looked for objects")
            self.shell.tell(Notice(title, text, Kind.SUCCESS, (look,), KEY))


def _text(state: WorkState) -> str:
    return state_text(state)
