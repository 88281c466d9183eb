"""The ruler, the band with in and out points, and the strip of thumbnails."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap, QPolygonF

from vosapp.ui import numbering
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


@dataclass(frozen=True, slots=True)
class Label:
    """What stands beside a tick.

    Attributes:
        left: where the number begins, in pixels.
        text: the number.
        time_left: where the time begins.
        time: when the frame begins; empty where there is no room.
    """

    left: float
    text: str
    time_left: float
    time: str


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


def ticks(axis: TimeAxis) -> list[tuple[int, bool]]:
    """Return (frame, whether it has a label) of the visible ticks; the first frame has one."""
    step, first = label_step(axis), numbering.first_number()
    minor = max(1, step // 5 if step >= 5 else step)
    start = (axis.visible.start + first) // step * step - first
    found = [(i, (i + first) % step == 0) for i in range(start, axis.visible.stop, minor) if i >= 0]
    if axis.visible.start or (0, True) in found[:1]:
        return found
    return [(0, True), *(tick for tick in found if tick[0])]


def labels(
    axis: TimeAxis, fps: Fraction, width_of: Callable[[str], float]
) -> list[tuple[int, Label]]:
    """Return the labels of the ruler with their frames, none of them cut at an edge.

    A number that has no room behind its tick stands before it, a time without room is left out.

    Args:
        axis: what is visible.
        fps: frames a second.
        width_of: pixels that a text takes.
    """
    found: list[tuple[int, Label]] = []
    end, step = -math.inf, label_step(axis) * axis.scale
    for frame in (frame for frame, labeled in ticks(axis) if labeled):
        tick, text, time = (
            round(axis.x_of(frame)),
            str(numbering.shown(frame)),
            short_time(frame, fps),
        )
        width, rest = width_of(text), width_of(time)
        left = tick + 4.5 if tick + 4.5 + width <= axis.width else tick - 3.5 - width
        if left < max(0, end + 6):
            continue
        behind = left + width + 5
        roomy = left > tick and step > width + rest + 18 and behind + rest <= axis.width
        found.append((frame, Label(left, text, behind, time if roomy else "")))
        end = behind + rest if roomy else left + width
    return found


def short_time(frame: int, fps: Fraction) -> str:
    """Return when a frame begins, as short as the ruler needs it."""
    return f"{float(frame / fps):.2f}s" if frame / fps < 60 else time_code(frame, fps)[:-4]


def paint_ruler(painter: QPainter, axis: TimeAxis, fps: Fraction) -> None:
    """Draw ticks and labels: frame numbers, and the time where there is room."""
    shown = tones()
    for frame, major in ticks(axis):
        x = round(axis.x_of(frame)) + 0.5
        painter.setPen(QColor(shown.muted if major else shown.border))
        painter.drawLine(QPointF(x, RULER - (9 if major else 4)), QPointF(x, RULER - 1))
    for _frame, label in labels(axis, fps, painter.fontMetrics().horizontalAdvance):
        painter.setPen(QColor(shown.text))
        painter.drawText(QPointF(label.left, RULER - 7), label.text)
        painter.setPen(QColor(shown.muted))
        painter.drawText(QPointF(label.time_left, RULER - 7), label.time)


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
