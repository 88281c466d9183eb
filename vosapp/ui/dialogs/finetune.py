"""The dialog that lets the encoder learn the project's video, and switches what it learned.

It shows what `FinetuneControl` knows, so that it can be closed and opened again at any time.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QLabel,
    QPushButton,
    QWidget,
)

from core.media.export.losses import counted
from core.text import visible
from vosapp.jobs.outcome import Outcome
from vosapp.session.finetune import MOST_MINUTES, USUAL_MINUTES, FinetuneState
from vosapp.session.work import WorkState
from vosapp.session.workspace import Workspace
from vosapp.ui.dialogs.comparison import ComparisonView
from vosapp.ui.dialogs.finetune_words import (
    about_text,
    base_text,
    trouble_text,
    tuning_text,
    verdict_text,
)
from vosapp.ui.forms import NumberField, align_labels, name_all
from vosapp.ui.theme import set_tone
from vosapp.ui.work.dialog import WorkDialog

WIDTH, COMPARING_WIDTH = 600, 860
"""Pixels; wider where two pictures stand side by side."""
COMPARING_MINUTES = 1
"""Four keyframes, some 24 frames each, twice, at the speed of `QUALITIES`: rather less."""


class FinetuneDialog(WorkDialog):
    """Start, progress, before and after, and the switch.

    Args:
        workspace: whose video is learned; close the dialog before it.
        parent: the window.
    """

    def __init__(self, workspace: Workspace, parent: QWidget) -> None:
        super().__init__(self.tr("Fine-tune on This Video"), parent)
        self._workspace, self._control = workspace, workspace.finetuning
        # What is shown: the size follows it, and is the user's own in between.
        self._mode: tuple[object, ...] | None = None
        self.intro, self.estimate = QLabel(self), QLabel(self)
        self.minutes, self.frames = NumberField(self), QComboBox(self)
        self.start_button = QPushButton(self.tr("Start"), self)
        self.verdict, self.comparison = QLabel(self), ComparisonView(self)
        self.trouble = QLabel(self)
        self.use_button = QPushButton(self.tr("Use Fine-tuned Weights"), self)
        self.keep_button = QPushButton(self.tr("Keep the Present Ones"), self)
        self.switch, self.about = QCheckBox(self), QLabel(self)
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
        set_tone(self.trouble, "danger")
        for label in (self.intro, self.estimate, self.verdict, self.trouble, self.about):
            label.setWordWrap(True)
            # Names of files and what a project says of its weights are no markup.
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.verdict.setTextFormat(Qt.TextFormat.RichText)
        for label in (self.estimate, self.about):
            set_tone(label, "muted")

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
        for widget in (self.intro, self._form, self.estimate, self.verdict):
            self.content.addWidget(widget)
        self.content.addWidget(self.comparison, 1)
        for widget in (self.trouble, self.switch, self.about):
            self.content.addWidget(widget)
        self.add_button(self.keep_button, main=True)
        self.keep_button.setAutoDefault(False)
        self.add_button(self.use_button, main=True)
        self.add_button(self.start_button, picture="school-outline", main=True)

    def _name_all(self) -> None:
        name_all(
            (self.minutes, self.tr("Minutes"), self.tr("How long it learns; more helps less")),
            (self.frames, self.tr("Frames"), self.tr("What it learns from")),
            (self.start_button, self.tr("Start"), self.tr("Begin; you can go on working")),
            (
                self.stop_button,
                self.tr("Stop learning"),
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
        )

    def _connect(self) -> None:
        control = self._control
        self.minutes.valueChanged.connect(self._estimate)
        self.start_button.clicked.connect(self._start)
        self.use_button.clicked.connect(lambda: control.decide(use=True))
        self.keep_button.clicked.connect(lambda: control.decide(use=False))
        self.switch.clicked.connect(lambda on: control.switch(on=on))
        self.follow(control, self._take_outcome)
        control.started.connect(self._refresh)
        control.changed.connect(self._refresh)
        self._workspace.propagation.choiceChanged.connect(self._estimate)
        self._workspace.propagation.started.connect(self._refresh)
        self._workspace.propagation.finished.connect(self._refresh)

    # What it shows

    def _start(self) -> None:
        # Else the focus would go to the button that stops.
        self.close_button.setFocus()
        self._control.start(self.minutes.value(), whole=bool(self.frames.currentData()))

    def _refresh(self, *_ignored: object) -> None:
        control, propagation = self._control, self._workspace.propagation
        running, undecided = control.running, control.undecided
        _show((self.verdict, self.comparison, self.use_button, self.keep_button), shown=undecided)
        _show((self._form, self.estimate, self.start_button), shown=not running and not undecided)
        self.start_button.setEnabled(not propagation.running)
        has = control.info is not None and not running and not undecided
        # Where all is done, Enter must not begin it once more.
        self.start_button.setDefault(not running and not undecided and not has)
        self.close_button.setDefault(running or has)
        self.color_pictures()
        self.switch.setVisible(has)
        self.about.setVisible(has)
        self.start_button.setText(self.tr("Learn Again") if has else self.tr("Start"))
        if control.info is not None:
            self.switch.setChecked(control.used)
            self.about.setText(about_text(control.info))
        self._estimate()
        if undecided:
            self._show_outcome()
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

    def describe_state(self, state: WorkState) -> str:
        """See `WorkDialog`."""
        if isinstance(state, FinetuneState):
            return tuning_text(state)
        return super().describe_state(state)

    def _take_outcome(self, outcome: Outcome) -> None:
        stopped = self.tr("Stopped; nothing was kept, and nothing has changed.")
        self.tell_end(outcome, stopped=stopped)
        # Room for what is said.
        self._mode = None
        self._refresh()

    def _show_outcome(self) -> None:
        outcome = self._control.outcome
        if outcome is None:
            return
        info = outcome.info
        self.comparison.setVisible(bool(outcome.comparisons))
        others = self._control.info not in (None, info)
        self.verdict.setText(verdict_text(info, others=others))
        if outcome.comparisons:
            objects = self._workspace.session.objects
            self.comparison.set_comparisons(outcome.comparisons, objects, base_text(info))
        better = not info.scores or info.after >= info.before
        self.use_button.setDefault(better)
        self.keep_button.setDefault(not better)
        (self.use_button if better else self.keep_button).setFocus()

    def _show_trouble(self) -> None:
        """Say what went wrong although the video was learned, while there is to be decided."""
        outcome, text = self._control.outcome, ""
        if outcome is not None and self._control.undecided:
            use = f"\u201c{self.use_button.text()}\u201d"
            again = self.tr("either choice") if self._control.info is None else use
            text = trouble_text(outcome, again=again)
        self.trouble.setText(text)
        self.trouble.setVisible(bool(text))


def _show(widgets: Sequence[QWidget], *, shown: bool) -> None:
    for widget in widgets:
        widget.setVisible(shown)
