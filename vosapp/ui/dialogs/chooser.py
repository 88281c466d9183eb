"""The small panel that says how propagations are computed."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from core.text import visible
from vosapp.services.weights import has_default
from vosapp.session.choice import RunChoice
from vosapp.session.systems import DEVICES, QUALITIES, SystemSpec, offer_of, systems
from vosapp.ui.forms import align_labels
from vosapp.ui.popup import fit_content
from vosapp.ui.theme import set_tone, tones
from vosapp.ui.work.words import device_title

LEARNING = {
    (False, False): "None",
    (True, False): "U-Net, between two passes",
    (False, True): "Target model, along the way",
}
"""Titles of how a run learns: `RunChoice.adapt` and `RunChoice.target`."""


class RunChooser(QFrame):
    """System, weights, quality, device, learning. Each choice holds at once.

    Args:
        choice: what is chosen now.
        parent: the window.
        has_tuned: the project has weights that were fine-tuned on its video.

    Signals:
        chosen: a new `RunChoice`.
        fileWanted: weights are to be chosen from a file; the panel is closed by then.
    """

    chosen = Signal(object)
    fileWanted = Signal()

    def __init__(self, choice: RunChoice, parent: QWidget, *, has_tuned: bool = False) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("chooser")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAccessibleName(self.tr("System and quality"))
        self._choice = choice
        self._systems = systems()
        self._has_tuned = has_tuned
        self._system, self._device = QComboBox(self), QComboBox(self)
        self._weights = QLabel(self)
        self._weights_row = QWidget(self)
        self._bundled = QPushButton(self.tr("Bundled"), self)
        self._learn = QComboBox(self)
        self._qualities = QButtonGroup(self)
        self._lines: list[QLabel] = []
        self._note = QLabel(self)
        self._build()
        self._show()

    def _build(self) -> None:
        shown = tones()
        self.setStyleSheet(
            f"#chooser {{ background: {shown.window}; border: 1px solid {shown.border}; }}"
        )
        form = QFormLayout()
        form.setHorizontalSpacing(14)
        form.setVerticalSpacing(10)
        form.addRow(self.tr("System"), self._system)
        form.addRow(self.tr("Weights"), self._weights_row)
        form.addRow(self.tr("Device"), self._device)
        form.addRow(self.tr("Learning"), self._learn)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 14)
        column.setSpacing(10)
        column.addLayout(form)
        heading = QLabel(f"<b>{self.tr('Quality')}</b>", self)
        column.addWidget(heading)
        self._add_qualities(column)
        self._note.setWordWrap(True)
        set_tone(self._note, "muted")
        column.addWidget(self._note)
        self._fill_boxes()
        self._fill_weights_row()
        align_labels(form)
        self.setMinimumWidth(460 if self._has_tuned else 430)

    def _add_qualities(self, column: QVBoxLayout) -> None:
        for number, title in enumerate(QUALITIES.values()):
            button = QRadioButton(self.tr(title), self)
            line = QLabel(self)
            set_tone(line, "muted")
            line.setIndent(24)
            line.setWordWrap(True)
            self._qualities.addButton(button, number)
            self._lines.append(line)
            column.addWidget(button)
            column.addWidget(line)
        known = tuple(QUALITIES)
        self._qualities.idClicked.connect(
            lambda n: self._choose(replace(self._choice, quality=known[n]))
        )

    def _show_qualities(self) -> None:
        """What the chosen system makes of each quality; one that it does not offer is disabled."""
        for number, quality in enumerate(QUALITIES):
            button, line = self._qualities.button(number), self._lines[number]
            offer = offer_of(self._choice.system, quality)
            text = "" if offer is None else self.tr(offer.text)
            if offer is not None and offer.frames_per_second is not None:
                text = self.tr("{0}: about {1:g} frames a second").format(
                    text, offer.frames_per_second
                )
            button.setEnabled(offer is not None)
            button.setChecked(quality is self._choice.quality)
            button.setToolTip(text or self.tr("Makes no difference with this method"))
            button.setAccessibleName(f"{button.text()}: {text}" if text else button.text())
            line.setText(text)
            line.setVisible(bool(text))
        measured = self._current().measured
        self._note.setText(self.tr("Speeds: {0}.").format(measured) if measured else "")
        self._note.setVisible(bool(measured))

    def _fill_boxes(self) -> None:
        for system in self._systems:
            self._system.addItem(self.tr(system.title), system.name)
            self._system.setItemData(
                self._system.count() - 1, self.tr(system.summary), Qt.ItemDataRole.ToolTipRole
            )
        for device in DEVICES:
            self._device.addItem(device_title(device), device)
        self._system.setToolTip(self.tr("The method that carries masks from frame to frame"))
        self._system.setAccessibleName(self.tr("System"))
        self._device.setToolTip(self.tr("Where it is computed"))
        self._device.setAccessibleName(self.tr("Device"))
        self._learn.setAccessibleName(self.tr("Learning"))
        self._learn.setToolTip(
            self.tr(
                "How a run learns this video's objects: a small network between two passes takes "
                "longer; a target model of each object takes little, and needs weights with the "
                "ImageNet backbone"
            )
        )
        self._system.activated.connect(self._choose_system)
        self._device.activated.connect(
            lambda _i: self._choose(replace(self._choice, device=self._device.currentData()))
        )
        self._learn.activated.connect(self._choose_learning)

    def _fill_weights_row(self) -> None:
        row = QHBoxLayout(self._weights_row)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._weights, 1)
        self._bundled.setToolTip(self.tr("Use the weights that come with vosapp"))
        self._bundled.clicked.connect(lambda: self._choose_tuned(tuned=False))
        self.finetuned = QPushButton(self.tr("Fine-tuned"), self)
        self.finetuned.setToolTip(self.tr("Use the weights that were fine-tuned on this video"))
        self.finetuned.clicked.connect(lambda: self._choose_tuned(tuned=True))
        self.finetuned.setVisible(self._has_tuned)
        other = QPushButton(self.tr("File\u2026"), self)
        other.setToolTip(self.tr("Use other weights (.safetensors)"))
        other.clicked.connect(self._choose_weights)
        row.addWidget(self._bundled)
        row.addWidget(self.finetuned)
        row.addWidget(other)

    def _show(self) -> None:
        choice, system = self._choice, self._current()
        self._system.setCurrentIndex(self._system.findData(choice.system))
        self._device.setCurrentIndex(self._device.findData(choice.device))
        self._show_qualities()
        self._show_learning(system)
        self._weights_row.setEnabled(system.needs_weights)
        self._bundled.setEnabled(has_default(system.name))
        self._weights.setText(self._weights_text(system))
        # As high as what it shows now; a system may offer less than the one before.
        fit_content(self)

    def _weights_text(self, system: SystemSpec) -> str:
        if not system.needs_weights:
            return self.tr("needs none")
        if self._choice.uses_tuned:
            return self.tr("fine-tuned")
        if self._choice.weights is not None:
            return visible(self._choice.weights.name)
        if has_default(system.name):
            return self.tr("bundled")
        return self.tr("none yet: choose a file")

    def _show_learning(self, system: SystemSpec) -> None:
        """The ways of learning that the chosen system offers."""
        offered = [way for way in LEARNING if way[0] <= system.adapts and way[1] <= system.targets]
        self._learn.clear()
        for way in offered:
            self._learn.addItem(self.tr(LEARNING[way]), way)
        chosen = self._choice.adapt, self._choice.target
        self._learn.setCurrentIndex(offered.index(chosen) if chosen in offered else 0)
        self._learn.setEnabled(len(offered) > 1)

    def _current(self) -> SystemSpec:
        return next(one for one in self._systems if one.name == self._choice.system)

    def _choose_system(self, _index: int) -> None:
        name = str(self._system.currentData())
        self._choose(replace(self._choice, system=name, weights=None, adapt=False, target=False))

    def _choose_learning(self, _index: int) -> None:
        adapt, target = self._learn.currentData()
        self._choose(replace(self._choice, adapt=adapt, target=target))

    def _choose_tuned(self, *, tuned: bool) -> None:
        self._choose(replace(self._choice, weights=None, tuned=tuned))

    def _choose_weights(self) -> None:
        self.close()
        self.fileWanted.emit()

    def _choose(self, choice: RunChoice) -> None:
        if choice != self._choice:
            self._choice = choice
            self.chosen.emit(choice)
            self._show()
