"""Fields for what is one of a few words, and for a file; both stand in a list that scrolls."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QToolButton, QWidget

from vosapp.ui.dialogs.asking import choose_file
from vosapp.ui.plain import PathEdit

FIELD, FILE_FIELD = 110, 200
"""Pixels that a field is wide, and one for a file."""


class ChoiceField(QComboBox):
    """One of a few words. The wheel scrolls the list that it stands in, and changes nothing.

    Args:
        words: what is shown for each.
        chosen: one of them.
        parent: what it stands in.
    """

    def __init__(self, words: Mapping[str, str], chosen: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFixedWidth(FIELD)
        for word, shown in words.items():
            self.addItem(shown, word)
        self.setCurrentIndex(self.findData(chosen))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave it to the list."""
        event.ignore()


class FileField(QWidget):
    """A file that is typed or chosen; none is possible.

    Args:
        title: what the file is for.
        chosen: its path; may be empty.
        parent: what it stands in.

    Signals:
        changed: another file was chosen, or typing has ended.
    """

    changed = Signal()

    def __init__(self, title: str, chosen: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._title = title
        self.path, self.button = PathEdit(self), QToolButton(self)
        self.button.setText("\u2026")
        self.button.setAccessibleName(self.tr("Choose file"))
        self.button.setToolTip(self.tr("Choose a file"))
        self.path.setAccessibleName(title)
        self.setFocusProxy(self.path)
        self.setFixedWidth(FILE_FIELD)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self.path, 1)
        row.addWidget(self.button)
        self.path.editingFinished.connect(self.changed)
        self.button.clicked.connect(self._choose)
        self.set_text(chosen)

    def text(self) -> str:
        """Return the path; empty for none."""
        path = self.path.path() if self.path.text().strip() else None
        return "" if path is None else str(path)

    def set_text(self, path: str) -> None:
        """Show a path; empty for none."""
        if path:
            self.path.set_path(Path(path))
        else:
            self.path.clear()

    def _choose(self) -> None:
        folder = str(Path(self.text()).parent) if self.text() else ""
        filters = self.tr("All files (*)")
        choose_file(self, self._title, owner=self, filters=filters, folder=folder, take=self._take)

    def _take(self, path: Path) -> None:
        self.path.set_path(path)
        self.changed.emit()
