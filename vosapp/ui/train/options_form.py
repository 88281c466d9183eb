"""Fields for the options of a recipe, each with its explanation. Made of the recipe's table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLabel, QLineEdit, QWidget

from vosapp.session.training.planning import Setting
from vosapp.ui.forms import capitalized
from vosapp.ui.theme import set_tone

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
        """Show values, as those of an earlier run."""
        for name, value in values.items():
            editor = self.editors.get(name)
            if isinstance(editor, QCheckBox):
                editor.setChecked(bool(value))
            elif isinstance(editor, QLineEdit):
                editor.setText(_text(value))

    def _add(self, row: int, setting: Setting) -> None:
        title, editor = capitalized(setting.name.replace("-", " ")), _editor(setting)
        head, text = QLabel(title, self), QLabel(_explained(setting), self)
        head.setBuddy(editor)
        text.setWordWrap(True)
        set_tone(text, "muted")
        editor.setParent(self)
        editor.setAccessibleName(title)
        editor.setToolTip(f"<p>{_explained(setting)}</p>")
        self.editors[setting.name] = editor
        self._grid.addWidget(head, row, 0)
        self._grid.addWidget(editor, row, 1)
        self._grid.addWidget(text, row, 2)
        if isinstance(editor, QCheckBox):
            editor.toggled.connect(lambda _on: self.changed.emit())
        elif isinstance(editor, QLineEdit):
            editor.editingFinished.connect(self.changed)


def _editor(setting: Setting) -> QWidget:
    if setting.kind is bool:
        box = QCheckBox()
        box.setChecked(bool(setting.usual))
        return box
    line = QLineEdit(_text(setting.usual))
    line.setFixedWidth(110)
    return line


def _value(editor: QWidget, setting: Setting) -> Value | None:
    """The value of a field; None for what is none, or is not possible."""
    if isinstance(editor, QCheckBox):
        return editor.isChecked()
    if not isinstance(editor, QLineEdit):
        return None
    text = editor.text().strip()
    if setting.kind in (str, Path):
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
