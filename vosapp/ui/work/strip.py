"""The foot of a page: how far its work is, and a button to stop it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from vosapp.ui.forms import name_all
from vosapp.ui.work.following import Following


class WorkStrip(Following, QWidget):
    """As the lower end of a `WorkDialog`, for pages of the window."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.works = []
        self.bar, self.state = QProgressBar(self), QLabel(self)
        self.stop_button = QPushButton(self.tr("Stop"), self)
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(6)
        self.bar.hide()
        self.stop_button.hide()
        self.state.setWordWrap(True)
        # What is said names files, and they are no markup.
        self.state.setTextFormat(Qt.TextFormat.PlainText)
        self.stop_button.clicked.connect(self.stop_works)
        row = QHBoxLayout()
        row.addWidget(self.state, 1)
        row.addWidget(self.stop_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.bar)
        column.addLayout(row)
        name_all(
            (self.bar, self.tr("Progress"), self.tr("How far it is")),
            (self.stop_button, self.tr("Stop"), self.tr("Stop; nothing changes")),
        )
