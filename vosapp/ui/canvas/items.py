"""What lies in the scene: the picture and the label map over it, both in image pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from core.types import Frame, LabelMap
from vosapp.ui.canvas.indexed_image import IndexedImage
from vosapp.ui.canvas.mapping import PixelRect

SMOOTH_BELOW = 2.5
"""Zoom from which single pixels are to be seen."""
GHOST = 0.35
"""Opacity of the onion skin's frame."""


class _ImageItem(QGraphicsItem):
    """Draws an image whose corner is the scene's origin; subclasses say which."""

    def __init__(self) -> None:
        super().__init__()
        self._rect = QRectF()
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemUsesExtendedStyleOption)

    def boundingRect(self) -> QRectF:
        """Return the image's area in the scene."""
        return self._rect

    def _resize(self, width: int, height: int) -> None:
        rect = QRectF(0, 0, width, height)
        if rect != self._rect:
            self.prepareGeometryChange()
            self._rect = rect

    def _draw(self, painter: QPainter, image: QImage, part: QRectF) -> None:
        """Draw the exposed part: smooth up to `SMOOTH_BELOW`, pixel by pixel from there."""
        scale = painter.worldTransform().m11() * painter.device().devicePixelRatio()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, scale < SMOOTH_BELOW)
        whole = part.adjusted(-1, -1, 1, 1).toAlignedRect().intersected(image.rect())
        painter.drawImage(whole, image, whole)


class FrameItem(_ImageItem):
    """The video's frame."""

    def __init__(self) -> None:
        super().__init__()
        self._image = QImage()

    def show_frame(self, frame: Frame) -> None:
        """Draw another frame, H x W x 3 uint8 RGB."""
        height, width = frame.shape[:2]
        packed = np.ascontiguousarray(frame)
        wrapped = QImage(packed.data, width, height, packed.strides[0], QImage.Format.Format_RGB888)
        # 32 bits are what the painter scales fastest; this is also the only copy.
        self._image = wrapped.convertToFormat(QImage.Format.Format_RGB32)
        self._resize(width, height)
        self.update()

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionGraphicsItem,
        _widget: QWidget | None = None,
    ) -> None:
        """Draw it."""
        self._draw(painter, self._image, QRectF(option.exposedRect))


class GhostItem(FrameItem):
    """Another frame, faintly over the current one."""

    def __init__(self) -> None:
        super().__init__()
        self.setOpacity(GHOST)


class LabelItem(_ImageItem):
    """The label map in the objects' colors.

    Attributes:
        version: counts complete changes of the label map.
    """

    def __init__(self) -> None:
        super().__init__()
        self._indexed = IndexedImage(1, 1)
        self._table: list[int] = [0] * 256
        self.version = 0

    @property
    def labels(self) -> NDArray[np.uint8]:
        """H x W object ids as they are drawn; written to while painting (see `touch`)."""
        return self._indexed.pixels

    def show_labels(self, label_map: LabelMap) -> None:
        """Draw another label map."""
        height, width = label_map.shape
        if self._indexed.size != (width, height):
            self._indexed = IndexedImage(width, height)
            self._indexed.set_colors(self._table)
            self._resize(width, height)
        np.copyto(self._indexed.pixels, label_map)
        self.version += 1
        self.update()

    def set_colors(self, table: list[int]) -> None:
        """Draw in other colors; the label map is not touched."""
        if table != self._table:
            self._table = table
            self._indexed.set_colors(table)
            self.update()

    def touch(self, part: PixelRect) -> None:
        """Draw a part again, after writing to `labels`."""
        size = (part.right - part.left, part.bottom - part.top)
        self.update(QRectF(part.left, part.top, *size))

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionGraphicsItem,
        _widget: QWidget | None = None,
    ) -> None:
        """Draw it."""
        self._draw(painter, self._indexed.image, QRectF(option.exposedRect))
