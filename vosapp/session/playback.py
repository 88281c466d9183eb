"""Playing the video at its own rate: in time, leaving frames out rather than slowing down."""

from __future__ import annotations

import time

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from vosapp.session.session import Session


class Playback(QObject):
    """Moves a session's current frame along with the clock.

    Signals:
        playingChanged: it began or stopped (bool).
    """

    playingChanged = Signal(bool)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._begun = 0.0
        self._origin = 0

    @property
    def playing(self) -> bool:
        """True while it plays."""
        return self._timer.isActive()

    def toggle(self) -> None:
        """Play from the current frame, from the start at the end of the range; or pause."""
        if self.playing:
            self.stop()
        else:
            self.start()

    def start(self) -> None:
        """Play within in and out points."""
        first, stop = self._session.range
        here = self._session.frame_index
        self._origin = here if first <= here < stop - 1 else first
        self._begun = time.monotonic()
        self._timer.start(max(5, round(500 / float(self._session.info.fps))))
        self._session.go_to(self._origin)
        self.playingChanged.emit(True)

    def stop(self) -> None:
        """Pause where it is."""
        if self.playing:
            self._timer.stop()
            self.playingChanged.emit(False)

    def _tick(self) -> None:
        passed = (time.monotonic() - self._begun) * float(self._session.info.fps)
        wanted, last = self._origin + int(passed), self._session.range[1] - 1
        self._session.go_to(min(wanted, last))
        if wanted >= last:
            self.stop()
