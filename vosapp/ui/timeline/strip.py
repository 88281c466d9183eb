"""What the timeline shows of lanes and thumbnails, kept as pictures while nothing changes."""

from __future__ import annotations

from dataclasses import dataclass, field

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QPixmap

from core.cache import LruCache
from core.types import Frame
from vosapp.project.model import TrackedObject
from vosapp.session.thumbnails import ThumbnailLoader
from vosapp.session.view import LaneView
from vosapp.ui.timeline.axis import TimeAxis
from vosapp.ui.timeline.columns import changed_part
from vosapp.ui.timeline.lane_picture import LaneLook, LanePainter
from vosapp.ui.timeline.layout import STRIP
from vosapp.ui.timeline.ruler import Slot, paint_thumbnail, slots

MOST_PICTURES = 600
"""Thumbnails kept as they are drawn."""
MOST_LANES = 80
"""Lanes kept as they are drawn: more than a screen has."""


@dataclass(frozen=True, slots=True, eq=False)
class _Drawn:
    lane: LaneView
    axis: TimeAxis
    look: LaneLook
    references: frozenset[int]
    picture: QPixmap


@dataclass(slots=True)
class LanePictures:
    """Lanes as they were drawn last; one is drawn anew when anything that it shows changed."""

    _drawn: dict[int, _Drawn] = field(default_factory=dict)
    _painters: dict[LaneLook, LanePainter] = field(default_factory=dict)

    def forget(self) -> None:
        """Draw everything anew, as after a change of the theme."""
        self._drawn.clear()
        self._painters.clear()

    def keep(self, object_ids: set[int]) -> None:
        """Drop the pictures of other objects."""
        self._drawn = {i: drawn for i, drawn in self._drawn.items() if i in object_ids}

    def get(
        self,
        item: TrackedObject,
        lane: LaneView,
        axis: TimeAxis,
        *,
        look: LaneLook,
        references: frozenset[int],
    ) -> QPixmap:
        """Return the picture of an object's lane."""
        old = self._drawn.get(item.object_id)
        if (
            old is not None
            and old.lane is lane
            and (old.axis, old.look, old.references) == (axis, look, references)
        ):
            return old.picture
        painter = self._painter(look)
        if old is not None and (old.axis, old.look, old.references) == (axis, look, references):
            # While results come in only some columns change.
            picture, part = old.picture, changed_part(old.lane, lane, axis)
            if len(part):
                painter.mend(picture, lane, axis, references=references, part=part)
        else:
            picture = painter.picture(lane, axis, references)
        self._drawn.pop(item.object_id, None)
        if len(self._drawn) >= MOST_LANES:
            del self._drawn[next(iter(self._drawn))]
        self._drawn[item.object_id] = _Drawn(lane, axis, look, references, picture)
        return picture

    def _painter(self, look: LaneLook) -> LanePainter:
        if look not in self._painters:
            if len(self._painters) > 600:
                self._painters.clear()
            self._painters[look] = LanePainter(look)
        return self._painters[look]


class ThumbnailStrip:
    """Thumbnails as they are drawn.

    Args:
        loader: makes them, in its own thread.
        aspect: width of a frame over its height.
        count: frames of the video.
    """

    def __init__(self, loader: ThumbnailLoader, aspect: float, count: int) -> None:
        self._loader, self._aspect, self._count = loader, aspect, count
        self._pictures: LruCache[int, QPixmap] = LruCache(MOST_PICTURES, lambda _: 1)
        self._asked: tuple[int, ...] = ()

    def ask(self, axis: TimeAxis) -> None:
        """Ask for what an axis shows: from the middle on, then what lies before it.

        Ascending in both halves: a decoder that goes on is many times as fast as one that seeks.
        """
        frames = [slot.frame for slot in slots(axis, self._aspect)]
        middle = axis.first + axis.shown / 2
        wanted = tuple(sorted(frames, key=lambda i: (i < middle, i)))
        if wanted != self._asked:
            self._asked = wanted
            self._loader.want(wanted, "strip")

    def paint(self, painter: QPainter, axis: TimeAxis, x: tuple[float, float]) -> None:
        """Draw the places between two pixels."""
        end = axis.x_of(self._count)
        painter.save()
        painter.setClipRect(QRectF(0, 0, end, 10_000), Qt.ClipOperation.IntersectClip)
        for slot in slots(axis, self._aspect):
            if slot.left < x[1] and slot.left + slot.width > x[0]:
                picture, own = self._picture(slot)
                paint_thumbnail(painter, slot, picture, own=own)
        painter.restore()

    def _picture(self, slot: Slot) -> tuple[QPixmap | None, bool]:
        if (own := self._pixmap(slot.frame)) is not None:
            return own, True
        near = self._loader.nearest(slot.frame, max(2, self._count // 40))
        return (None if near is None else self._pixmap(near)), False

    def _pixmap(self, frame_index: int) -> QPixmap | None:
        found = self._pictures.get(frame_index)
        if found is None and (thumbnail := self._loader.get(frame_index)) is not None:
            found = self._pictures.put(frame_index, to_pixmap(thumbnail, STRIP))
        return found


def to_pixmap(frame: Frame, height: int) -> QPixmap:
    """Return a small frame as a picture that is some pixels high on any screen."""
    rows, columns = frame.shape[:2]
    image = QImage(frame.tobytes(), columns, rows, 3 * columns, QImage.Format.Format_RGB888)
    pixmap = QPixmap.fromImage(image)
    pixmap.setDevicePixelRatio(max(1.0, rows / height))
    return pixmap
