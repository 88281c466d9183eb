"""The status bar: a hint, where the pointer is, the zoom, and how a propagation goes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QStatusBar, QToolButton, QWidget

from core.text import visible
from vosapp.session.work import WorkControl, WorkState
from vosapp.ui.elided import ElidedLabel
from vosapp.ui.theme import icon


class RunMeter(QWidget):
    """How work goes that one can work beside; hidden while there is none.

    Signals:
        stopWanted: the button was pressed.
    """

    stopWanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._works: list[WorkControl] = []
        self._bar, self._stop = QProgressBar(self), QToolButton(self)
        told = self.tr("Frames done, drafts, frames a second, time left, device, memory of vosapp")
        # A small window must not grow by what it is told.
        self._text = ElidedLabel(self, told)
        self._bar.setTextVisible(False)
        self._bar.setFixedSize(160, 6)
        self._bar.setAccessibleName(self.tr("Progress"))
        self._bar.setToolTip(self.tr("Steps done; most frames are walked twice"))
        self._stop.setAutoRaise(True)
        self._stop.setIconSize(QSize(16, 16))
        self._stop.setToolTip(self.tr("Stop; finished frames stay (Ctrl+.)"))
        self._stop.setAccessibleName(self.tr("Stop"))
        self._stop.clicked.connect(self.stopWanted)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self._text)
        row.addWidget(self._bar)
        row.addWidget(self._stop)
        self.refresh_theme()
        self.hide()

    def follow(self, work: WorkControl, tell: Callable[[Any], str]) -> None:
        """Show a work while it runs.

        Args:
            work: which, until `forget`.
            tell: says in a line how far it is, from its state.
        """

        def show(state: WorkState) -> None:
            self.show_work(tell(state), *state.bar)

        self._works.append(work)
        work.started.connect(self.show)
        work.stateChanged.connect(show)
        work.finished.connect(self.rest)

    def rest(self) -> None:
        """Something has ended: go, unless a work that is followed still runs."""
        self.setVisible(any(work.running for work in self._works))

    def forget(self) -> None:
        """Follow no work any more."""
        self._works.clear()
        self.hide()

    def begin(self, text: str) -> None:
        """Show that something was begun which is no `WorkControl`; `rest` follows."""
        self.show_work(text, 0, 0)
        self.show()

    def show_work(self, text: str, done: int, total: int) -> None:
        """Show how far a work is."""
        self._bar.setRange(0, total)
        self._bar.setValue(done)
        self._text.setText(visible(text))

    def refresh_theme(self) -> None:
        """Take the colors of the theme."""
        self._stop.setIcon(icon("stop-circle-outline", "danger"))


class StatusBar(QStatusBar):
    """The bar at the bottom of the window.

    Signals:
        stopWanted: what runs is to stop.
    """

    stopWanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeGripEnabled(False)
        self._hint = ElidedLabel(self, self.tr("What the tool in hand does"))
        self._place = ElidedLabel(self, self.tr("Pixel and object under the pointer"))
        self._zoom = QLabel(self)
        self.meter = RunMeter(self)
        self.meter.stopWanted.connect(self.stopWanted)
        self._zoom.setToolTip(self.tr("Pixels of the screen for one of the video"))
        for label, name in (
            (self._hint, self.tr("Hint")),
            (self._place, self.tr("Pointer")),
            (self._zoom, self.tr("Zoom")),
        ):
            label.setAccessibleName(name)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setContentsMargins(6, 2, 6, 2)
        self.addWidget(self._hint, 1)
        for widget in (self.meter, self._place, self._zoom):
            self.addPermanentWidget(widget)

    def showMessage(self, text: str, timeout: int | None = 0) -> None:
        """Show a message for some milliseconds; what is hidden in it is made visible."""
        super().showMessage(visible(text), timeout or 0)

    def show_canvas(self, *, shown: bool) -> None:
        """Show what is said of the canvas, or not while it is not seen."""
        for label in (self._hint, self._place, self._zoom):
            label.setVisible(shown)

    def show_hint(self, text: str) -> None:
        """Show what the tool in hand does."""
        self._hint.setText(visible(text))

    def show_place(self, x: int, y: int, name: str) -> None:
        """Show the pixel under the pointer and the object there; negative for none."""
        where = f"{x}, {y}" if x >= 0 and y >= 0 else ""
        self._place.setText(visible(f"{where}   {name}" if name and where else where))

    def show_zoom(self, zoom: float) -> None:
        """Show the zoom, 1 for 100 %; 0 hides it."""
        self._zoom.setText(f"{zoom * 100:.0f} %" if zoom > 0 else "")

    def refresh_theme(self) -> None:
        """Take the colors of the theme."""
        self.meter.refresh_theme()
