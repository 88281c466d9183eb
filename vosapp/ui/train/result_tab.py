"""What came of a run: scores, old and new side by side, using it, keeping it."""

from __future__ import annotations

import math

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from core.text import visible
from vosapp.jobs.outcome import Done, Outcome
from vosapp.services.training.run_values import RunStatus
from vosapp.session.training.hub import TrainingHub
from vosapp.session.training.using import Compared
from vosapp.session.training.watching import Pictures
from vosapp.ui import numbering
from vosapp.ui.actions.binding import Actions
from vosapp.ui.forms import name_all
from vosapp.ui.theme import set_tone
from vosapp.ui.train import words
from vosapp.ui.train.pair import PicturePair
from vosapp.ui.work.strip import WorkStrip


class ResultTab(QWidget):
    """The last step of a training."""

    def __init__(self, hub: TrainingHub, actions: Actions, parent: QWidget) -> None:
        super().__init__(parent)
        self._hub = hub
        self._compared: Compared | None = None
        self.verdict, self.kept = QLabel(self), QLabel(self)
        self.held_choice = QRadioButton(self.tr("Held-out frame"), self)
        self.frames = QComboBox(self)
        self.here_choice = QRadioButton(self.tr("Current frame of the open project"), self)
        self.compare_button = QPushButton(self.tr("Compute Current Frame"), self)
        self.pair = PicturePair(self)
        self.name = QLineEdit(self)
        self.use_button, self.off_button = QPushButton(self), QPushButton(self)
        self.keep_button, self.discard_button = QPushButton(self), QPushButton(self)
        self.strip = WorkStrip(self)
        self._build(actions)
        self.strip.follow(hub.use, self._take_compared, locks=(self.compare_button,))
        hub.runs.changed.connect(self._show)
        hub.runs.shownChanged.connect(self._forget)
        hub.use.changed.connect(self._show)
        self._show()

    @property
    def model_name(self) -> str:
        """What the model is to be called."""
        return self.name.text().strip()

    # Building

    def _build(self, actions: Actions) -> None:
        buttons = {
            "train.use": (self.use_button, self.tr("Use This Model Now")),
            "train.use-off": (self.off_button, self.tr("Switch Off Again")),
            "train.keep": (self.keep_button, self.tr("Keep as Model")),
            "train.discard": (self.discard_button, self.tr("Discard\u2026")),
        }
        for name, (button, text) in buttons.items():
            button.setText(text)
            button.clicked.connect(actions[name].trigger)
            button.setToolTip(actions[name].toolTip())
        self.use_button.setDefault(True)
        font = self.verdict.font()
        font.setBold(True)
        self.verdict.setFont(font)
        for label in (self.verdict, self.kept):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        group = QButtonGroup(self)
        for choice in (self.held_choice, self.here_choice):
            group.addButton(choice)
            choice.toggled.connect(self._show_pictures)
        self.held_choice.toggled.connect(self._say_nothing)
        self.held_choice.setChecked(True)
        self.frames.activated.connect(self._show_pictures)
        self.compare_button.clicked.connect(self._compare)
        choices = QHBoxLayout()
        choices.setSpacing(18)
        choices.addWidget(self.held_choice)
        choices.addWidget(self.frames)
        choices.addWidget(self.here_choice)
        choices.addWidget(self.compare_button)
        choices.addStretch(1)
        row = QHBoxLayout()
        row.addWidget(QLabel(self.tr("Name"), self))
        row.addWidget(self.name, 1)
        for button in (self.keep_button, self.discard_button, self.off_button, self.use_button):
            row.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(8)
        column.addWidget(self.verdict)
        column.addWidget(self.kept)
        column.addLayout(choices)
        # Its room stays where there is no picture, so that nothing else moves.
        room = QVBoxLayout()
        room.addWidget(self.pair, 1)
        room.addStretch(0)
        column.addLayout(room, 1)
        column.addWidget(self.strip)
        column.addLayout(row)
        self._name()

    def _name(self) -> None:
        tr = self.tr
        name_all(
            (self.name, tr("Name"), tr("What the model will be called, here and on command lines")),
            (self.held_choice, tr("Held-out frame"), tr("Frames that were never trained on")),
            (self.frames, tr("Which held-out frame"), tr("Which of the held-out frames is shown")),
            (
                self.here_choice,
                tr("Current frame of the open project"),
                tr("Compare on the frame that Annotate shows"),
            ),
            (
                self.compare_button,
                tr("Compute Current Frame"),
                tr("Carry the nearest masks or boxes to it by both weights; nothing is kept"),
            ),
        )

    # Keeping up

    def showEvent(self, event: QShowEvent) -> None:
        """Show what has happened while nobody looked."""
        super().showEvent(event)
        self._show()

    def _forget(self) -> None:
        self._compared = None
        self.frames.clear()
        status = self._hub.runs.status
        self.name.setText("" if status is None else status.title)
        self.strip.say("")

    def _show(self) -> None:
        hub, status = self._hub, self._hub.runs.status
        has_model = status is not None and status.model is not None
        carries = status is not None and hub.use.carries(status.request.system)
        open_project, kept = hub.use.workspace is not None and carries, hub.runs.kept
        used = kept is not None and hub.use.uses(kept.path)
        if status is not None and not self.name.text() and not self.name.hasFocus():
            self.name.setText(status.title)
        self.verdict.setText(self._verdict(status))
        self.kept.setText(self._kept_text(used=used))
        self.kept.setVisible(bool(self.kept.text()))
        set_tone(self.kept, "success")
        self.name.setEnabled(has_model and kept is None)
        alive = status is not None and status.state.alive
        self.keep_button.setEnabled(has_model and kept is None and not hub.runs.asking)
        self.use_button.setVisible(not used)
        self.use_button.setEnabled(has_model and open_project and not hub.runs.asking)
        self.off_button.setVisible(used)
        self.discard_button.setEnabled(status is not None and not alive and not hub.runs.asking)
        self.compare_button.setEnabled(has_model and open_project and not hub.use.running)
        self.here_choice.setEnabled(open_project)
        self._show_pictures()

    def _verdict(self, status: RunStatus | None) -> str:
        if status is None:
            return self.tr("No run yet")
        if status.model is None:
            return self.tr("There is no model yet: it comes with the first score.")
        text = words.score_text(status) or self.tr("Nothing was held out, so there is no score.")
        if status.state.alive:
            text += " " + self.tr("Training still goes on; this is the best so far.")
        return f"{visible(status.title)}. {text}"

    def _kept_text(self, *, used: bool) -> str:
        kept = self._hub.runs.kept
        if kept is None:
            return ""
        text = self.tr("Kept as {0}: loaded again and verified.").format(visible(kept.name))
        if not self._hub.use.carries(kept.system):
            text += " " + self.tr("It carries no masks: Find Objects can use it.")
        elif used:
            text += " " + self.tr("The open project uses it from the next propagation on.")
        return text

    def _show_pictures(self, *_ignored: object) -> None:
        if not self.isVisible():
            return
        here, look = self.here_choice.isChecked(), self._hub.runs.look
        held = () if look is None else look.pictures
        self._fill_frames(held)
        self.compare_button.setVisible(here)
        self.frames.setVisible(not here and len(held) > 1)
        self.pair.setVisible(self._compared is not None if here else bool(held))
        if here and self._compared is not None:
            self._show_compared(self._compared)
        elif held and not here:
            self._show_held(held[max(0, self.frames.currentIndex())])

    def _fill_frames(self, held: tuple[Pictures, ...]) -> None:
        """List the frames; an open list stays as it is."""
        template = self.tr("{0}, frame {1}")
        texts = [
            template.format(visible(one.clip), numbering.shown(one.frame_index)) for one in held
        ]
        if texts != [self.frames.itemText(row) for row in range(self.frames.count())]:
            self.frames.clear()
            self.frames.addItems(texts)

    def _show_compared(self, one: Compared) -> None:
        caption = self.tr("Frame {0} of the open project, from the nearest masks or boxes")
        self.pair.show_pair(
            one.frame,
            (one.before, one.after),
            (self.tr("Before"), self.tr("New model")),
            caption=caption.format(numbering.shown(one.frame_index)),
        )

    def _show_held(self, one: Pictures) -> None:
        self.pair.show_pair(
            one.frame,
            (one.before, one.best),
            (
                self._scored(self.tr("Before"), one.scores.get("before")),
                self._scored(self.tr("New model"), one.scores.get("best")),
            ),
            caption=self.tr("Held out: {0}, frame {1}. White line: as labeled.").format(
                one.clip, numbering.shown(one.frame_index)
            ),
            truth=one.truth,
        )

    def _scored(self, title: str, score: float | None) -> str:
        if score is None or math.isnan(score):
            return title
        return self.tr("{0}: {1:.3f} on this frame").format(title, score)

    def _say_nothing(self, _held: bool) -> None:  # noqa: FBT001
        """What was said of one frame is not true of the other."""
        if not self._hub.use.running:
            self.strip.say("")

    def _compare(self) -> None:
        status = self._hub.runs.status
        if status is not None and status.model is not None:
            self._hub.use.compare(status.model)

    def _take_compared(self, outcome: Outcome) -> None:
        self.strip.tell_end(outcome, stopped=self.tr("Stopped."))
        if isinstance(outcome, Done) and isinstance(outcome.value, Compared):
            self._compared = outcome.value
        self._show()
