"""The onion skin: the outlines of the neighboring keyframe, read beside the window."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from core.jobs import CancelToken
from core.types import LabelMap
from vosapp.jobs.runner import JobHandle
from vosapp.session.session import Session
from vosapp.session.view import keyframes_in


class OnionSkin(QObject):
    """Finds and reads the keyframe before the current frame, or else the one after it.

    Keyframes are those of the current object; without one, of all objects.

    Signals:
        changed: `label_map` is another one.
    """

    changed = Signal()

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._shown: int | None = None
        self._job: JobHandle | None = None
        self.label_map: NDArray[np.uint8] | None = None

    def update(self, *, wanted: bool) -> None:
        """Show what belongs to the current frame, or nothing."""
        neighbor = self._neighbor() if wanted else None
        if neighbor == self._shown:
            return
        self._shown = neighbor
        if neighbor is None:
            self._show(None)
        else:
            self._read(neighbor)

    def forget(self) -> None:
        """Read again the next time, since masks changed."""
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

    def _read(self, index: int) -> None:
        project = self._session.project
        if self._job is not None:
            self._job.cancel()

        def job(token: CancelToken) -> Iterator[tuple[int, LabelMap]]:
            token.check()
            yield index, project.label_map(index)

        self._job = self._session.assistant.submit(job)
        self._job.batchReady.connect(self._take)

    def _take(self, values: list[tuple[int, LabelMap]]) -> None:
        index, label_map = values[-1]
        if index == self._shown:
            self._show(label_map)

    def _show(self, label_map: LabelMap | None) -> None:
        self.label_map = label_map
        self.changed.emit()
