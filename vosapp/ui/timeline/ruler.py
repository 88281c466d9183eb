"""The ruler, the band with in and out points, and the strip of thumbnails."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap, QPolygonF

from vosapp.ui.theme import tones
from vosapp.ui.timeline import ink
from vosapp.ui.timeline.axis import TimeAxis
from vosapp.ui.timeline.layout import RANGE_BAR, RULER, STRIP

LABEL_GAP = 84
"""Pixels between two labels of the ruler, at least."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in the strip of thumbnails.

    Attributes:
        frame: what is shown there.
        left, width: pixels.
    """

    frame: int
    left: float
    width: float


def label_step(axis: TimeAxis) -> int:
    """Return the frames between two labels: 1, 2 or 5 times a power of ten."""
    least = LABEL_GAP / axis.scale
    if least <= 1:
        return 1
    power = 10 ** math.floor(math.log10(least))
    return int(next(power * k for k in (1, 2, 5, 10) if power * k >= least))


def time_code(frame_index: int, fps: Fraction) -> str:
    """Return the time at which a frame begins: minutes, seconds, thousandths."""
    thousandths = int(frame_index * 1000 / fps)
    minutes, rest = divmod(thousandths, 60_000)
    hours, minutes = divmod(minutes, 60)
    text = f"{minutes:02d}:{rest // 1000:02d}.{rest % 1000:03d}"
    return f"{hours}:{text}" if hours else text


def slots(axis: TimeAxis, aspect: float) -> list[Slot]:
    """Return the visible places of the strip, left to right.

    Frames lie on a grid of few different steps, so that scrolling and small changes of the zoom
    show the same pictures again.
    """
    least = max(1.0, STRIP * aspect / axis.scale)
    power = 2 ** max(0, math.floor(math.log2(least)) - 2)
    step = math.ceil(least / power) * power
    start = axis.visible.start // step * step
    width = step * axis.scale
    return [Slot(i, axis.x_of(i), width) for i in range(start, axis.visible.stop, step)]


def paint_ruler(painter: QPainter, axis: TimeAxis, fps: Fraction) -> None:
    """Draw ticks and labels: frame numbers, and the time where there is room."""
    shown, step = tones(), label_step(axis)
    minor = step // 5 if step >= 5 else step
    start = axis.visible.start // step * step
    number = QColor(shown.text)
    for frame in range(start, axis.visible.stop, max(1, minor)):
        x = round(axis.x_of(frame)) + 0.5
        major = frame % step == 0
        painter.setPen(QColor(shown.muted if major else shown.border))
        painter.drawLine(QPointF(x, RULER - (9 if major else 4)), QPointF(x, RULER - 1))
        if not major:
            continue
        text = str(frame)
        painter.setPen(number)
        painter.drawText(QPointF(x + 4, RULER - 7), text)
        advance = painter.fontMetrics().horizontalAdvance(text)
        time = f"{float(frame / fps):.2f}s" if frame / fps < 60 else time_code(frame, fps)[:-4]
        if step * axis.scale > advance + painter.fontMetrics().horizontalAdvance(time) + 18:
            painter.setPen(QColor(shown.muted))
            painter.drawText(QPointF(x + 9 + advance, RULER - 7), time)


def paint_range(painter: QPainter, axis: TimeAxis, span: tuple[int, int]) -> None:
    """Draw the band with in and out points."""
    shown = tones()
    left, right = axis.x_of(span[0]), axis.x_of(span[1])
    painter.fillRect(QRectF(0, RULER, axis.width, RANGE_BAR), QColor(shown.alternate))
    accent = QColor(shown.accent)
    band = QRectF(left, RULER + 2, right - left, RANGE_BAR - 4)
    painter.fillRect(band, ink.faded(accent, 110))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(accent)
    for x, way in ((left, 1), (right, -1)):
        grip = [(0, 0), (6 * way, 0), (3 * way, RANGE_BAR / 2), (6 * way, RANGE_BAR)]
        points = [QPointF(x + dx, RULER + dy) for dx, dy in (*grip, (0, RANGE_BAR))]
        painter.drawPolygon(QPolygonF(points))


def shade_outside(
    painter: QPainter, axis: TimeAxis, span: tuple[int, int], rows: tuple[int, int]
) -> None:
    """Draw a veil over what lies outside in and out points, between two heights."""
    veil = ink.faded(QColor(tones().window), 150)
    left, right = max(0.0, axis.x_of(span[0])), min(float(axis.width), axis.x_of(span[1]))
    top, height = rows[0], rows[1] - rows[0]
    painter.fillRect(QRectF(0, top, left, height), veil)
    painter.fillRect(QRectF(right, top, axis.width - right, height), veil)


def paint_thumbnail(painter: QPainter, slot: Slot, picture: QPixmap | None, *, own: bool) -> None:
    """Draw one place of the strip, cut to fill it; faint where it is another frame's picture."""
    shown = tones()
    box = QRectF(slot.left, RULER + RANGE_BAR, slot.width, STRIP)
    if picture is None or picture.isNull():
        painter.fillRect(box.adjusted(0, 0, -1, 0), QColor(shown.alternate))
        return
    ratio = picture.devicePixelRatio()
    width, height = picture.width() / ratio, picture.height() / ratio
    fit = max(box.width() / width, box.height() / height)
    part = QRectF(0, 0, box.width() / fit * ratio, box.height() / fit * ratio)
    part.moveCenter(QPointF(picture.width() / 2, picture.height() / 2))
    painter.setOpacity(1.0 if own else 0.55)
    painter.drawPixmap(box, picture, part)
    painter.setOpacity(1.0)
    painter.setPen(QPen(ink.faded(QColor(shown.base), 120), 1))
    painter.drawLine(box.topLeft(), box.bottomLeft())


def paint_playhead(painter: QPainter, axis: TimeAxis, frame: int, height: int) -> None:
    """Draw the current frame: its cell faintly, and a line with a head through all parts."""
    color = QColor(tones().danger)
    left, width = axis.x_of(frame), axis.scale
    if width > 3:
        painter.fillRect(QRectF(left, RULER, width, height - RULER), ink.faded(color, 38))
    x = round(axis.center_of(frame)) + 0.5
    painter.setPen(QPen(color, 1.4))
    painter.drawLine(QPointF(x, RULER - 4), QPointF(x, height))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    head = ((-5.5, 3), (5.5, 3), (5.5, 11), (0, 17), (-5.5, 11))
    painter.drawPolygon(QPolygonF([QPointF(x + dx, dy) for dx, dy in head]))
