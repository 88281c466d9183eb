"""The onion skin: the neighboring keyframe as a ghost, read beside the window."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from core.types import Frame, LabelMap
from vosapp.session.session import Session
from vosapp.session.view import keyframes_in


class OnionSkin(QObject):
    """Finds and reads the keyframe before the current frame, or else the one after it.

    Keyframes are those of the current object; without one, of all objects.

    Attributes:
        frame, label_map: of that keyframe; None where nothing is to be shown.

    Signals:
        changed: they are others.
    """

    changed = Signal()

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._shown: int | None = None
        self.frame: Frame | None = None
        self.label_map: NDArray[np.uint8] | None = None
        session.asideReady.connect(self._take)

    def update(self, *, wanted: bool) -> None:
        """Show what belongs to the current frame, or nothing."""
        neighbor = self._neighbor() if wanted else None
        if neighbor == self._shown:
            return
        self._shown = neighbor
        if neighbor is None:
            self._show(None, None)
        else:
            self._session.look_aside(neighbor)

    def forget(self) -> None:
        """Read again the next time, where what is shown has changed."""
        if self._shown in self._session.update.change.frame_indices:
            self._shown = None

    def _neighbor(self) -> int | None:
        here, chosen = self._session.frame_index, self._session.object_id
        lanes = self._session.update.lanes
        wanted = [lanes[chosen]] if chosen in lanes else list(lanes.values())
        found = [keyframes_in(lane) for lane in wanted]
        frames = np.unique(np.concatenate([np.zeros(0, np.intp), *found]))
        before, after = frames[frames < here], frames[frames > here]
        if len(before):
            return int(before[-1])
        return int(after[0]) if len(after) else None

    def _take(self, index: int, frame: Frame, label_map: LabelMap) -> None:
        if index == self._shown:
            self._show(frame, label_map)

    def _show(self, frame: Frame | None, label_map: LabelMap | None) -> None:
        self.frame, self.label_map = frame, label_map
        self.changed.emit()
