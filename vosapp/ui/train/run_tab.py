"""How a run goes: time left, curves, one held-out frame before and now, the log."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from core.text import visible
from vosapp.jobs.outcome import Outcome
from vosapp.jobs.runner import once
from vosapp.services.training.run_values import RunState, RunStatus
from vosapp.session.training.hub import TrainingHub
from vosapp.session.training.watching import Look
from vosapp.ui import numbering
from vosapp.ui.actions.binding import Actions
from vosapp.ui.actions.table import BY_ID
from vosapp.ui.forms import Fold, name_all
from vosapp.ui.theme import set_tone
from vosapp.ui.train import words
from vosapp.ui.train.pair import PicturePair

if TYPE_CHECKING:
    from vosapp.ui.train.curves import Curves

STEPS = 1000
"""Of the bar."""
PLOTS = 340
"""Pixels that the curves are wide, at least."""
_TONES = {
    RunState.FAILED: "danger",
    RunState.LOST: "warning",
    RunState.HELD: "warning",
    RunState.PAUSED: "warning",
    RunState.DONE: "success",
    RunState.STOPPED: "success",
}


class RunTab(QWidget):
    """The third step of a training.

    Attributes:
        curves: None until what draws them is loaded.
    """

    def __init__(self, hub: TrainingHub, actions: Actions, parent: QWidget) -> None:
        super().__init__(parent)
        self._hub = hub
        self.head, self.explained, self.silence = QLabel(self), QLabel(self), QLabel(self)
        self.score = QLabel(self)
        self.bar = QProgressBar(self)
        self.pause_button, self.stop_button = QPushButton(self), QPushButton(self)
        self.resume_button = QPushButton(self)
        self.pair = PicturePair(self, narrow=True)
        self.fold, self.log = Fold(self.tr("Log"), self), QPlainTextEdit(self)
        self.curves: Curves | None = None
        self._plots = QWidget(self)
        self._build(actions)
        hub.runs.changed.connect(self._show)
        self._show()
        self._load_plots()

    # Building

    def _build(self, actions: Actions) -> None:
        for button, name in (
            (self.pause_button, "train.pause"),
            (self.stop_button, "train.stop"),
            (self.resume_button, "train.resume"),
        ):
            button.clicked.connect(actions[name].trigger)
            button.setToolTip(actions[name].toolTip())
            button.setAccessibleName(BY_ID[name].plain_text)
        self.stop_button.setText(self.tr("Stop and Keep"))
        self.resume_button.setText(self.tr("Resume"))
        self.resume_button.setDefault(True)
        self.bar.setTextVisible(False)
        self.bar.setRange(0, STEPS)
        self.bar.setFixedHeight(6)
        font = self.head.font()
        font.setBold(True)
        self.head.setFont(font)
        for label in (self.head, self.explained, self.silence, self.score):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        set_tone(self.silence, "warning")
        row = QHBoxLayout()
        row.addWidget(self.head, 1)
        for button in (self.pause_button, self.stop_button, self.resume_button):
            row.addWidget(button)
        self._build_log()
        QVBoxLayout(self._plots).setContentsMargins(0, 0, 0, 0)
        self._plots.setMinimumWidth(PLOTS)
        sides = QHBoxLayout()
        sides.setSpacing(12)
        sides.addWidget(self._plots, 4)
        sides.addWidget(self.pair, 5)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(8)
        column.addLayout(row)
        column.addWidget(self.bar)
        for label in (self.explained, self.silence, self.score):
            column.addWidget(label)
        column.addLayout(sides, 1)
        column.addWidget(self.fold)
        column.addWidget(self.log)
        self._name()

    def _build_log(self) -> None:
        self.fold.unfolded.connect(self._unfold)
        self.log.setReadOnly(True)
        self.log.setFixedHeight(130)
        self.log.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self._unfold(unfolded=False)

    def _name(self) -> None:
        tr = self.tr
        name_all(
            (self.bar, tr("Progress"), tr("Minutes trained, of those that were asked for")),
            (self.fold, tr("Log"), tr("Show or hide what the run has said")),
            (self.log, tr("Log"), tr("What the run has said")),
        )

    def _load_plots(self) -> None:
        """What draws curves takes most of a second to load, so the window does not wait for it."""
        job = once(lambda: importlib.import_module("pyqtgraph"))
        self._hub.runner("training-data").submit(job).tell(self, finished=self._make_plots)

    def _make_plots(self, _outcome: Outcome) -> None:
        from vosapp.ui.train.curves import Curves

        self.curves = Curves(self._plots)
        layout = self._plots.layout()
        if layout is not None:
            layout.addWidget(self.curves)
        self._show()

    # Keeping up

    def showEvent(self, event: QShowEvent) -> None:
        """Show what has happened while nobody looked."""
        super().showEvent(event)
        self._show()

    def refresh_theme(self) -> None:
        """Take the colors of the theme."""
        if self.curves is not None:
            self.curves.refresh_theme()

    def _show(self) -> None:
        if not self.isVisible():
            # Curves and pictures take time that annotation needs.
            return
        look = self._hub.runs.look
        status = None if look is None else look.status
        if self.curves is not None:
            self.curves.show_status(status)
        if look is None or status is None:
            self._show_nothing()
            return
        self._show_buttons(status)
        self.head.setText(f"{visible(status.title)}: {words.run_line(status)}")
        self.bar.setValue(round(STEPS * status.fraction))
        _say(self.explained, words.explained(status), _TONES.get(status.state, "muted"))
        other = status.resumable and self._hub.runs.alive is not None
        waits = self.tr("Another run is going on: this one can be resumed after its end.")
        _say(self.silence, waits if other else visible(look.silence), "warning")
        plateau = words.plateau_text(status)
        _say(self.score, " ".join(x for x in (words.score_text(status), plateau) if x), "text")
        self._show_log(look)
        self._show_pictures(look)

    def _show_nothing(self) -> None:
        self.head.setText(self.tr("No run yet"))
        text = self.tr("Choose data and a recipe, then start: it goes on beside your work.")
        asking = self._hub.runs.asking == "start"
        _say(self.explained, self.tr("Starting\u2026") if asking else text, "muted")
        for widget in (self.silence, self.score, self.pair):
            widget.hide()
        for button in (self.pause_button, self.stop_button, self.resume_button):
            button.hide()
        self.bar.setValue(0)
        self.log.clear()

    def _show_buttons(self, status: RunStatus) -> None:
        alive, asking = status.state.alive, bool(self._hub.runs.asking)
        paused = status.state is RunState.PAUSED
        self.pause_button.setText(self.tr("Go On") if paused else self.tr("Pause"))
        self.pause_button.setVisible(alive)
        self.stop_button.setVisible(alive)
        self.resume_button.setVisible(status.resumable)
        self.pause_button.setEnabled(not asking and not status.wanted)
        self.stop_button.setEnabled(not asking and status.wanted != "stop")
        self.resume_button.setEnabled(not asking and self._hub.runs.can_resume)

    def _show_log(self, look: Look) -> None:
        text = "\n".join(visible(line) for line in look.log.splitlines())
        if self.fold.isChecked() and text != self.log.toPlainText():
            self.log.setPlainText(text)
            bar = self.log.verticalScrollBar()
            bar.setValue(bar.maximum())

    def _show_pictures(self, look: Look) -> None:
        self.pair.setVisible(bool(look.pictures))
        if not look.pictures:
            return
        pictures = look.pictures[0]
        self.pair.show_pair(
            pictures.frame,
            (pictures.before, pictures.now),
            (self.tr("Before"), self.tr("Now, step {0}").format(pictures.step)),
            caption=self.tr("Held out: {0}, frame {1}. White line: as labeled.").format(
                pictures.clip, numbering.shown(pictures.frame_index)
            ),
            truth=pictures.truth,
        )

    def _unfold(self, unfolded: bool) -> None:  # noqa: FBT001
        self.log.setVisible(unfolded)
        self._hub.runs.watched.log = unfolded
        if unfolded and self._hub.runs.look is not None:
            self._show_log(self._hub.runs.look)


def _say(label: QLabel, text: str, tone: str) -> None:
    label.setText(text)
    label.setVisible(bool(text))
    set_tone(label, tone)
