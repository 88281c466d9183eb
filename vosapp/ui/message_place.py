"""Where messages stand: below the picture, with room made for them, so that they cover nothing."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow, QWidget

from vosapp.ui.notice import NoticeBar

_PLACING = (QEvent.Type.Show, QEvent.Type.Hide, QEvent.Type.Resize, QEvent.Type.Move)


class MessagePlace(QObject):
    """Keeps the message at the lower edge of the timeline, else at that of what is shown.

    The timeline gives the room: the picture above it neither moves nor shrinks.

    Args:
        window: in which it stands.
        bar: the message.
        center: what is in the middle of the window; its layout gets a margin where the message
            has no other place.
    """

    def __init__(self, window: QMainWindow, bar: NoticeBar, center: QWidget) -> None:
        super().__init__(window)
        self._window, self._bar, self._center = window, bar, center
        self._dock: QDockWidget | None = None
        self._placing = False
        # Before it is shown: a layout whose widget is resized while it appears does not follow.
        bar.said.connect(self.place)
        bar.closed.connect(self.place)
        # Its parts may ask for more room once they are laid out.
        bar.installEventFilter(self)
        center.installEventFilter(self)

    def follow(self, dock: QDockWidget) -> None:
        """Use a panel's lower edge while it is shown below the middle."""
        self._dock = dock
        dock.installEventFilter(self)
        dock.topLevelChanged.connect(lambda _floating: self.place())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """What the message stands in has moved, or the message is laid out anew."""
        own = watched is self._bar
        if event.type() == QEvent.Type.LayoutRequest if own else event.type() in _PLACING:
            self.place()
        return False

    def place(self) -> None:
        """Put the message where it belongs now."""
        if self._placing:
            return
        self._placing = True
        try:
            self._place()
        finally:
            self._placing = False

    def _place(self) -> None:
        host = self._host()
        height = 0 if self._bar.notice is None else self._bar.heightForWidth(host.width())
        for one in (self._center, None if self._dock is None else self._dock.widget()):
            layout = None if one is None else one.layout()
            if layout is not None:
                layout.setContentsMargins(0, 0, 0, height if one is host else 0)
        if height:
            corner = host.mapTo(self._window, QPoint(0, host.height() - height))
            self._bar.setGeometry(corner.x(), corner.y(), host.width(), height)
            self._bar.raise_()

    def _host(self) -> QWidget:
        dock = self._dock
        if dock is None or dock.isHidden() or dock.isFloating():
            return self._center
        below = self._window.dockWidgetArea(dock) is Qt.DockWidgetArea.BottomDockWidgetArea
        panel = dock.widget()
        return panel if below and panel is not None else self._center
