"""Box labels as they are shown: the project's, and those that are on their way to it. No Qt."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Future

from vosapp.project.boxes import BoxLabel
from vosapp.project.model import Change
from vosapp.ui.tools.boxes import Box, grip_at


class LabelDrafts:
    """Labels that were drawn and that the session does not show yet, the newest last."""

    def __init__(self) -> None:
        self._sent: list[tuple[BoxLabel, Future[Change]]] = []

    def send(self, label: BoxLabel, future: Future[Change]) -> None:
        """A label is on its way."""
        self._sent.append((label, future))

    def arrive(self, change: Change) -> None:
        """The session shows what this change made, and what was asked for before it."""
        for place, (_, future) in enumerate(self._sent):
            if future.done() and not _failed(future) and future.result() is change:
                del self._sent[: place + 1]
                return

    def clear(self) -> None:
        """Nothing is on its way any more."""
        self._sent.clear()

    def newest(self, object_id: int, frame_index: int) -> BoxLabel | None:
        """Return the last label of an object on a frame that is on its way; None for none."""
        key = (object_id, frame_index)
        found = [x for x, _ in self._sent if (x.object_id, x.frame_index) == key]
        return found[-1] if found else None


def corners(label: BoxLabel) -> Box:
    """Return a label as a box of tools."""
    return label.x, label.y, label.x + label.width, label.y + label.height


def label_at(labels: Iterable[BoxLabel], place: tuple[float, float], reach: float) -> int:
    """Return whose box is at a place, the smallest where several are; 0 for none."""
    hit = [x for x in labels if x.visible and grip_at(corners(x), *place, reach=reach) is not None]
    return min(hit, key=lambda x: x.width * x.height).object_id if hit else 0


def _failed(future: Future[Change]) -> bool:
    return future.cancelled() or future.exception() is not None
