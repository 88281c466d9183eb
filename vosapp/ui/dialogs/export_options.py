"""The parts of the export dialog in which options and objects are chosen."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtWidgets import (
    QCheckBox,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QWidget,
)

from core.media.export.base import Exporter
from vosapp.project.model import TrackedObject
from vosapp.services.export import options_of, with_values
from vosapp.ui.forms import NumberField, OptionForm, align_labels, capitalized, whole_rows

ROW = 24
"""Pixels of an object's row."""
MOST = 5
"""Objects that are seen at once."""


class ExportOptionForm(OptionForm):
    """The options of one format."""

    def set_exporter(self, exporter: Exporter) -> None:
        """Show the options of a format with their default values."""
        while self.form.rowCount():
            self.form.removeRow(0)
        self.editors = {}
        for option in options_of(exporter):
            title = capitalized(self.tr(option.title or option.text))
            editor = self._editor(title, getattr(exporter, option.field))
            self.add_editor(option.field, title, capitalized(self.tr(option.text)), editor)
        align_labels(self.form)
        self.setVisible(bool(self.editors))

    def applied(self, exporter: Exporter) -> Exporter:
        """Return the exporter with what is chosen."""
        return with_values(exporter, self.values())

    def _editor(self, title: str, value: object) -> QWidget:
        if isinstance(value, bool):
            check = QCheckBox(title, self)
            check.setChecked(value)
            check.toggled.connect(self.changed)
            return check
        if isinstance(value, int):
            spin = NumberField(self)
            spin.setRange(1, 1000)
            spin.setValue(value)
            spin.valueChanged.connect(self.changed)
            return spin
        line = QLineEdit(str(value), self)
        line.setMaximumWidth(160)
        line.textChanged.connect(self.changed)
        return line


class ObjectPicker(QListWidget):
    """A list of objects with check marks; all are chosen at first.

    Signals:
        changed: another choice.
    """

    changed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("choices")
        self.itemChanged.connect(lambda _item: self.changed.emit())

    def set_objects(self, objects: Sequence[TrackedObject]) -> None:
        """Show these objects."""
        self.blockSignals(True)
        self.clear()
        for one in objects:
            item = QListWidgetItem(_swatch(one.color), one.shown_name)
            item.setData(Qt.ItemDataRole.UserRole, one.object_id)
            item.setSizeHint(QSize(100, ROW))
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Checked)
            self.addItem(item)
        self.blockSignals(False)
        whole_rows(self, least=1, most=MOST)

    def object_ids(self) -> tuple[int, ...]:
        """Return what is chosen; empty where it is all of them."""
        chosen = self._chosen()
        return () if len(chosen) == self.count() else chosen

    def any_chosen(self) -> bool:
        """True where there is something to be exported; with no objects it is not our business."""
        return bool(self._chosen()) or not self.count()

    def _chosen(self) -> tuple[int, ...]:
        items = [self.item(row) for row in range(self.count())]
        on = [item for item in items if item.checkState() is Qt.CheckState.Checked]
        return tuple(int(item.data(Qt.ItemDataRole.UserRole)) for item in on)


def _swatch(color: tuple[int, int, int]) -> QIcon:
    picture = QPixmap(14, 14)
    picture.fill(QColor(*color))
    return QIcon(picture)
