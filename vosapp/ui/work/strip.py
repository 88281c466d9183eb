"""The foot of a page: how far its work is, and a button to stop it."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from vosapp.ui.work.following import Following


class WorkStrip(Following, QWidget):
    """As the lower end of a `WorkDialog`, for pages of the window."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.make_parts(self)
        self.bar.setFixedHeight(6)
        row = QHBoxLayout()
        row.addWidget(self.state, 1)
        row.addWidget(self.stop_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.bar)
        column.addLayout(row)
