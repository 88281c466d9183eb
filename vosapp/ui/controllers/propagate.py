"""Starting and stopping propagations, and what is said before and after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt

from core.text import visible
from vosapp.jobs.outcome import Done, Failed, Outcome, Stopped
from vosapp.services.weights import has_default
from vosapp.session.choice import RunChoice, RunMode, RunState
from vosapp.session.systems import QUALITIES, systems
from vosapp.session.workspace import Workspace
from vosapp.ui.actions.binding import Handler
from vosapp.ui.controllers.base import Controller
from vosapp.ui.dialogs.asking import choose_file
from vosapp.ui.dialogs.chooser import LEARNING, RunChooser
from vosapp.ui.notice import Kind, Notice
from vosapp.ui.popup import fit_content, settle
from vosapp.ui.theme import icon
from vosapp.ui.work.words import run_text

KEY = "propagation"
NAMES = 5
"""Locked objects that are named, at most."""
_MODES = {
    "propagate.open": RunMode.OPEN,
    "propagate.forward": RunMode.FORWARD,
    "propagate.backward": RunMode.BACKWARD,
    "propagate.step-forward": RunMode.STEP_FORWARD,
    "propagate.step-backward": RunMode.STEP_BACKWARD,
    "propagate.to-keyframe": RunMode.TO_KEYFRAME,
}


class PropagateController(Controller):
    """The Propagate menu, the meter in the status bar, messages about runs."""

    def handlers(self) -> Mapping[str, Handler]:
        """See `Controller`."""
        runs = {name: self._starter(mode) for name, mode in _MODES.items()}
        return runs | {
            "propagate.stop": self.with_workspace(lambda w: w.stop_works()),
            "propagate.choose": self.with_workspace(self._choose),
        }

    def begin(self) -> None:
        """See `Controller`."""
        self.shell.workspaceChanged.connect(self._follow)
        self.shell.window.status.stopWanted.connect(self._stop)
        self.shell.window.themed.connect(self._name_choice)

    def _starter(self, mode: RunMode) -> Handler:
        return self.with_workspace(lambda w: self._start(w, mode))

    def _follow(self) -> None:
        if self.workspace is None:
            self.shell.window.status.meter.forget()
            return
        control = self.workspace.propagation
        self.shell.window.status.meter.follow(control, run_text)
        control.started.connect(self._clear)
        control.finished.connect(self._tell)
        control.choiceChanged.connect(self._name_choice)
        self._name_choice()

    def _start(self, workspace: Workspace, mode: RunMode) -> None:
        """Start at once: what it will take stands in the status bar, and its button stops it."""
        # What was drawn and not applied yet counts.
        self.shell.panels.canvas.finish_tool()
        if workspace.propagation.running:
            return
        if workspace.prompting.owing:
            # A box that was drawn just now is a keyframe of this run.
            once = Qt.ConnectionType.SingleShotConnection
            workspace.prompting.settled.connect(lambda: self._go_on(workspace, mode), once)
            return
        workspace.propagation.start(mode)

    def _go_on(self, workspace: Workspace, mode: RunMode) -> None:
        if self.workspace is workspace:
            self._start(workspace, mode)

    def _clear(self) -> None:
        self.shell.window.notice.clear(KEY)

    def _stop(self) -> None:
        self.shell.opener.stop()
        if self.workspace is not None:
            self.workspace.stop_works()

    def _tell(self, outcome: Outcome) -> None:
        if self.workspace is None:
            return
        state = self.workspace.propagation.state
        if isinstance(outcome, Stopped):
            self._tell_stopped(state)
        elif isinstance(outcome, Done):
            self._tell_done(state)
        elif isinstance(outcome, Failed):
            self.shell.tell_error(outcome.error)

    def _tell_done(self, state: RunState) -> None:
        if state.total:
            text = self.tr("Done: {0} frames.").format(state.frames)
        elif state.left_out:
            text = self.tr("There was nothing to do.")
        else:
            text = self.tr("There was nothing to do: no frame is empty or stale in the range.")
        self.shell.window.status.showMessage(text, 8000)
        if state.left_out:
            # A message that stays: whoever comes back after a long run must not miss it.
            locked = self._locked(state.left_out)
            self.shell.tell(Notice(text.rstrip("."), locked, Kind.INFO, key=KEY))

    def _locked(self, names: tuple[str, ...]) -> str:
        """Say which objects a run has left out."""
        shown = ", ".join(names[:NAMES])
        if len(names) > NAMES:
            shown = self.tr("{0} and {1} more").format(shown, len(names) - NAMES)
        return self.tr("Left out, since locked: {0}. Unlock to propagate.").format(shown)

    def _tell_stopped(self, state: RunState) -> None:
        if state.done and state.again:
            # Spans that were complete and have not begun stay so: nobody has to wait for them.
            text = self.tr(
                "{0} of {1} frames are done and stay; the others have the masks they had."
                " {2} fills what is empty or stale now."
            )
        elif state.done:
            text = self.tr("{0} of {1} frames are done and stay. {2} goes on.")
        elif state.steps and state.keeps:
            text = self.tr("No frame is done yet, but what was computed is kept. {2} goes on.")
        else:
            text = self.tr("Nothing was computed yet. {2} begins again.")
        keys = self.shell.keymap.shown("propagate.open") or self.tr("Propagate")
        text = text.format(state.done, state.total, keys)
        if state.left_out:
            text += f" {self._locked(state.left_out)}"
        self.shell.tell(Notice(self.tr("Stopped"), text, Kind.INFO, key=KEY))

    # The chooser

    def _choose(self, workspace: Workspace) -> None:
        has_tuned = workspace.finetuning.info is not None
        chooser = RunChooser(workspace.propagation.choice, self.shell.window, has_tuned=has_tuned)
        chooser.chosen.connect(workspace.propagation.set_choice)
        chooser.fileWanted.connect(lambda: self._choose_weights(workspace))
        workspace.destroyed.connect(chooser.close)
        button = self.shell.window.choose_button
        chooser.destroyed.connect(lambda: settle(button))
        fit_content(chooser)
        chooser.move(button.mapToGlobal(button.rect().bottomLeft()))
        chooser.show()

    def _choose_weights(self, workspace: Workspace) -> None:
        control = workspace.propagation

        def take(path: Path) -> None:
            control.set_choice(replace(control.choice, weights=path, tuned=False))

        choose_file(
            self.shell.window,
            self.tr("Choose Weights"),
            owner=workspace,
            filters=self.tr("Weights (*.safetensors *.pth *.pt)"),
            folder="",
            take=take,
        )

    def _name_choice(self) -> None:
        if self.workspace is None:
            return
        choice = self.workspace.propagation.choice
        button = self.shell.window.choose_button
        text = self.tr(QUALITIES[choice.quality])
        title = next(spec.title for spec in systems() if spec.name == choice.system)
        button.setText(self.tr("{0}, fine-tuned").format(text) if choice.uses_tuned else text)
        button.setIcon(icon("tune-variant"))
        tip = self.tr("System, weights, quality and device: {0}, {1}, {2}, {3}").format(
            self.tr(title), self._weights(choice), text.lower(), choice.device
        )
        if choice.adapt or choice.target:
            way = self.tr(LEARNING[choice.adapt, choice.target])
            tip += self.tr(". Learning: {0}").format(way)
        button.setToolTip(tip)

    def _weights(self, choice: RunChoice) -> str:
        if choice.uses_tuned:
            return self.tr("weights fine-tuned on this video")
        if choice.weights is not None:
            return visible(choice.weights.name)
        bundled = has_default(choice.system)
        return self.tr("bundled weights") if bundled else self.tr("no weights")
