"""How to train: system, start, minutes; what it will take; the rest folded away."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from core.text import visible
from vosapp.services.models.values import Origin
from vosapp.services.training.run_values import RecipeOffer
from vosapp.session.training.hub import TrainingHub
from vosapp.ui import errors
from vosapp.ui.actions.binding import Actions
from vosapp.ui.forms import Fold, NumberField, align_labels, name_all
from vosapp.ui.theme import set_tone
from vosapp.ui.train import words
from vosapp.ui.train.options_form import RecipeOptions
from vosapp.ui.work.words import device_title

MOST_MINUTES = 60 * 24
FIELD = 460
"""Pixels that a field is wide, at most."""
_USUAL, _FRESH, _FILE = "usual", "fresh", "file"


class RecipeTab(QWidget):
    """The second step of a training.

    Signals:
        fileWanted: weights of a file are to be the start.
    """

    fileWanted = Signal()

    def __init__(self, hub: TrainingHub, actions: Actions, parent: QWidget) -> None:
        super().__init__(parent)
        self._hub, self._plan = hub, hub.plan
        self.system, self.start = QComboBox(self), QComboBox(self)
        self.preset, self.device = QComboBox(self), QComboBox(self)
        self.minutes, self.title = NumberField(self), QLineEdit(self)
        self.help, self.usual, self.estimate = QLabel(self), QLabel(self), QLabel(self)
        self.warnings, self.obstacle = QLabel(self), QLabel(self)
        self.fold = Fold(self.tr("Advanced"), self)
        self.options = RecipeOptions(self)
        self.area = QScrollArea(self)
        self.start_button = QPushButton(self.tr("Start Training"), self)
        self._shown: tuple[str, bool] = ("", False)
        self._build()
        self._connect(actions)
        self._show()

    def choose_file(self, path: Path) -> None:
        """Begin with weights of a file."""
        self._plan.set_plan(replace(self._plan.plan, start=path, fresh=False))

    # Building

    def _build(self) -> None:
        self.minutes.setRange(1, MOST_MINUTES)
        self.minutes.setSuffix(self.tr(" min"))
        self.minutes.setAccelerated(True)
        self.title.setPlaceholderText(self.tr("a name of your own, if you like"))
        length = QHBoxLayout()
        length.setSpacing(12)
        length.addWidget(self.minutes)
        length.addWidget(self.usual, 1)
        form = QFormLayout()
        form.setVerticalSpacing(8)
        form.setHorizontalSpacing(14)
        for field in (self.system, self.start, self.preset, self.device, self.title):
            field.setMaximumWidth(FIELD)
        form.addRow(self.tr("System"), self.system)
        form.addRow(self.tr("Begin with"), self.start)
        form.addRow(self.tr("Network"), self.preset)
        form.addRow(self.tr("Train for"), length)
        form.addRow(self.tr("Device"), self.device)
        form.addRow(self.tr("Name"), self.title)
        align_labels(form)
        for label in (self.help, self.usual, self.estimate, self.warnings, self.obstacle):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        for label in (self.help, self.usual, self.obstacle):
            set_tone(label, "muted")
        set_tone(self.warnings, "warning")
        self.area.setWidget(self.options)
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QScrollArea.Shape.NoFrame)
        foot = QHBoxLayout()
        foot.addWidget(self.obstacle, 1)
        foot.addWidget(self.start_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(10)
        column.addWidget(self.help)
        column.addLayout(form)
        column.addWidget(self.fold)
        column.addWidget(self.area, 1)
        column.addStretch(0)
        column.addWidget(self.estimate)
        column.addWidget(self.warnings)
        column.addLayout(foot)
        self._name()

    def _name(self) -> None:
        tr = self.tr
        name_all(
            (self.system, tr("System"), tr("What is trained")),
            (self.start, tr("Begin with"), tr("Weights that training goes on from")),
            (self.preset, tr("Network"), tr("Size of a network that begins with nothing")),
            (self.minutes, tr("Minutes"), tr("Of training; pauses and scoring do not count")),
            (self.device, tr("Device"), tr("What computes")),
            (self.title, tr("Name"), tr("What the run is called in lists")),
            (self.fold, tr("Advanced"), tr("Show or hide settings that are right as they are")),
        )

    def _connect(self, actions: Actions) -> None:
        self.system.activated.connect(self._take_system)
        self.start.activated.connect(self._take_start)
        self.preset.activated.connect(self._take_preset)
        self.minutes.valueChanged.connect(self._take_minutes)
        self.device.activated.connect(self._take_device)
        self.title.editingFinished.connect(self._take_title)
        self.options.changed.connect(self._take_options)
        self.fold.unfolded.connect(self._unfold)
        action = actions["train.start"]
        self.start_button.setDefault(True)
        self.start_button.clicked.connect(action.trigger)
        self.start_button.setToolTip(action.toolTip())
        for signal in (
            self._plan.changed,
            self._hub.data.changed,
            self._hub.models.changed,
            self._hub.runs.standingChanged,
        ):
            signal.connect(self._show)
        self._unfold(unfolded=False)

    # Keeping up

    def _show(self) -> None:
        plan, offer = self._plan.plan, self._plan.offer
        with _still(self.system, self.start, self.preset, self.device, self.minutes):
            _fill(self.system, [(o.title, o.system) for o in self._plan.offers], plan.system)
            self._show_start(offer)
            presets = [] if offer is None else list(offer.presets)
            _fill(self.preset, [(name, name) for name in presets], plan.preset)
            _fill(self.device, [(device_title(d), d) for d in self._plan.devices], plan.device)
            if self.minutes.value() != round(self._plan.minutes):
                self.minutes.setValue(max(1, round(self._plan.minutes)))
        fresh = self._plan.fresh
        self.preset.setEnabled(fresh and self.preset.count() > 1)
        self.help.setText(self._explained(offer, fresh=fresh))
        usual = plan.minutes is None
        self.usual.setText(self.tr("as is usual for so many labels") if usual else "")
        self._show_options(offer, refines=not fresh)
        self._show_estimate()

    def _explained(self, offer: RecipeOffer | None, *, fresh: bool) -> str:
        if offer is None:
            return self.tr("Looking which systems can be trained\u2026")
        text = f"{offer.title} {offer.help}."
        if fresh:
            text += " " + self.tr(
                "From nothing it takes hours to learn; minutes are enough where it begins with"
                " weights, such as those of the Models place."
            )
        return text

    def _show_start(self, offer: RecipeOffer | None) -> None:
        plan = self._plan.plan
        rows: list[tuple[str, object]] = []
        if offer is not None and offer.starts:
            rows.append((self.tr("Bundled weights"), _USUAL))
        for model in self._hub.models.models or ():
            own = model.origin is not Origin.BUNDLED and not model.problem
            if own and offer is not None and model.system == offer.system:
                rows.append((visible(model.name), model.path))
        rows.append((self.tr("Nothing"), _FRESH))
        if plan.start is not None and plan.start not in [value for _, value in rows]:
            rows.append((visible(plan.start.name), plan.start))
        rows.append((self.tr("A file\u2026"), _FILE))
        chosen: object = plan.start or (_FRESH if self._plan.fresh else _USUAL)
        _fill(self.start, rows, chosen)

    def _show_options(self, offer: RecipeOffer | None, *, refines: bool) -> None:
        shown = ("" if offer is None else offer.system, refines)
        if shown != self._shown:
            self._shown = shown
            self.options.set_settings(self._plan.settings())
            self.options.set_values(self._plan.plan.options)

    def _show_estimate(self) -> None:
        estimate, problem, alive = self._plan.estimate, self._plan.problem, self._hub.runs.alive
        text = "" if estimate is None else words.estimate_text(estimate)
        self.estimate.setText(errors.text(problem) if problem is not None else text)
        set_tone(self.estimate, "text" if problem is None else "danger")
        self.estimate.setVisible(bool(self.estimate.text()))
        warned = "" if estimate is None else " ".join(estimate.warnings)
        self.warnings.setText(visible(warned))
        self.warnings.setVisible(bool(warned))
        obstacle = self._plan.obstacle()
        if not obstacle and alive is not None:
            obstacle = self.tr("Another run is going on: stop it first, or wait for its end.")
        self.obstacle.setText(obstacle)
        self.start_button.setEnabled(not obstacle and not self._hub.runs.asking)

    # What is chosen

    def _take_system(self, _row: int) -> None:
        self._plan.set_plan(replace(self._plan.plan, system=str(self.system.currentData())))

    def _take_start(self, _row: int) -> None:
        chosen = self.start.currentData()
        if chosen == _FILE:
            self._show()
            self.fileWanted.emit()
            return
        start = chosen if isinstance(chosen, Path) else None
        self._plan.set_plan(replace(self._plan.plan, start=start, fresh=chosen == _FRESH))

    def _take_preset(self, _row: int) -> None:
        self._plan.set_plan(replace(self._plan.plan, preset=str(self.preset.currentData())))

    def _take_minutes(self, minutes: int) -> None:
        self._plan.set_plan(replace(self._plan.plan, minutes=float(minutes)))

    def _take_device(self, _row: int) -> None:
        self._plan.set_plan(replace(self._plan.plan, device=str(self.device.currentData())))

    def _take_title(self) -> None:
        self._plan.set_plan(replace(self._plan.plan, title=self.title.text().strip()))

    def _take_options(self) -> None:
        self._plan.set_plan(replace(self._plan.plan, options=self.options.values()))

    def _unfold(self, unfolded: bool) -> None:  # noqa: FBT001
        self.area.setVisible(unfolded)
        if unfolded:
            self._plan.learn_devices()


@contextmanager
def _still(*widgets: QWidget) -> Iterator[None]:
    """Widgets that tell nobody of what happens to them in a block."""
    blockers = [QSignalBlocker(widget) for widget in widgets]
    try:
        yield
    finally:
        for blocker in blockers:
            blocker.unblock()


def _fill(box: QComboBox, rows: list[tuple[str, object]], chosen: object) -> None:
    """Show rows where they are others, and which is chosen; an open list stays as it is."""
    listed = [(box.itemText(i), box.itemData(i)) for i in range(box.count())]
    if listed != rows:
        box.clear()
        for text, value in rows:
            box.addItem(text, value)
    values = [value for _, value in rows]
    box.setCurrentIndex(values.index(chosen) if chosen in values else 0)
