"""How large panels are, as the user wants them: a window that was small once gives it back."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QDockWidget, QMainWindow

SHARE = {Qt.Orientation.Horizontal: 0.4, Qt.Orientation.Vertical: 0.5}
"""Of a small window, at most, so that the picture keeps the larger part."""
PICTURE = {Qt.Orientation.Horizontal: 420, Qt.Orientation.Vertical: 260}
"""Pixels that are left to the picture and the bars of a larger one."""
_SIDES = (Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea)
_LARGEST = 10_000


class DockSizes(QObject):
    """Remembers the width or height of each panel, and gives it back when there is room again.

    Qt takes from panels what a small window lacks, and gives the picture all that comes back.

    Args:
        window: which has the panels.
        docks: by name.
        usual: pixels that they have at first, by name.
    """

    def __init__(
        self, window: QMainWindow, docks: Mapping[str, QDockWidget], usual: Mapping[str, int]
    ) -> None:
        super().__init__(window)
        self._window, self._docks = window, docks
        self._wanted = dict(usual)
        self._held = False
        for one in (window, *docks.values()):
            one.installEventFilter(self)

    def fit(self) -> None:
        """Give the panels the sizes that the user wants, as far as the window has room."""
        for name, dock in self._docks.items():
            if dock.isHidden() or dock.isFloating():
                continue
            way = self._way(dock)
            size = self._window.size()
            whole = size.width() if way is Qt.Orientation.Horizontal else size.height()
            most = max(int(whole * SHARE[way]), whole - PICTURE[way])
            self._window.resizeDocks([dock], [min(self._wanted[name], most)], way)

    def fit_soon(self) -> None:
        """Do so once panels that were shown just now have their places."""
        QTimer.singleShot(0, self, self.fit)

    def state(self) -> dict[str, int]:
        """Return the wanted sizes, for the settings."""
        return dict(self._wanted)

    def restore(self, state: object) -> None:
        """Take what `state` gave, as far as it makes sense."""
        for name, size in (state if isinstance(state, dict) else {}).items():
            if name in self._wanted and isinstance(size, int) and 0 < size < _LARGEST:
                self._wanted[name] = size

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A panel that changes while the mouse holds its border is as large as the user wants.

        Borders between panels are the window's own: it gets their presses.
        """
        if watched is self._window:
            if event.type() in (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonRelease):
                self._held = event.type() == QEvent.Type.MouseButtonPress
        elif self._held and isinstance(event, QResizeEvent):
            for name, dock in self._docks.items():
                if dock is watched and not dock.isFloating():
                    self._take(name, dock, event.size())
        return False

    def _take(self, name: str, dock: QDockWidget, size: QSize) -> None:
        across = self._way(dock) is Qt.Orientation.Horizontal
        self._wanted[name] = size.width() if across else size.height()

    def _way(self, dock: QDockWidget) -> Qt.Orientation:
        side = self._window.dockWidgetArea(dock) in _SIDES
        return Qt.Orientation.Horizontal if side else Qt.Orientation.Vertical
