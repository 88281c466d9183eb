"""The confidence of many frames as a picture: computed column by column, not drawn stroke by
stroke, so that a jagged curve over a long video costs what a smooth one does.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor, QImage

SOFT = 0.75
"""Pixels from the middle of the line to its edge, where it has faded."""
GROUND, SHADE, LIMIT = 0.06, 0.16, 0.26
"""Opacity above the line, below it, and of the line at which a value is low."""
FLAG = 0.34
"""Opacity of a column that is low, over all of its height: a line near the bottom is small."""
_EDGE = 1.5


def curve_height(value: NDArray[np.floating[Any]] | float, height: int) -> Any:
    """Return where a value of 0 to 1 lies, in pixels from the top; the same for all objects."""
    return height - _EDGE - value * (height - 2 * _EDGE)


def curve_image(
    y: NDArray[np.floating[Any]],
    colors: tuple[QColor, QColor],
    *,
    known: NDArray[np.bool_],
    low: NDArray[np.bool_],
    height: int,
    limit: int | None = None,
) -> QImage:
    """Return a line with one point a column, on a faint ground that is darker below it.

    Args:
        y: pixels from the top, one a column.
        colors: of the line, and of its low part.
        known: columns in which there is a line.
        low: columns in the second color, drawn broader, faintly colored from top to bottom.
        height: pixels of the picture.
        limit: row at which values begin to be low, in pixels from the top; None for no such line.

    Returns:
        `height` x len(y), transparent beside the line.
    """
    points = y.astype(np.float32)
    following = np.append(points[1:], points[-1])
    joined = known & np.append(known[1:], known[-1])
    end = np.where(joined, following, points)
    broad = np.where(low, np.float32(SOFT + 0.5), np.float32(SOFT))
    upper, lower = np.minimum(points, end) - broad, np.maximum(points, end) + broad
    rows = np.arange(height, dtype=np.float32)[:, None]
    cover = np.minimum(rows + 1 - upper, lower - rows)
    np.maximum(cover, np.where(rows >= upper, np.float32(SHADE), np.float32(GROUND)), out=cover)
    if limit is not None:
        np.maximum(cover[limit], np.float32(LIMIT), out=cover[limit])
    np.maximum(cover, np.where(low, np.float32(FLAG), np.float32(0)), out=cover)
    np.clip(cover, 0, known.astype(np.float32), out=cover)
    ink = np.where(low, np.uint32(_rgb(colors[1])), np.uint32(_rgb(colors[0])))
    pixels = (cover * 255).astype(np.uint32) << np.uint32(24) | ink
    image = QImage(pixels.tobytes(), len(y), height, 4 * len(y), QImage.Format.Format_ARGB32)
    # The bytes belong to Python and go when this returns.
    return image.copy()


def _rgb(color: QColor) -> int:
    return color.rgb() & 0xFFFFFF
