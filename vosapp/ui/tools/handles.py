"""Drawing of handles, lines and clicks: always two tones, so that they are seen on any picture."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QLineF, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPen, QPolygonF

from core.text import visible
from vosapp.ui.theme import tones
from vosapp.ui.timeline.ink import on_color
from vosapp.ui.tools.boxes import Grip

LIGHT, DARK = QColor(255, 255, 255), QColor(16, 18, 22, 210)
HANDLE = 9.0
"""View units of a handle's side."""
GRIP_CURSORS = {
    Grip.TOP_LEFT: Qt.CursorShape.SizeFDiagCursor,
    Grip.BOTTOM_RIGHT: Qt.CursorShape.SizeFDiagCursor,
    Grip.TOP_RIGHT: Qt.CursorShape.SizeBDiagCursor,
    Grip.BOTTOM_LEFT: Qt.CursorShape.SizeBDiagCursor,
    Grip.TOP: Qt.CursorShape.SizeVerCursor,
    Grip.BOTTOM: Qt.CursorShape.SizeVerCursor,
    Grip.LEFT: Qt.CursorShape.SizeHorCursor,
    Grip.RIGHT: Qt.CursorShape.SizeHorCursor,
    Grip.WHOLE: Qt.CursorShape.SizeAllCursor,
}
"""Shape of the cursor over what can be held of a box."""


def pen(color: QColor, width: float, style: Qt.PenStyle = Qt.PenStyle.SolidLine) -> QPen:
    """Return a pen whose width does not depend on the zoom."""
    made = QPen(color, width, style)
    made.setCosmetic(True)
    made.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    return made


def draw_handle(painter: QPainter, x: float, y: float, *, active: bool = False) -> None:
    """Draw a square handle around a view position."""
    rect = QRectF(x - HANDLE / 2, y - HANDLE / 2, HANDLE, HANDLE)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(pen(DARK, 1.0))
    painter.setBrush(QBrush(QColor(tones().accent) if active else LIGHT))
    painter.drawRoundedRect(rect, 2, 2)


def draw_line(painter: QPainter, places: Iterable[tuple[float, float]], *, closed: bool) -> None:
    """Draw a line through view positions."""
    polygon = QPolygonF([QPointF(x, y) for x, y in places])
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for stroke in (pen(DARK, 3.0), pen(LIGHT, 1.5)):
        painter.setPen(stroke)
        (painter.drawPolygon if closed else painter.drawPolyline)(polygon)


def draw_box(painter: QPainter, rect: QRectF) -> None:
    """Draw a box's frame in view units."""
    corners = (rect.topLeft(), rect.topRight(), rect.bottomRight(), rect.bottomLeft())
    places = [(round(p.x()) + 0.5, round(p.y()) + 0.5) for p in corners]
    draw_line(painter, places, closed=True)


def draw_click(painter: QPainter, x: float, y: float, *, positive: bool) -> None:
    """Draw a click: a plus on green adds, a minus on red takes away."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    color = tones().success if positive else tones().danger
    painter.setPen(pen(DARK, 1.0))
    painter.setBrush(LIGHT)
    painter.drawEllipse(QPointF(x, y), 7.5, 7.5)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(color))
    painter.drawEllipse(QPointF(x, y), 6.0, 6.0)
    painter.setPen(pen(LIGHT, 1.6))
    painter.drawLine(QLineF(x - 3, y, x + 3, y))
    if positive:
        painter.drawLine(QLineF(x, y - 3, x, y + 3))


def draw_brush(painter: QPainter, x: float, y: float, radius: float) -> None:
    """Draw the brush's rim and its middle; a small brush is a cross."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for stroke in (pen(DARK, 2.5), pen(LIGHT, 1.2)):
        painter.setPen(stroke)
        if radius >= 3:
            painter.drawEllipse(QPointF(x, y), radius, radius)
        if radius < 3 or radius > 24:
            inner = max(radius, 0.0) + 2 if radius < 3 else 0.0
            for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
                start, end = inner, inner + 4
                painter.drawLine(QLineF(x + dx * start, y + dy * start, x + dx * end, y + dy * end))


def draw_label(
    painter: QPainter, rect: QRectF, color: QColor, *, name: str, dashed: bool = False
) -> None:
    """Draw a box label in its object's color, with the object's name above it.

    Args:
        painter: of the view.
        rect: in view units.
        color: of the object.
        name: of the object; what is hidden in it is made visible.
        dashed: it is interpolated.
    """
    box = QRectF(round(rect.x()) + 0.5, round(rect.y()) + 0.5, rect.width(), rect.height())
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    line = pen(color, 2.0)
    if dashed:
        line.setDashPattern([4.0, 3.0])
    for stroke in (pen(DARK, 4.0), line):
        painter.setPen(stroke)
        painter.drawRect(box)
    _draw_tag(painter, box, color, visible(name))


def _draw_tag(painter: QPainter, box: QRectF, color: QColor, name: str) -> None:
    metrics = painter.fontMetrics()
    text = metrics.elidedText(name, Qt.TextElideMode.ElideRight, max(60, round(box.width())))
    size = QSizeF(metrics.horizontalAdvance(text) + 8, metrics.height() + 2)
    # Above the box; within it where that would be out of sight.
    top = box.top() - size.height() - 1
    tag = QRectF(QPointF(box.left() - 1, top if top >= 0 else box.top() + 1), size)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    painter.drawRoundedRect(tag, 3, 3)
    painter.setPen(on_color(color))
    painter.drawText(tag, Qt.AlignmentFlag.AlignCenter, text)
