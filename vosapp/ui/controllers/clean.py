"""Cleaning up propagated masks."""

from __future__ import annotations

from collections.abc import Mapping

from vosapp.session.workspace import Workspace
from vosapp.ui.actions.binding import Handler
from vosapp.ui.controllers.base import DialogController
from vosapp.ui.popup import put_aside


class CleanController(DialogController):
    """The dialog of clean-ups; it goes with its project."""

    def handlers(self) -> Mapping[str, Handler]:
        """See `Controller`."""
        return {"objects.clean": self.with_workspace(self._open)}

    def begin(self) -> None:
        """See `Controller`."""
        self.shell.workspaceChanged.connect(self.close_dialog)

    def _open(self, workspace: Workspace) -> None:
        # Imported when it is wanted: it would cost the start.
        from vosapp.ui.dialogs.clean import CleanDialog

        if self.raise_dialog():
            return
        self.shell.panels.canvas.finish_tool()
        dialog = CleanDialog(workspace, self.shell.window)
        dialog.areaWanted.connect(self.shell.actions["tools.erase-area"].trigger)
        dialog.undoWanted.connect(self.shell.actions["edit.undo"].trigger)
        put_aside(dialog, self.shell.window)
        self.show_dialog(dialog)
