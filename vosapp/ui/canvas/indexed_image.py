"""A QImage of color indices whose pixels numpy writes in place."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage


class IndexedImage:
    """An image of 256 colors.

    Qt owns the pixels. As long as nobody keeps a copy of `image`, neither writing to `pixels` nor
    another color table copies them.

    Attributes:
        image: to be drawn.
        pixels: H x W uint8 view of it; call for a repaint after writing.
    """

    def __init__(self, width: int, height: int) -> None:
        self.image = QImage(max(width, 1), max(height, 1), QImage.Format.Format_Indexed8)
        self.image.setColorTable([0] * 256)
        self.image.fill(0)
        stride = self.image.bytesPerLine()
        flat = np.frombuffer(self.image.bits(), np.uint8)
        self.pixels: NDArray[np.uint8] = flat.reshape(-1, stride)[:height, :width]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.pixels.shape[1], self.pixels.shape[0]

    def set_colors(self, table: list[int]) -> None:
        """Draw the same pixels in other colors (0xAARRGGBB)."""
        self.image.setColorTable(table)
