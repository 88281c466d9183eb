"""Colors of the timeline: objects stay recognizable on light and on dark ground."""

from __future__ import annotations

from PySide6.QtCore import QLineF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPen, QPixmap

Rgb = tuple[int, int, int]

LEAST_CONTRAST = 2.4
"""Between an object's bar and what is behind it; 1 is none."""


def luminance(color: QColor) -> float:
    """Return the relative luminance, 0..1, as the Web Content Accessibility Guidelines say."""

    def linear(value: float) -> float:
        return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)

    red, green, blue = (linear(c) for c in (color.redF(), color.greenF(), color.blueF()))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: QColor, other: QColor) -> float:
    """Return the contrast ratio of two colors, 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def readable(color: Rgb, ground: QColor) -> QColor:
    """Return an object's color, moved just so far that it is seen on a ground."""
    found = QColor(*color)
    toward = QColor(Qt.GlobalColor.white if luminance(ground) < 0.2 else Qt.GlobalColor.black)
    for _ in range(12):
        if contrast(found, ground) >= LEAST_CONTRAST:
            break
        found = mixed(found, toward, 0.15)
    return found


def mixed(one: QColor, other: QColor, share: float) -> QColor:
    """Return a color with a share of another one."""

    def between(start: int, end: int) -> int:
        return round(start + (end - start) * share)

    return QColor(
        between(one.red(), other.red()),
        between(one.green(), other.green()),
        between(one.blue(), other.blue()),
    )


def faded(color: QColor, alpha: int) -> QColor:
    """Return a color with an opacity of 0..255."""
    found = QColor(color)
    found.setAlpha(alpha)
    return found


def on_color(color: QColor) -> QColor:
    """Return black or white, whichever reads better on a color."""
    return QColor("#ffffff") if luminance(color) < 0.35 else QColor("#14171c")


def seen_on(ground: QColor) -> QColor:
    """Return black or white, whichever has more contrast to what is below a thin line."""
    return max((QColor("#ffffff"), QColor("#14171c")), key=lambda one: contrast(one, ground))


def hatch(color: QColor, ratio: float) -> QBrush:
    """Return thin diagonal lines, for what is stale."""
    return _tile(6, ratio, QPen(color, 1.0), (QLineF(-2, 8, 8, -2), QLineF(-2, 2, 2, -2)))


def ticks(color: QColor, ratio: float) -> QBrush:
    """Return small check marks, for what the user has checked."""
    return _tile(14, ratio, QPen(color, 1.5), (QLineF(3, 7.5, 5.5, 10), QLineF(5.5, 10, 10, 4.5)))


def dashes(color: QColor, ratio: float) -> QBrush:
    """Return a row of dashes, for where the engine found nothing."""
    tile = QPixmap(round(5 * ratio), round(5 * ratio))
    tile.fill(Qt.GlobalColor.transparent)
    tile.setDevicePixelRatio(ratio)
    painter = QPainter(tile)
    painter.fillRect(0, 0, 3, 5, color)
    painter.end()
    return QBrush(tile)


def _tile(size: int, ratio: float, pen: QPen, lines: tuple[QLineF, ...]) -> QBrush:
    tile = QPixmap(round(size * ratio), round(size * ratio))
    tile.fill(Qt.GlobalColor.transparent)
    tile.setDevicePixelRatio(ratio)
    painter = QPainter(tile)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(pen)
    painter.drawLines(list(lines))
    if len(lines) and size < 10:
        painter.drawLine(QLineF(size - 2, size + 2, size + 2, size - 2))
    painter.end()
    return QBrush(tile)
