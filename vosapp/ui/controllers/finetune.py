"""Fine-tuning the network on the project's video, and which weights are used."""

from __future__ import annotations

from collections.abc import Mapping

from vosapp.jobs.outcome import Done, Failed, Outcome
from vosapp.session.finetune import FinetuneState
from vosapp.session.workspace import Workspace
from vosapp.ui.actions.binding import Handler
from vosapp.ui.controllers.base import DialogController
from vosapp.ui.notice import Choice, Kind, Notice

KEY = "tuning"

# The dialog is imported when it is wanted.


class FinetuneController(DialogController):
    """One dialog at a time, which goes with its project; messages while it is closed."""

    def handlers(self) -> Mapping[str, Handler]:
        """See `Controller`."""
        return {"propagate.tune": self.with_workspace(self._open)}

    def begin(self) -> None:
        """See `Controller`."""
        self.shell.workspaceChanged.connect(self._follow)
        self.shell.window.status.stopWanted.connect(self._stop)

    def _follow(self) -> None:
        self.close_dialog()
        if self.workspace is None:
            return
        control = self.workspace.finetuning
        self.shell.window.status.meter.follow(control, _text)
        control.finished.connect(self._tell)
        if control.problem is not None:
            self.shell.tell_error(control.problem)

    def _open(self, workspace: Workspace) -> None:
        from vosapp.ui.dialogs.finetune import FinetuneDialog

        if self.dialog is not None:
            self.dialog.raise_()
            self.dialog.activateWindow()
            return
        self.shell.panels.canvas.finish_tool()
        self.shell.window.notice.clear(KEY)
        self.show_dialog(FinetuneDialog(workspace, self.shell.window))

    def _stop(self) -> None:
        if self.workspace is not None:
            self.workspace.finetuning.stop()

    def _tell(self, outcome: Outcome) -> None:
        from vosapp.ui.dialogs.finetune_words import base_text

        workspace = self.workspace
        if workspace is None or self.dialog is not None:
            return
        if isinstance(outcome, Failed):
            self.shell.tell_error(outcome.error)
        elif isinstance(outcome, Done) and workspace.finetuning.outcome is not None:
            info = workspace.finetuning.outcome.info
            text = self.tr("The encoder has learned this video; you decide if it is used.")
            if info.scores:
                text += self.tr(
                    " J on your keyframes: {0:.3f} with {1}, {2:.3f} with the new."
                ).format(info.before, base_text(info), info.after)
            kind = Kind.SUCCESS
            if workspace.finetuning.outcome.refused is not None:
                kind = Kind.WARNING
                text += self.tr(" The project could not keep it yet.")
            look = Choice(self.tr("Compare\u2026"), lambda: self._open(workspace), main=True)
            title = self.tr("Fine-tuned on this video")
            self.shell.tell(Notice(title, text, kind, (look,), KEY))


def _text(state: FinetuneState) -> str:
    from vosapp.ui.dialogs.finetune_words import tuning_text

    return tuning_text(state)
