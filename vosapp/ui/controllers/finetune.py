"""Fine-tuning the network on the project's video, and which weights are used."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtWidgets import QDialog

from vosapp.session.finetune import FinetuneState
from vosapp.session.work import WorkControl
from vosapp.session.workspace import Workspace
from vosapp.ui.actions.binding import Handler
from vosapp.ui.controllers.engine_work import EngineWorkController
from vosapp.ui.notice import Choice, Kind, Notice


class FinetuneController(EngineWorkController):
    """See `EngineWorkController`."""

    key = "tuning"

    def handlers(self) -> Mapping[str, Handler]:
        """See `Controller`."""
        return {"propagate.tune": self.with_workspace(self.open_dialog)}

    def work(self, workspace: Workspace) -> WorkControl:
        """See `EngineWorkController`."""
        return workspace.finetuning

    def make_dialog(self, workspace: Workspace) -> QDialog:
        """See `EngineWorkController`."""
        from vosapp.ui.dialogs.finetune import FinetuneDialog

        return FinetuneDialog(workspace, self.shell.window)

    def describe(self, state: FinetuneState) -> str:
        """See `EngineWorkController`."""
        from vosapp.ui.dialogs.finetune_words import tuning_text

        return tuning_text(state)

    def follow(self, workspace: Workspace) -> None:
        """See `EngineWorkController`; a project may keep weights that cannot be used."""
        super().follow(workspace)
        if workspace.finetuning.problem is not None:
            self.shell.tell_error(workspace.finetuning.problem)

    def done_notice(self, workspace: Workspace) -> Notice | None:
        """See `EngineWorkController`."""
        from vosapp.ui.dialogs.finetune_words import base_text

        outcome = workspace.finetuning.outcome
        if outcome is None:
            return None
        info, kind = outcome.info, Kind.SUCCESS
        text = self.tr("The encoder has learned this video; you decide if it is used.")
        if info.scores:
            text += self.tr(" J on your keyframes: {0:.3f} with {1}, {2:.3f} with the new.").format(
                info.before, base_text(info), info.after
            )
        if outcome.refused is not None:
            kind = Kind.WARNING
            text += self.tr(" The project could not keep it yet.")
        look = Choice(self.tr("Compare\u2026"), lambda: self.open_dialog(workspace), main=True)
        return Notice(self.tr("Fine-tuned on this video"), text, kind, (look,), self.key)
