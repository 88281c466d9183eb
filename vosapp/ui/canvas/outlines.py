"""Outlines, dashes and checkerboards at the screen's own resolution. No Qt.

They are computed from the part of a label map that is seen, device pixel by device pixel, so that
a line has the same width at every zoom and costs what the viewport costs, not the video.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from core.media.label_lines import edges
from core.media.label_lines import rounded as rounded_labels
from core.types import VOID
from vosapp.ui.canvas.mapping import Grid, PixelRect

DASH = 5
"""View units of one dash, and of the gap after it."""
ROUND_REACH = 3
"""Device pixels over which corners of pixels are rounded off."""
ROUND_BELOW = 2.5
"""Zoom from which the pixels of the mask are shown as they are."""
LIGHT_DASH, DARK_DASH, FILL = 1, 2, 3
"""Values of a proposal's picture: the two colors of the line, and the inside."""
CHECK = 10
"""View units of a square of the checkerboard."""


def outline(
    grid: Grid, labels: NDArray[np.uint8], part: PixelRect, width: float
) -> NDArray[np.uint8]:
    """Return the inner outline of every object.

    Args:
        grid: how the image lies on the viewport.
        labels: H x W label map.
        part: of the viewport, in device pixels.
        width: of the line in view units.

    Returns:
        of the part's size: an object's id on its line, else 0; void has no line.
    """
    reach = max(1, round(width * grid.ratio))
    margin = reach + ROUND_REACH
    found = _rounded(grid.sample(labels, part.grown(margin)), grid.zoom)
    line = cv2.bitwise_and(found, edges(found, reach))
    if (line == VOID).any():
        line = np.where(line == VOID, 0, line)
    return _cut(np.asarray(line, np.uint8), margin)


def rounded(grid: Grid, labels: NDArray[np.uint8], part: PixelRect) -> NDArray[np.uint8]:
    """Return the ids of a part of the viewport, with borders as `outline` draws them."""
    found = _rounded(grid.sample(labels, part.grown(ROUND_REACH)), grid.zoom)
    return _cut(found, ROUND_REACH)


def dashed_outline(
    grid: Grid, labels: NDArray[np.uint8], part: PixelRect, width: float
) -> NDArray[np.uint8]:
    """Return outlines as `outline` does, broken into dashes."""
    lines = outline(grid, labels, part, width)
    length = max(1, round(DASH * grid.ratio))
    rows = np.arange(part.top, part.bottom)[:, None]
    columns = np.arange(part.left, part.right)[None, :]
    lines[((rows + columns) // length) % 2 == 1] = 0
    return lines


def proposal(
    grid: Grid, mask: NDArray[np.uint8], part: PixelRect, phase: int, width: float
) -> NDArray[np.uint8]:
    """Return a mask's picture with a dashed line that moves with `phase`.

    Args:
        grid: how the image lies on the viewport.
        mask: H x W, 0 or 1.
        part: of the viewport, in device pixels.
        phase: device pixels that the dashes have moved.
        width: of the line in view units.

    Returns:
        of the part's size: 0, `LIGHT_DASH`, `DARK_DASH` or `FILL`.
    """
    reach = max(1, round(width * grid.ratio))
    margin = reach + ROUND_REACH
    found = _rounded(grid.sample(mask, part.grown(margin)), grid.zoom)
    line = edges(found, reach)
    length = max(1, round(DASH * grid.ratio))
    rows = np.arange(part.top - margin, part.bottom + margin)[:, None]
    columns = np.arange(part.left - margin, part.right + margin)[None, :]
    dark = ((rows + columns + phase) // length) % 2
    picture = np.where(line != 0, LIGHT_DASH + dark, FILL).astype(np.uint8)
    return _cut(picture * (found != 0), margin)


def cutout(
    grid: Grid, labels: NDArray[np.uint8], part: PixelRect, shown: NDArray[np.bool_]
) -> NDArray[np.uint8]:
    """Return the checkerboard that covers all but the objects.

    Args:
        grid: how the image lies on the viewport.
        labels: H x W label map.
        part: of the viewport, in device pixels.
        shown: 256, which ids are cut out.

    Returns:
        of the part's size: 0 on objects and outside the image, else 1 or 2.
    """
    found = rounded(grid, labels, part)
    side = max(1, round(CHECK * grid.ratio))
    rows = np.arange(part.top, part.bottom)[:, None] // side
    columns = np.arange(part.left, part.right)[None, :] // side
    board = (1 + (rows + columns) % 2).astype(np.uint8)
    board[np.take(shown, found)] = 0
    image = grid.device_rect(PixelRect(0, 0, labels.shape[1], labels.shape[0]))
    seen = np.zeros_like(board)
    rows_in = slice(max(0, image.top - part.top), max(0, image.bottom - part.top))
    columns_in = slice(max(0, image.left - part.left), max(0, image.right - part.left))
    seen[rows_in, columns_in] = board[rows_in, columns_in]
    return seen


def _rounded(labels: NDArray[np.uint8], zoom: float) -> NDArray[np.uint8]:
    """Round off the stairs of pixels, unless they are shown as they are."""
    if zoom >= ROUND_BELOW or zoom == 1.0:
        return labels
    return rounded_labels(labels, 5 if zoom > 1 else 3)


def _cut(picture: NDArray[np.uint8], margin: int) -> NDArray[np.uint8]:
    return np.ascontiguousarray(picture[margin:-margin, margin:-margin], np.uint8)
