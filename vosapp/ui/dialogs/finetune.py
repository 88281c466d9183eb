"""The dialog that lets the encoder learn the project's video, and switches what it learned.

It shows what `FinetuneControl` knows, so that it can be closed and opened again at any time.
"""

from __future__ import annotations

import html
import math
from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from core.media.export.losses import counted
from core.media.file_hash import name_of
from core.text import visible
from vosapp.jobs.finetune import FinetuneOutcome, Trouble
from vosapp.jobs.outcome import Done, Failed, Outcome, Stopped
from vosapp.project.tuned import TunedInfo
from vosapp.services.weights import are_default, finetuned_system
from vosapp.session.finetune import MOST_MINUTES, USUAL_MINUTES, FinetuneState
from vosapp.session.workspace import Workspace
from vosapp.ui import errors
from vosapp.ui.dialogs.comparison import ComparisonView
from vosapp.ui.forms import align_labels
from vosapp.ui.status import duration
from vosapp.ui.theme import icon, tones

WIDTH, COMPARING_WIDTH = 600, 860
"""Pixels; wider where two pictures stand side by side."""
COMPARING_MINUTES = 1
"""Four keyframes, some 24 frames each, twice, at the speed of `QUALITIES`: rather less."""


class FinetuneDialog(QDialog):
    """Start, progress, before and after, and the switch.

    Args:
        workspace: whose video is learned; close the dialog before it.
        parent: the window.
    """

    def __init__(self, workspace: Workspace, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Fine-tune on This Video"))
        self._workspace, self._control = workspace, workspace.finetuning
        # What is shown: the size follows it, and is the user's own in between.
        self._mode: tuple[object, ...] | None = None
        self.intro, self.estimate = QLabel(self), QLabel(self)
        self.minutes, self.frames = QSpinBox(self), QComboBox(self)
        self.start_button = QPushButton(self.tr("Start"), self)
        self.bar, self.state = QProgressBar(self), QLabel(self)
        self.cancel_button = QPushButton(self.tr("Cancel Learning"), self)
        self.verdict, self.comparison = QLabel(self), ComparisonView(self)
        self.trouble = QLabel(self)
        self.use_button = QPushButton(self.tr("Use Fine-tuned Weights"), self)
        self.keep_button = QPushButton(self.tr("Keep the Present Ones"), self)
        self.switch, self.about = QCheckBox(self), QLabel(self)
        self.close_button = QPushButton(self.tr("Close"), self)
        self._fill()
        self._lay_out()
        self._name_all()
        self._connect()
        self._refresh()

    # Making it

    def _fill(self) -> None:
        self.intro.setText(
            self.tr(
                "The encoder goes on learning from the frames of this one video, without any"
                " mask; it may then follow your objects better. What it learns is kept in this"
                " project, and can be switched off at any time."
            )
        )
        self.minutes.setRange(1, MOST_MINUTES)
        self.minutes.setValue(USUAL_MINUTES)
        self.minutes.setSuffix(self.tr(" min"))
        session = self._workspace.session
        start, stop = session.range
        whole = self.tr("The whole video, {0}").format(counted(session.frame_count, "frame"))
        self.frames.addItem(whole, True)
        if (start, stop) != (0, session.frame_count):
            part = self.tr("Between in and out, {0}").format(counted(stop - start, "frame"))
            self.frames.addItem(part, False)
        self.switch.setText(self.tr("Propagate with the weights fine-tuned on this video"))
        self.bar.setTextVisible(False)
        self.start_button.setIcon(icon("school-outline", "on_accent"))
        texts = (self.intro, self.estimate, self.state, self.verdict, self.trouble, self.about)
        for label in texts:
            label.setWordWrap(True)
            # Names of files and what a project says of its weights are no markup.
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.verdict.setTextFormat(Qt.TextFormat.RichText)
        for label in (self.estimate, self.about):
            label.setProperty("muted", True)

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setHorizontalSpacing(14)
        form.setVerticalSpacing(8)
        form.addRow(self.tr("Learn for"), self.minutes)
        form.addRow(self.tr("From"), self.frames)
        align_labels(form)
        self._form = QWidget(self)
        form.setContentsMargins(0, 0, 0, 0)
        self._form.setLayout(form)
        work = QHBoxLayout()
        work.addWidget(self.state, 1)
        work.addWidget(self.cancel_button)
        foot = QHBoxLayout()
        foot.addStretch(1)
        for button in (self.close_button, self.keep_button, self.use_button, self.start_button):
            foot.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 16, 18, 16)
        column.setSpacing(10)
        for widget in (self.intro, self._form, self.estimate, self.bar):
            column.addWidget(widget)
        column.addLayout(work)
        column.addWidget(self.verdict)
        column.addWidget(self.comparison, 1)
        column.addWidget(self.trouble)
        column.addWidget(self.switch)
        column.addWidget(self.about)
        column.addLayout(foot)

    def _name_all(self) -> None:
        for widget, name, tip in (
            (self.minutes, self.tr("Minutes"), self.tr("How long it learns; more helps less")),
            (self.frames, self.tr("Frames"), self.tr("What it learns from")),
            (self.bar, self.tr("Progress"), self.tr("How far it is")),
            (self.start_button, self.tr("Start"), self.tr("Begin; you can go on working")),
            (
                self.cancel_button,
                self.tr("Cancel learning"),
                self.tr("Stop; nothing is kept, and nothing changes"),
            ),
            (self.use_button, self.tr("Use fine-tuned weights"), self.tr("From the next run on")),
            (
                self.keep_button,
                self.tr("Keep the present weights"),
                self.tr("Propagate as before; what was computed stays"),
            ),
            (
                self.switch,
                self.tr("Use fine-tuned weights"),
                self.tr("Counts from the next run on; masks that are there stay as they are"),
            ),
            (
                self.close_button,
                self.tr("Close"),
                self.tr("Close this dialog; what runs goes on"),
            ),
        ):
            widget.setAccessibleName(name)
            widget.setToolTip(tip)
        for button in (self.close_button, self.cancel_button, self.keep_button):
            button.setAutoDefault(False)

    def _connect(self) -> None:
        control = self._control
        self.minutes.valueChanged.connect(self._estimate)
        self.start_button.clicked.connect(self._start)
        self.cancel_button.clicked.connect(control.cancel)
        self.use_button.clicked.connect(lambda: control.decide(use=True))
        self.keep_button.clicked.connect(lambda: control.decide(use=False))
        self.switch.clicked.connect(lambda on: control.switch(on=on))
        self.close_button.clicked.connect(self.close)
        control.started.connect(self._refresh)
        control.stateChanged.connect(self._show_state)
        control.finished.connect(self._take_outcome)
        control.changed.connect(self._refresh)
        self._workspace.propagation.choiceChanged.connect(self._estimate)
        self._workspace.propagation.started.connect(self._refresh)
        self._workspace.propagation.finished.connect(self._refresh)

    # What it shows

    def _start(self) -> None:
        self._say("", "muted")
        # Else the focus would go to the button that cancels.
        self.close_button.setFocus()
        self._control.start(self.minutes.value(), whole=bool(self.frames.currentData()))

    def _refresh(self, *_ignored: object) -> None:
        control, propagation = self._control, self._workspace.propagation
        running, undecided = control.running, control.undecided
        _show((self.bar, self.cancel_button), shown=running)
        _show((self.verdict, self.comparison, self.use_button, self.keep_button), shown=undecided)
        _show((self._form, self.estimate, self.start_button), shown=not running and not undecided)
        self.start_button.setEnabled(not propagation.running)
        has = control.info is not None and not running and not undecided
        # Where all is done, Enter must not begin it once more.
        self.start_button.setDefault(not running and not undecided and not has)
        self.close_button.setDefault(running or has)
        self.switch.setVisible(has)
        self.about.setVisible(has)
        self.start_button.setText(self.tr("Learn Again") if has else self.tr("Start"))
        if control.info is not None:
            self.switch.setChecked(control.used)
            self.about.setText(self._about(control.info))
        self._estimate()
        if undecided:
            self._show_outcome()
        elif running:
            self._show_state(control.state)
        self.state.setVisible(running or bool(self.state.text()))
        self._show_trouble()
        mode = (running, undecided, has, propagation.running, self.trouble.text())
        if self._mode != mode:
            self._mode = mode
            self._fit(comparing=undecided)

    def _fit(self, *, comparing: bool) -> None:
        """As wide as the pictures need, and as high as the texts are at that width."""
        outcome, layout = self._control.outcome, self.layout()
        pictures = comparing and outcome is not None and bool(outcome.comparisons)
        width = COMPARING_WIDTH if pictures else WIDTH
        if layout is not None:
            layout.activate()
            self.resize(width, layout.totalHeightForWidth(width))

    def _estimate(self, *_ignored: object) -> None:
        if self._workspace.propagation.running:
            text = self.tr("A propagation is running. Learning can begin when it is done.")
        else:
            text = self.tr(
                "About {0} min in all: then your keyframes are tried with {1} and with the new"
                " ones."
                " You can go on drawing; a propagation has to wait."
            ).format(self.minutes.value() + COMPARING_MINUTES, self._begun_from())
        self.estimate.setText(text)

    def _begun_from(self) -> str:
        given = self._control.base
        return self.tr("the bundled weights") if given is None else visible(given.name)

    def _show_state(self, state: FinetuneState) -> None:
        if not self._control.running:
            return
        self.bar.setRange(0, state.total)
        self.bar.setValue(state.done)
        self._say(state_text(state), "text")

    def _take_outcome(self, outcome: Outcome) -> None:
        if isinstance(outcome, Failed):
            self._say(errors.text(outcome.error), "danger")
        elif isinstance(outcome, Stopped):
            self._say(self.tr("Stopped; nothing was kept, and nothing has changed."), "warning")
        elif isinstance(outcome, Done):
            self._say("", "muted")
        # Room for what is said.
        self._mode = None
        self._refresh()

    def _show_outcome(self) -> None:
        outcome = self._control.outcome
        if outcome is None:
            return
        info = outcome.info
        self.comparison.setVisible(bool(outcome.comparisons))
        self.verdict.setText(self._verdict(info))
        if outcome.comparisons:
            objects = self._workspace.session.objects
            self.comparison.set_comparisons(outcome.comparisons, objects, base_text(info))
        better = not info.scores or info.after >= info.before
        self.use_button.setDefault(better)
        self.keep_button.setDefault(not better)
        (self.use_button if better else self.keep_button).setFocus()

    def _show_trouble(self) -> None:
        """Say what went wrong although the video was learned, while there is to be decided."""
        outcome = self._control.outcome
        told = [] if outcome is None else [self._unseen(outcome), self._refused(outcome)]
        self.trouble.setText("\n".join(filter(None, told)) if self._control.undecided else "")
        self.trouble.setStyleSheet(f"color: {tones().danger};")
        self.trouble.setVisible(bool(self.trouble.text()))

    def _unseen(self, outcome: FinetuneOutcome) -> str:
        if outcome.unseen is None:
            return ""
        text = self.tr("The masks before and after cannot be shown.")
        return f"{text} {self._why(outcome.unseen)}"

    def _refused(self, outcome: FinetuneOutcome) -> str:
        if outcome.refused is None:
            return ""
        why = self._why(outcome.refused)
        if outcome.kept:
            text = self.tr("The project could not be changed. {0} Choose once more to try again.")
            return text.format(why)
        use = f"\u201c{self.use_button.text()}\u201d"
        again = self.tr("either choice") if self._control.info is None else use
        return self.tr(
            "What was learned could not be kept in this project. {0} It is held as long as the"
            " project is open: {1} tries again."
        ).format(why, again)

    def _why(self, trouble: Trouble) -> str:
        if isinstance(trouble, Failed):
            return errors.text(trouble.error)
        return self.tr("vosapp has a bug.")

    def _verdict(self, info: TunedInfo) -> str:
        frames = counted(info.stop - info.start, "frame")
        learned = self.tr("Learned {0} of {1} in {2} steps.").format(
            info.frames, frames, info.steps
        )
        if not info.scores:
            return f"{learned} " + self.tr("There is no keyframe with a mask to compare on.")
        if info.after > info.before:
            text = self.tr("On {0} what was learned did better than {1}")
        else:
            text = self.tr("On {0} what was learned did no better than {1}")
        text = text.format(counted(len(info.scores), "keyframe"), html.escape(base_text(info)))
        mean = self.tr("mean overlap J {0:.3f} \u2192 {1:.3f}").format(info.before, info.after)
        verdict = f"{learned} <b>{text}</b>: {mean}."
        if self._control.info not in (None, info):
            verdict += " " + self.tr(
                "The weights that this project has from before are not part of the comparison."
            )
        return verdict

    def _about(self, info: TunedInfo) -> str:
        base = base_text(info)
        frames = counted(info.stop - info.start, "frame")
        text = self.tr("Learned {0} of {1} in {2} steps, from {3}.").format(
            info.frames, frames, info.steps, base
        )
        if info.scores:
            text += " " + self.tr(
                "Overlap J on keyframes: {0:.3f} with {1}, {2:.3f} as learned from this video."
            ).format(info.before, base, info.after)
        return text

    def _say(self, text: str, tone: str) -> None:
        self.state.setText(text)
        self.state.setStyleSheet(f"color: {getattr(tones(), tone)};")
        self.state.setVisible(bool(text))


def base_text(info: TunedInfo) -> str:
    """Say which weights a learning began from: "the bundled weights", or the name of a file.

    The name is plain text of whoever made the project: escape it where markup is read.
    """
    if are_default(info.base, finetuned_system()):
        return QCoreApplication.translate("FinetuneDialog", "the bundled weights")
    return visible(name_of(info.base))


def _show(widgets: Sequence[QWidget], *, shown: bool) -> None:
    for widget in widgets:
        widget.setVisible(shown)


def state_text(state: FinetuneState) -> str:
    """Say in a line how far a tuning is: "Learning: step 40, loss 0.0123, 2 min left"."""
    if not state.text:
        return ""
    parts = [state.text[:1].upper() + state.text[1:]]
    if math.isfinite(state.loss):
        parts = [f"{parts[0]}: step {state.step}", f"loss {state.loss:.4f}"]
    elif state.total:
        parts.append(f"{state.done} of {state.total} frames")
    if math.isfinite(state.seconds_left):
        parts.append(f"{duration(state.seconds_left)} left")
    return ", ".join(parts)
