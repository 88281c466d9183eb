"""The options of an import, from the one table that the command line has, too."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QLineEdit, QWidget

from core.media.annotations.options import (
    IMPORT_OPTIONS,
    ImportOption,
    ImportOptions,
    parse_options,
)
from vosapp.ui.forms import align_labels


class ImportOptionForm(QWidget):
    """A field for each option; empty is as usual.

    Signals:
        changed: another value was chosen.
    """

    changed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._form = QFormLayout(self)
        self._form.setContentsMargins(0, 0, 0, 0)
        self._form.setHorizontalSpacing(14)
        self._form.setVerticalSpacing(6)
        self.editors: dict[str, QWidget] = {}
        for option in IMPORT_OPTIONS:
            self._add(option)
        align_labels(self._form)
        self._told = self._values()

    def options(self) -> ImportOptions:
        """Return what is chosen.

        Raises:
            UsageError: a text makes no sense.
        """
        return parse_options(self._values())

    def _values(self) -> dict[str, object]:
        return {name: _value(editor) for name, editor in self.editors.items()}

    def _tell_change(self, *_ignored: object) -> None:
        # A field that is only left has not changed.
        if self._values() != self._told:
            self._told = self._values()
            self.changed.emit()

    def _add(self, option: ImportOption) -> None:
        text = self.tr(option.text)
        title = self.tr(option.title)
        editor: QWidget
        if option.choices:
            box = QComboBox(self)
            box.addItem(self.tr("as the format says"), "")
            for choice in option.choices:
                box.addItem(self.tr(choice), choice)
            box.activated.connect(self._tell_change)
            editor = box
            self._form.addRow(title, box)
        elif option.metavar:
            line = QLineEdit(self)
            line.setPlaceholderText(option.metavar)
            line.setMaximumWidth(200)
            line.editingFinished.connect(self._tell_change)
            editor = line
            self._form.addRow(title, line)
        else:
            check = QCheckBox(title, self)
            check.toggled.connect(self._tell_change)
            editor = check
            self._form.addRow("", check)
        editor.setAccessibleName(title)
        editor.setToolTip(f"{text[:1].upper()}{text[1:]} ({option.flag})")
        self.editors[option.field] = editor


def _value(editor: QWidget) -> object:
    if isinstance(editor, QComboBox):
        return editor.currentData()
    if isinstance(editor, QCheckBox):
        return editor.isChecked()
    return editor.text() if isinstance(editor, QLineEdit) else ""
