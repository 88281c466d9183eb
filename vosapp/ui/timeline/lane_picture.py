"""One object's lane as a picture: bar by state, confidence, keyframes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap, QPolygonF

from vosapp.project.model import FrameState
from vosapp.session.navigation import DOUBTFUL
from vosapp.session.view import LaneView
from vosapp.ui.theme import tones
from vosapp.ui.timeline import columns, ink
from vosapp.ui.timeline.axis import TimeAxis

LANE_HEIGHT = 28
"""Pixels of a lane."""
_BAR = (6, 22)
_DOT = 9.0
_GAP = 8.0


@dataclass(frozen=True, slots=True)
class LaneLook:
    """How a lane is drawn.

    Attributes:
        color: of the object.
        ratio: of the screen: device pixels of a pixel.
        dimmed: another object is shown alone, or this one is hidden.
    """

    color: ink.Rgb
    ratio: float
    dimmed: bool = False


class LanePainter:
    """Draws lanes in one color. Made anew when colors change.

    Args:
        look: color, screen, emphasis.
    """

    def __init__(self, look: LaneLook) -> None:
        shown, self._look = tones(), look
        ground = QColor(shown.base)
        self._color = ink.readable(look.color, ground)
        self._warning = QColor(shown.warning)
        dark = ink.luminance(ground) < 0.2
        self._line = ink.mixed(self._color, QColor(shown.text), 0.55 if dark else 0.45)
        light = ink.faded(self._color, 112 if dark else 84)
        self._brushes = {
            FrameState.PROPAGATED: light,
            FrameState.STALE: ink.faded(self._color, 34),
            FrameState.CHECKED: ink.faded(self._color, 176),
            FrameState.KEYFRAME: self._color,
        }
        self._hatch = ink.hatch(ink.faded(self._color, 190), look.ratio)
        self._ticks = ink.ticks(ink.on_color(self._color), look.ratio)
        self._marks = {name: self._mark(name) for name in ("dot", "ring", "star")}

    def picture(self, lane: LaneView, axis: TimeAxis, references: Collection[int] = ()) -> QPixmap:
        """Return the visible part of a lane, transparent where nothing is.

        Args:
            lane: states and confidences.
            axis: what is visible.
            references: frames on which the object's keyframe is a reference.
        """
        ratio = self._look.ratio
        pixmap = QPixmap(round(axis.width * ratio), round(LANE_HEIGHT * ratio))
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setOpacity(0.4 if self._look.dimmed else 1.0)
        for run in columns.runs(lane, axis):
            self._draw_run(painter, run)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._draw_curve(painter, columns.curve(lane, axis))
        self._draw_dots(painter, lane, axis, references)
        painter.end()
        return pixmap

    def _draw_run(self, painter: QPainter, run: columns.Run) -> None:
        left = round(run.start)
        box = QRectF(left, _BAR[0], max(1, round(run.stop) - left), _BAR[1] - _BAR[0])
        if run.state in (FrameState.ABSENT, columns.NOT_FOUND):
            self._draw_nothing(painter, box, run.state)
            return
        painter.fillRect(box, self._brushes[FrameState(run.state)])
        if run.state == FrameState.STALE:
            painter.fillRect(box, self._hatch)
        elif run.state == FrameState.CHECKED and box.width() >= 14:
            painter.setBrushOrigin(box.topLeft() + QPointF(0, 1))
            painter.fillRect(box, self._ticks)
            painter.setBrushOrigin(0, 0)

    def _draw_nothing(self, painter: QPainter, box: QRectF, state: int) -> None:
        """A thin line: solid where the user says so, dashed where the engine found nothing."""
        style = Qt.PenStyle.SolidLine if state == FrameState.ABSENT else Qt.PenStyle.DotLine
        painter.setPen(QPen(self._color, 2 if state == FrameState.ABSENT else 1.5, style))
        middle = box.center().y()
        painter.drawLine(QPointF(box.left(), middle), QPointF(box.right(), middle))

    def _draw_curve(self, painter: QPainter, curve: columns.Curve) -> None:
        known = np.isfinite(curve.value)
        if not known.any():
            return
        low = known & (np.nan_to_num(curve.value, nan=1.0) < DOUBTFUL)
        bottom, height = _BAR[1] - 1.5, _BAR[1] - _BAR[0] - 3
        y = bottom - np.nan_to_num(curve.value) * height
        self._draw_lines(painter, curve.x, y, known, QPen(self._line, 1.2))
        self._draw_lines(painter, curve.x, y, low, QPen(self._warning, 2.2))

    @staticmethod
    def _draw_lines(
        painter: QPainter, x: np.ndarray, y: np.ndarray, where: np.ndarray, pen: QPen
    ) -> None:
        painter.setPen(pen)
        edges = np.flatnonzero(np.diff(where.astype(np.int8), prepend=0, append=0))
        for start, stop in zip(edges[::2], edges[1::2], strict=True):
            points = [QPointF(a, b) for a, b in zip(x[start:stop], y[start:stop], strict=True)]
            if len(points) == 1:
                points = [points[0] - QPointF(1, 0), points[0] + QPointF(1, 0)]
            painter.drawPolyline(QPolygonF(points))

    def _draw_dots(
        self, painter: QPainter, lane: LaneView, axis: TimeAxis, references: Collection[int]
    ) -> None:
        shown = columns.dots(lane, axis, gap=_GAP).tolist()
        stars = [f for f in references if f in axis.visible]
        for frame in (*(f for f in shown if f not in references), *stars):
            absent = lane.states[frame] == FrameState.ABSENT
            name = "star" if frame in references else "ring" if absent else "dot"
            mark = self._marks[name]
            side = mark.width() / self._look.ratio
            place = QPointF(axis.center_of(frame) - side / 2, (LANE_HEIGHT - side) / 2)
            painter.drawPixmap(place, mark)

    def _mark(self, name: str) -> QPixmap:
        side, ratio = 17, self._look.ratio
        mark = QPixmap(round(side * ratio), round(side * ratio))
        mark.setDevicePixelRatio(ratio)
        mark.fill(Qt.GlobalColor.transparent)
        painter = QPainter(mark)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = QPointF(side / 2, side / 2)
        edge = ink.mixed(self._color, QColor("black"), 0.62)
        painter.setPen(QPen(edge, 1.4))
        painter.setBrush(QColor("white"))
        if name == "star":
            painter.setBrush(QColor("#ffd45e"))
            painter.drawPolygon(_star(middle, 8.0))
        else:
            painter.drawEllipse(middle, _DOT / 2, _DOT / 2)
        if name == "ring":
            painter.setBrush(edge)
            painter.drawEllipse(middle, 1.9, 1.9)
        painter.end()
        return mark


def _star(middle: QPointF, radius: float) -> QPolygonF:
    """Five points, the first at the top."""
    angles = np.deg2rad(np.arange(10) * 36 - 90)
    reach = np.where(np.arange(10) % 2, radius * 0.45, radius)
    x, y = middle.x() + reach * np.cos(angles), middle.y() + reach * np.sin(angles)
    return QPolygonF([QPointF(*point) for point in zip(x, y, strict=True)])
