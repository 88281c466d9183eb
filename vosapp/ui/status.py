"""The status bar: a hint, where the pointer is, the zoom, and how a propagation goes."""

from __future__ import annotations

import math

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QStatusBar, QToolButton, QWidget

from core.text import visible
from vosapp.session.choice import RunState
from vosapp.ui.theme import icon
from vosapp.ui.work.words import duration


class RunMeter(QWidget):
    """How the propagation goes; hidden while there is none.

    Signals:
        stopWanted: the button was pressed.
    """

    stopWanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bar, self._text, self._stop = QProgressBar(self), QLabel(self), QToolButton(self)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._bar.setTextVisible(False)
        self._bar.setFixedSize(160, 6)
        self._bar.setAccessibleName(self.tr("Progress"))
        self._bar.setToolTip(self.tr("Frames done of those to be computed"))
        self._text.setToolTip(
            self.tr("Frames done, frames a second, time left, device, memory of vosapp")
        )
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

    def show_state(self, state: RunState) -> None:
        """Show how far a run is."""
        self._bar.setRange(0, state.total)
        self._bar.setValue(state.done)
        self._text.setText(visible("   ".join(self._parts(state))))

    def show_work(self, text: str, done: int, total: int) -> None:
        """Show other work: opening, importing, exporting."""
        self._bar.setRange(0, total)
        self._bar.setValue(done)
        self._text.setText(visible(text))

    def set_stoppable(self, *, stoppable: bool) -> None:
        """Show the button, or not."""
        self._stop.setVisible(stoppable)

    def refresh_theme(self) -> None:
        """Take the colors of the theme."""
        self._stop.setIcon(icon("stop-circle-outline", "danger"))

    def _parts(self, state: RunState) -> list[str]:
        parts = []
        if state.total:
            parts.append(self.tr("{0} of {1} frames").format(state.done, state.total))
        elif state.text:
            parts.append(state.text)
        if state.frames_per_second:
            parts.append(self.tr("{0:.1f} frames/s").format(state.frames_per_second))
        if math.isfinite(state.seconds_left):
            parts.append(self.tr("{0} left").format(duration(state.seconds_left)))
        if state.device:
            parts.append(state.device.upper())
        if state.memory_bytes:
            parts.append(size(state.memory_bytes))
        return parts


class StatusBar(QStatusBar):
    """The bar at the bottom of the window.

    Signals:
        stopWanted: what runs is to stop.
    """

    stopWanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeGripEnabled(False)
        self._hint, self._place, self._zoom = QLabel(self), QLabel(self), QLabel(self)
        self.meter = RunMeter(self)
        self.meter.stopWanted.connect(self.stopWanted)
        self._hint.setToolTip(self.tr("What the tool in hand does"))
        self._place.setToolTip(self.tr("Pixel and object under the pointer"))
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


def size(count: float) -> str:
    """Return bytes as people say them: "640 MB", "1.2 GB"."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"
