"""Playing the video: in time, leaving frames out rather than slowing down."""

from __future__ import annotations

import time

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from vosapp.session.session import Session

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0)
"""Speeds to choose from; 1 is the video's own rate."""


class Playback(QObject):
    """Moves a session's current frame along with the clock.

    Attributes:
        speed: 1 for the video's own rate.

    Signals:
        playingChanged: it began or stopped (bool).
        speedChanged: it plays at another speed (float).
    """

    playingChanged = Signal(bool)
    speedChanged = Signal(float)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self.speed = 1.0
        self._begun = 0.0
        self._origin = 0

    @property
    def playing(self) -> bool:
        """True while it plays."""
        return self._timer.isActive()

    @property
    def _rate(self) -> float:
        """Frames a second."""
        return float(self._session.info.fps) * self.speed

    def set_speed(self, speed: float) -> None:
        """Play at another speed; what plays goes on from where it is.

        Raises:
            ValueError: it is not positive.
        """
        if not speed > 0:
            raise ValueError(f"no speed: {speed}")
        if speed == self.speed:
            return
        self.speed = speed
        if self.playing:
            self._go_from(self._session.frame_index)
        self.speedChanged.emit(speed)

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
        self._go_from(here if first <= here < stop - 1 else first)
        self._session.go_to(self._origin)
        self.playingChanged.emit(True)

    def stop(self) -> None:
        """Pause where it is."""
        if self.playing:
            self._timer.stop()
            self.playingChanged.emit(False)

    def _go_from(self, frame_index: int) -> None:
        self._origin, self._begun = frame_index, time.monotonic()
        self._timer.start(max(5, round(500 / self._rate)))

    def _tick(self) -> None:
        passed = (time.monotonic() - self._begun) * self._rate
        wanted, last = self._origin + int(passed), self._session.range[1] - 1
        self._session.go_to(min(wanted, last))
        if wanted >= last:
            self.stop()
