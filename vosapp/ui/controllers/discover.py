"""Finding objects without drawing any."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtWidgets import QDialog

from vosapp.session.work import WorkControl
from vosapp.session.workspace import Workspace
from vosapp.ui.actions.binding import Handler
from vosapp.ui.controllers.engine_work import EngineWorkController
from vosapp.ui.dialogs.asking import choose_file
from vosapp.ui.notice import Choice, Kind, Notice


class DiscoverController(EngineWorkController):
    """See `EngineWorkController`."""

    key = "finding"

    def handlers(self) -> Mapping[str, Handler]:
        """See `Controller`."""
        return {"objects.find": self.with_workspace(self.open_dialog)}

    def work(self, workspace: Workspace) -> WorkControl:
        """See `EngineWorkController`."""
        return workspace.discovery

    def make_dialog(self, workspace: Workspace) -> QDialog:
        """See `EngineWorkController`."""
        from vosapp.ui.dialogs.discover import DiscoverDialog

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
        return dialog

    def done_notice(self, workspace: Workspace) -> Notice:
        """See `EngineWorkController`."""
        count = len(workspace.discovery.candidates)
        text = self.tr("Candidates: {0}. Nothing changes until you accept one.").format(count)
        look = Choice(self.tr("Look\u2026"), lambda: self.open_dialog(workspace), main=True)
        return Notice(self.tr("Looked for objects"), text, Kind.SUCCESS, (look,), self.key)
