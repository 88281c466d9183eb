"""Fields for the options of a recipe, each with its explanation. Made of the recipe's table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QLabel, QLineEdit, QWidget

from vosapp.session.training.planning import Setting
from vosapp.ui.forms import capitalized
from vosapp.ui.theme import set_tone
from vosapp.ui.train.option_fields import FIELD, ChoiceField, FileField

Value = int | float | bool | str
"""Of a setting."""


class RecipeOptions(QWidget):
    """The options of one way to train.

    Signals:
        changed: another value was chosen.
    """

    changed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.editors: dict[str, QWidget] = {}
        self._settings: dict[str, Setting] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 4, 8, 4)
        self._grid.setHorizontalSpacing(12)
        self._grid.setColumnStretch(2, 1)

    def set_settings(self, settings: Iterable[Setting]) -> None:
        """Show other settings, at their usual values."""
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                # Not only later: what it says must not stand below the new ones.
                widget.hide()
                widget.deleteLater()
        # What is left of the height is below the last row, wherever that was before.
        self._grid.setRowStretch(len(self._settings), 0)
        self.editors, self._settings = {}, {}
        for row, setting in enumerate(settings):
            self._settings[setting.name] = setting
            self._add(row, setting)
        self._grid.setRowStretch(len(self._settings), 1)

    def values(self) -> dict[str, Value]:
        """Return what differs from the usual; a text that is no value counts as the usual."""
        found = {}
        for name, setting in self._settings.items():
            value = _value(self.editors[name], setting)
            if value is not None and value != setting.usual:
                found[name] = value
        return found

    def set_values(self, values: Mapping[str, Value]) -> None:
        """Show values, as those of an earlier run; a word that is no choice leaves the usual."""
        for name, value in values.items():
            match self.editors.get(name):
                case QCheckBox() as box:
                    box.setChecked(bool(value))
                case FileField() as file:
                    file.set_text(str(value))
                case QComboBox() as words:
                    if (row := words.findData(value)) >= 0:
                        words.setCurrentIndex(row)
                case QLineEdit() as line:
                    line.setText(_text(value))

    def _add(self, row: int, setting: Setting) -> None:
        title = capitalized(setting.name.replace("-", " "))
        editor = self._editor(setting, title)
        head, text = QLabel(title, self), QLabel(_explained(setting), self)
        head.setBuddy(editor)
        text.setWordWrap(True)
        set_tone(text, "muted")
        editor.setAccessibleName(title)
        editor.setToolTip(f"<p>{_explained(setting)}</p>")
        self.editors[setting.name] = editor
        self._grid.addWidget(head, row, 0)
        self._grid.addWidget(editor, row, 1)
        self._grid.addWidget(text, row, 2)
        if isinstance(editor, QCheckBox):
            editor.toggled.connect(lambda _on: self.changed.emit())
        elif isinstance(editor, QComboBox):
            editor.activated.connect(lambda _row: self.changed.emit())
        elif isinstance(editor, FileField):
            editor.changed.connect(self.changed)
        elif isinstance(editor, QLineEdit):
            editor.editingFinished.connect(self.changed)

    def _editor(self, setting: Setting, title: str) -> QWidget:
        if setting.kind is bool:
            box = QCheckBox(self)
            box.setChecked(bool(setting.usual))
            return box
        usual = _text(setting.usual)
        if setting.choices:
            words = dict.fromkeys((*setting.choices, usual))
            return ChoiceField({word: word or self.tr("none") for word in words}, usual, self)
        if setting.kind is Path:
            return FileField(title, usual, self)
        line = QLineEdit(usual, self)
        line.setFixedWidth(FIELD)
        return line


def _value(editor: QWidget, setting: Setting) -> Value | None:
    """The value of a field; None for what is none, or is not possible."""
    match editor:
        case QCheckBox():
            return editor.isChecked()
        case FileField():
            return editor.text()
        case QComboBox():
            return str(editor.currentData())
        case QLineEdit():
            return _typed(editor.text().strip(), setting)
    return None


def _typed(text: str, setting: Setting) -> Value | None:
    if setting.kind is str:
        return text
    with suppress(ValueError, OverflowError):
        value = int(text) if setting.kind is int else float(text)
        return value if setting.least <= value <= setting.most else None
    return None


def _text(value: Value) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _explained(setting: Setting) -> str:
    text = capitalized(setting.help)
    if setting.kind is bool or not _text(setting.usual):
        return f"{text}."
    return f"{text}; usually {_text(setting.usual)}."
