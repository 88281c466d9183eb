"""Samples as the network will see them, and label maps over frames."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from core.text import visible
from vosapp.project.colors import usual_color
from vosapp.ui.theme import tones

if TYPE_CHECKING:
    from vosapp.services.training.preview import Sample

OPACITY = 0.5
GAP = 8
SEVERAL, LEAST_SIDE = 4, 90
"""Samples that should have room, while their pictures have a side of so many pixels."""
FRAMES = 2
"""Frames of each sample that are shown, the first and the last."""


def over(frame: NDArray[np.uint8], labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a frame with masks in the usual colors over it; void stays as it is.

    Args:
        frame: h x w x 3 uint8.
        labels: h x w uint8 object ids.
    """
    colors, share = np.zeros((256, 3), np.float32), np.zeros(256, np.float32)
    for object_id in np.unique(labels):
        if 0 < object_id < 255:
            colors[object_id], share[object_id] = usual_color(int(object_id)), OPACITY
    part = share[labels][..., None]
    return np.asarray(frame * (1 - part) + colors[labels] * part, np.uint8)


def image_of(pixels: NDArray[np.uint8]) -> QImage:
    """Return h x w x 3 uint8 as an image of its own."""
    height, width = pixels.shape[:2]
    data = np.ascontiguousarray(pixels)
    return QImage(data.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()


class SampleStrip(QWidget):
    """Samples in a row: their first and their last frame, with masks and boxes."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._tiles: list[tuple[str, list[QImage]]] = []
        self.setAccessibleName(self.tr("Samples"))
        self.setToolTip(
            self.tr("Clips as the network sees them: first and last frame, boxes and masks")
        )
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(110)
        self.hide()

    @property
    def has_samples(self) -> bool:
        """True where there is something to show."""
        return bool(self._tiles)

    def clear(self) -> None:
        """Show nothing."""
        self._tiles = []
        self.hide()

    def show_samples(self, samples: Sequence[Sample]) -> None:
        """Show samples; they are made into pictures here, once."""
        self._tiles = [(visible(sample.clip), _pictures(sample)) for sample in samples]
        self.setVisible(self.has_samples)
        self.update()

    def sizeHint(self) -> QSize:
        """Room for a row."""
        return QSize(600, 180)

    def _side(self) -> int:
        """Of a picture, in pixels: so that several samples have room, but none is tiny."""
        high = self.height() - self.fontMetrics().height() - 4
        wide = (self.width() // min(SEVERAL, max(1, len(self._tiles))) - GAP) // FRAMES - 2
        return min(high, max(wide, LEAST_SIDE))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw as many as there is room for."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        metrics = painter.fontMetrics()
        side, left = self._side(), 0
        for name, images in self._tiles:
            room = FRAMES * side + 2
            if left + room > self.width():
                break
            for number, image in enumerate(images):
                painter.drawImage(QRectF(left + number * (side + 2), 0, side, side), image)
            painter.setPen(QColor(tones().muted))
            text = metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, room)
            painter.drawText(QPointF(left, side + metrics.ascent() + 2), text)
            left += room + GAP


def _pictures(sample: Sample) -> list[QImage]:
    places = sorted({0, len(sample.frames) - 1})
    return [_picture(sample, place) for place in places]


def _picture(sample: Sample, place: int) -> QImage:
    frame = np.asarray(sample.frames[place], np.uint8)
    if sample.masked[place]:
        frame = over(frame, sample.label_maps[place])
    image = image_of(frame)
    painter = QPainter(image)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for number, box in enumerate(np.asarray(sample.boxes[place]), 1):
        if np.isfinite(box).all() and box[2] > 0:
            painter.setPen(QPen(QColor(*usual_color(number)), 2))
            painter.drawRect(QRectF(*(float(v) for v in box)))
    painter.end()
    return image
