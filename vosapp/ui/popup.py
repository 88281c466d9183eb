"""Menus that show what their entries mean."""

from __future__ import annotations

from PySide6.QtWidgets import QMenu, QWidget


class Popup(QMenu):
    """A menu with tooltips, opened without waiting for what is chosen."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(name, parent)
        self.setAccessibleName(name)
        self.setToolTipsVisible(True)
