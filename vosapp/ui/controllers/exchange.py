"""Export and import."""

from __future__ import annotations

from collections.abc import Mapping

from vosapp.session.workspace import Workspace
from vosapp.ui.actions.binding import Handler
from vosapp.ui.controllers.base import DialogController

# The dialogs are imported when they are wanted: the formats behind them would cost the start.


class ExchangeController(DialogController):
    """Export and import in the File menu. One dialog at a time; it goes with its project."""

    def handlers(self) -> Mapping[str, Handler]:
        """See `Controller`."""
        return {
            "file.export": self.with_workspace(self._export),
            "file.export-frame": self.with_workspace(lambda w: self._open_export(w, here=True)),
            "file.import": self.with_workspace(self._import),
        }

    def begin(self) -> None:
        """See `Controller`."""
        self.shell.workspaceChanged.connect(self.close_dialog)

    def _export(self, workspace: Workspace) -> None:
        self._open_export(workspace, here=False)

    def _open_export(self, workspace: Workspace, *, here: bool) -> None:
        from vosapp.ui.dialogs.export import ALL, CURRENT, RANGE, ExportDialog

        self.close_dialog()
        self.shell.panels.canvas.finish_tool()
        whole = workspace.session.range == (0, workspace.session.frame_count)
        dialog = ExportDialog(workspace, self.shell.window)
        dialog.choose_frames(CURRENT if here else ALL if whole else RANGE)
        dialog.frameWanted.connect(workspace.session.go_to)
        dialog.abandoned.connect(self._tell_abandoned)
        self.show_dialog(dialog)

    def _tell_abandoned(self) -> None:
        text = self.tr(
            "The export was stopped; finished files stay. Export again to write the others."
        )
        self.shell.window.status.showMessage(text, 8000)

    def _import(self, workspace: Workspace) -> None:
        from vosapp.ui.dialogs.importing import ImportDialog

        self.close_dialog()
        self.show_dialog(ImportDialog(workspace, self.shell.window))
