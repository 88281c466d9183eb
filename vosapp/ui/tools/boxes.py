"""Boxes and their handles: hit tests and dragging. No Qt."""

from __future__ import annotations

from enum import Enum

Box = tuple[float, float, float, float]
"""x0, y0, x1, y1 in image pixels, x0 <= x1 and y0 <= y1."""


class Grip(Enum):
    """What of a box is held: which of its sides follow the cursor, across and down."""

    TOP_LEFT = (-1, -1)
    TOP = (0, -1)
    TOP_RIGHT = (1, -1)
    RIGHT = (1, 0)
    BOTTOM_RIGHT = (1, 1)
    BOTTOM = (0, 1)
    BOTTOM_LEFT = (-1, 1)
    LEFT = (-1, 0)
    WHOLE = (0, 0)


HANDLES = tuple(grip for grip in Grip if grip is not Grip.WHOLE)


def handle_position(box: Box, grip: Grip) -> tuple[float, float]:
    """Return where a handle of a box is, in image pixels."""
    (x0, y0, x1, y1), (across, down) = box, grip.value
    return (x0 + x1 + across * (x1 - x0)) / 2, (y0 + y1 + down * (y1 - y0)) / 2


def grip_at(box: Box, x: float, y: float, *, reach: float) -> Grip | None:
    """Return what a press takes hold of: the nearest handle within reach, else the inside.

    Corners win over sides, so that a small box can still be made larger.
    """
    near = []
    for grip in HANDLES:
        place = handle_position(box, grip)
        distance = max(abs(place[0] - x), abs(place[1] - y))
        if distance <= reach:
            near.append((0 in grip.value, distance, grip))
    if near:
        return min(near, key=lambda found: found[:2])[2]
    x0, y0, x1, y1 = box
    return Grip.WHOLE if x0 <= x < x1 and y0 <= y < y1 else None


def between(start: tuple[float, float], end: tuple[float, float], width: int, height: int) -> Box:
    """Return the box between two corners, cut to the image."""
    xs = sorted(min(max(x, 0.0), float(width)) for x in (start[0], end[0]))
    ys = sorted(min(max(y, 0.0), float(height)) for y in (start[1], end[1]))
    return xs[0], ys[0], xs[1], ys[1]


def dragged(box: Box, grip: Grip, by: tuple[float, float], size: tuple[int, int]) -> Box:
    """Return a box after one of its grips was moved; it stays in the image.

    Args:
        box: as it was when it was taken hold of.
        grip: what is held.
        by: how far the cursor moved since, in image pixels.
        size: width and height of the image.
    """
    x0, y0, x1, y1 = box
    dx, dy = by
    if grip is Grip.WHOLE:
        dx = min(max(dx, -x0), size[0] - x1)
        dy = min(max(dy, -y0), size[1] - y1)
        return x0 + dx, y0 + dy, x1 + dx, y1 + dy
    across, down = grip.value
    start = x0 + dx * (across < 0), y0 + dy * (down < 0)
    end = x1 + dx * (across > 0), y1 + dy * (down > 0)
    return between(start, end, *size)


def has_area(box: Box, least: float = 1.0) -> bool:
    """True where a box is at least so many pixels wide and high."""
    return box[2] - box[0] >= least and box[3] - box[1] >= least
