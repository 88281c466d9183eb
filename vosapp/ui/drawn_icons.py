"""Icons that we draw ourselves, where the icon set has none that says it; and the program's mark.

All are drawn in a square of 24 x 24 units, so that they are sharp at any size.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPainterPath, QPen, QPixmap, QPolygonF

SIZES = (16, 18, 20, 22, 24, 32, 36, 40, 48)
"""Pixels of the sides that icons are drawn at; other sizes are scaled from the next larger one."""
MARK_SIZES = (16, 24, 32, 48, 64, 128, 256)
_SIDE = 24.0

Drawing = Callable[[QPainter], None]


def drawn(name: str, color: QColor, disabled: QColor) -> QIcon:
    """Return an icon of ours in a color.

    Args:
        name: one of `DRAWINGS`.
        color: of its lines.
        disabled: of its lines where it cannot be used.
    """
    found = QIcon()
    for size in SIZES:
        for tone, mode in ((color, QIcon.Mode.Normal), (disabled, QIcon.Mode.Disabled)):
            found.addPixmap(_picture(DRAWINGS[name], size, tone), mode)
    return found


def mark_icon() -> QIcon:
    """Return the mark of the program, for title bars and lists of windows."""
    found = QIcon()
    for size in MARK_SIZES:
        found.addPixmap(mark(size))
    return found


def mark(size: int, ratio: float = 1.0) -> QPixmap:
    """Return the mark of the program: the corners of a box around a shape.

    Args:
        size: pixels of its sides.
        ratio: device pixels of a pixel.
    """
    made = _picture(_draw_mark, round(size * ratio), QColor())
    made.setDevicePixelRatio(ratio)
    return made


def write_widget_images(folder: Path, theme: str, *, line: str, on_accent: str) -> None:
    """Write the images that the style sheet of a theme names.

    Args:
        folder: where to.
        theme: part of their names.
        line: color of arrows.
        on_accent: color of what is drawn on the accent color.
    """
    for name, (drawing, size) in _WIDGET_PARTS.items():
        color = QColor(line if name in ("up", "down") else on_accent)
        for factor, ending in ((1, ""), (2, "@2x")):
            picture = _picture(drawing, size * factor, color)
            picture.save(str(folder / f"{name}-{theme}{ending}.png"), "PNG")


def _picture(drawing: Drawing, size: int, color: QColor) -> QPixmap:
    pixmap = QPixmap(size, size)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(size / _SIDE, size / _SIDE)
    painter.setBrush(color)
    cap, join = Qt.PenCapStyle.FlatCap, Qt.PenJoinStyle.MiterJoin
    painter.setPen(QPen(color, 2.0, Qt.PenStyle.SolidLine, cap, join))
    drawing(painter)
    painter.end()
    return pixmap


def _bracket(painter: QPainter, x: float, way: int) -> None:
    corner = [QPointF(x + 4 * way, 4), QPointF(x, 4), QPointF(x, 20), QPointF(x + 4 * way, 20)]
    painter.drawPolyline(QPolygonF(corner))


def _arrow(painter: QPainter, x: float, way: int) -> None:
    """A filled triangle with its tip at x."""
    painter.save()
    painter.setPen(Qt.PenStyle.NoPen)
    back = x - 7 * way
    painter.drawPolygon(QPolygonF([QPointF(x, 12), QPointF(back, 7.5), QPointF(back, 16.5)]))
    painter.restore()


def _draw_in(painter: QPainter) -> None:
    _bracket(painter, 5, 1)
    _arrow(painter, 18, 1)


def _draw_out(painter: QPainter) -> None:
    _bracket(painter, 19, -1)
    _arrow(painter, 6, -1)


def _draw_range(painter: QPainter) -> None:
    _bracket(painter, 3, 1)
    _bracket(painter, 21, -1)
    painter.save()
    painter.setPen(Qt.PenStyle.NoPen)
    painter.drawRect(QRectF(8, 10.5, 8, 3))
    painter.restore()


def _draw_no_range(painter: QPainter) -> None:
    _bracket(painter, 3, 1)
    _bracket(painter, 21, -1)
    painter.drawLine(QPointF(9, 9), QPointF(15, 15))
    painter.drawLine(QPointF(9, 15), QPointF(15, 9))


def _draw_mark(painter: QPainter) -> None:
    """A box was drawn around something, and its shape was found."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor("#0b63ce"))
    painter.drawRoundedRect(QRectF(0.5, 0.5, 23, 23), 5, 5)
    painter.setBrush(QColor("#ffd45e"))
    painter.drawPath(_blob())
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor("#ffffff"), 1.8))
    for x, y in ((4.4, 4.4), (19.6, 4.4), (4.4, 19.6), (19.6, 19.6)):
        across, down = math.copysign(4.0, 12 - x), math.copysign(4.0, 12 - y)
        corner = [QPointF(x + across, y), QPointF(x, y), QPointF(x, y + down)]
        painter.drawPolyline(QPolygonF(corner))


def _blob() -> QPainterPath:
    path = QPainterPath(QPointF(7.2, 14.5))
    path.cubicTo(5.8, 9.5, 9.5, 6.2, 13.2, 7.2)
    path.cubicTo(17.2, 8.2, 18.6, 11.6, 16.8, 14.6)
    path.cubicTo(15.2, 17.4, 8.6, 19.2, 7.2, 14.5)
    return path


def _draw_check(painter: QPainter) -> None:
    _round(painter, 3.4).drawPolyline(
        QPolygonF([QPointF(5, 12.5), QPointF(10, 17.5), QPointF(19, 7.5)])
    )


def _draw_down(painter: QPainter) -> None:
    _round(painter, 3.2).drawPolyline(
        QPolygonF([QPointF(4.5, 8.5), QPointF(12, 16), QPointF(19.5, 8.5)])
    )


def _draw_up(painter: QPainter) -> None:
    _round(painter, 3.2).drawPolyline(
        QPolygonF([QPointF(4.5, 15.5), QPointF(12, 8), QPointF(19.5, 15.5)])
    )


def _draw_dot(painter: QPainter) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.drawEllipse(QPointF(12, 12), 6, 6)


def _round(painter: QPainter, width: float) -> QPainter:
    cap, join = Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin
    painter.setPen(QPen(painter.pen().color(), width, Qt.PenStyle.SolidLine, cap, join))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    return painter


_WIDGET_PARTS: dict[str, tuple[Drawing, int]] = {
    "check": (_draw_check, 12),
    "dot": (_draw_dot, 12),
    "down": (_draw_down, 10),
    "up": (_draw_up, 8),
}
"""Of style sheets, with the pixels of their sides."""

DRAWINGS: dict[str, Drawing] = {
    "in": _draw_in,
    "out": _draw_out,
    "range": _draw_range,
    "no-range": _draw_no_range,
}
"""By name; the rest of the window writes "own." before it."""
