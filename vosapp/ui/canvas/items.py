"""What lies in the scene: the picture and the label map over it, both in image pixels."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect, QRectF
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from core.types import Frame, LabelMap
from vosapp.ui.canvas.indexed_image import IndexedImage
from vosapp.ui.canvas.mapping import NOTHING, Grid, PixelRect
from vosapp.ui.canvas.outlines import rounded
from vosapp.ui.canvas.screen_image import ScreenImage

SMOOTH_BELOW = 2.5
"""Zoom from which single pixels are to be seen."""
REACH = 4
"""Device pixels around labels in which rounding may change something."""
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
        self._pixels: NDArray[np.uint8] | None = None

    def show_frame(self, frame: Frame, packed: NDArray[np.uint8] | None = None) -> None:
        """Draw another frame.

        Args:
            frame: H x W x 3 uint8 RGB.
            packed: the same as H x W x 4 (see `FrameView`), where that is there already.
        """
        height, width = frame.shape[:2]
        # 32 bits are what the painter scales fastest. The image does not own its pixels.
        pixels = cv2.cvtColor(frame, cv2.COLOR_RGB2BGRA) if packed is None else packed
        self._pixels = np.ascontiguousarray(pixels, np.uint8)
        data, stride = self._pixels.data, self._pixels.strides[0]
        self._image = QImage(data, width, height, stride, QImage.Format.Format_RGB32)
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

    Below the zoom from which single pixels are to be seen it is drawn at the screen's resolution,
    with the same rounded borders as the outlines: scaling colors takes several times as long.

    Attributes:
        version: counts complete changes of the label map.
        part: outside of it there is no object.
    """

    def __init__(self) -> None:
        super().__init__()
        self._indexed = IndexedImage(1, 1)
        self._screen = ScreenImage()
        self._grid: Grid | None = None
        self._table: list[int] = [0] * 256
        self.version = 0
        self.part = NOTHING

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
        left, top, wide, high = cv2.boundingRect(np.ascontiguousarray(label_map))
        self.part = PixelRect(left, top, left + wide, top + high)
        self.version += 1
        self.update()

    def set_colors(self, table: list[int]) -> None:
        """Draw in other colors; the label map is not touched."""
        if table != self._table:
            self._table = table
            self._indexed.set_colors(table)
            self._screen.set_colors(table)
            self.update()

    def touch(self, part: PixelRect) -> None:
        """Draw a part again, after writing to `labels`."""
        width, height = self._indexed.size
        if self.part.joined(part) != self.part:
            # All of it, so that a growing stroke does not draw everything anew with each move.
            self.part = PixelRect(0, 0, width, height)
        if self._grid is not None:
            self._screen.touch(self._grid.device_rect(part, REACH), self._render)
        size = (part.right - part.left, part.bottom - part.top)
        self.update(QRectF(part.left, part.top, *size))

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionGraphicsItem,
        widget: QWidget | None = None,
    ) -> None:
        """Draw it."""
        ratio = painter.device().devicePixelRatio()
        moved = painter.worldTransform()
        if widget is None or moved.m11() * ratio >= SMOOTH_BELOW:
            self._grid = None
            self._draw(painter, self._indexed.image, QRectF(option.exposedRect))
            return
        size = (round(widget.width() * ratio), round(widget.height() * ratio))
        self._grid = grid = Grid(moved.m11(), moved.dx(), moved.dy(), ratio, *size)
        # Black is drawn outside of objects, too, where they are shown as a matte.
        width, height = self._indexed.size
        whole = self.part if self._table[0] == 0 else PixelRect(0, 0, width, height)
        self._screen.update(grid, grid.device_rect(whole, REACH), self.version, self._render)
        exposed = moved.mapRect(QRectF(option.exposedRect)).toAlignedRect()
        painter.save()
        painter.resetTransform()
        self._screen.draw(painter, exposed.intersected(QRect(0, 0, *size)))
        painter.restore()

    def _render(self, grid: Grid, part: PixelRect) -> NDArray[np.uint8]:
        return rounded(grid, self.labels, part)
