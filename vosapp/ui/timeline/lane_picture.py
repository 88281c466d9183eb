"""One object's lane as a picture: a band by state with keyframes, below it the confidence."""

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
from vosapp.ui.timeline.curve_picture import curve_height, curve_image

LANE_HEIGHT = 31
"""Pixels of a lane: band and strip together take 24, box labels the rest."""
BAND = (2, 11)
"""Top and bottom of the band in the object's color."""
STRIP = (12, 26)
"""Top and bottom of the strip in which confidence goes from 0 to 1, in every lane alike."""
# As numbers: looking up members of an enumeration costs more than drawing what they stand for.
ABSENT, STALE, CHECKED = int(FrameState.ABSENT), int(FrameState.STALE), int(FrameState.CHECKED)
CHECKED_ALPHA = 176
"""Opacity of the band below the ticks of checked frames, of 255."""
_DOT = 8.0
_MARK = 17
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
        # Of no object's color: on an amber object a warning must be seen, too.
        self._line = ink.mixed(QColor(shown.text), ground, 0.25)
        light = ink.faded(self._color, 140 if dark else 110)
        self._brushes = {
            int(FrameState.PROPAGATED): light,
            STALE: ink.faded(self._color, 48),
            CHECKED: ink.faded(self._color, CHECKED_ALPHA),
            int(FrameState.KEYFRAME): self._color,
        }
        self._hatch = ink.hatch(QColor(shown.muted), look.ratio)
        self._dashes = ink.dashes(self._color, look.ratio)
        below = ink.mixed(ground, self._color, CHECKED_ALPHA / 255)
        self._ticks = ink.ticks(ink.seen_on(below), look.ratio)
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
        self._draw(pixmap, lane, axis, references, range(axis.width))
        return pixmap

    def mend(
        self,
        pixmap: QPixmap,
        lane: LaneView,
        axis: TimeAxis,
        *,
        references: Collection[int],
        part: range,
    ) -> None:
        """Draw some columns of a picture anew, as `picture` would.

        Args:
            pixmap: that `picture` gave for the same axis and references.
            lane: states and confidences.
            axis: what is visible.
            references: frames on which the object's keyframe is a reference.
            part: columns outside of which nothing has changed.
        """
        self._draw(pixmap, lane, axis, references, part)

    def _draw(
        self,
        pixmap: QPixmap,
        lane: LaneView,
        axis: TimeAxis,
        references: Collection[int],
        part: range,
    ) -> None:
        if len(part) >= axis.width:
            pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        if len(part) < axis.width:
            box = QRectF(part.start, 0, len(part), LANE_HEIGHT)
            painter.setClipRect(box)
            painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
            painter.fillRect(box, Qt.GlobalColor.transparent)
            painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)
        painter.setOpacity(0.4 if self._look.dimmed else 1.0)
        for run in columns.runs(lane, axis):
            if run.start <= part.stop and run.stop + 1 >= part.start:
                self._draw_run(painter, run)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._draw_curve(painter, columns.curve(lane, axis), axis.width, part)
        self._draw_dots(painter, lane, axis, references=references, part=part)
        painter.end()

    def _draw_run(self, painter: QPainter, run: columns.Run) -> None:
        left = round(run.start)
        box = QRectF(left, BAND[0], max(1, round(run.stop) - left), BAND[1] - BAND[0])
        if run.state in (ABSENT, columns.NOT_FOUND):
            self._draw_nothing(painter, box, run.state)
            return
        painter.fillRect(box, self._brushes[run.state])
        if run.state == STALE:
            painter.fillRect(box, self._hatch)
        elif run.state == CHECKED and box.width() >= 14:
            painter.setBrushOrigin(box.topLeft() - QPointF(0, 2.5))
            painter.fillRect(box, self._ticks)
            painter.setBrushOrigin(0, 0)

    def _draw_nothing(self, painter: QPainter, box: QRectF, state: int) -> None:
        """A thin line: solid where the user says so, dashed where the engine found nothing."""
        # As boxes: where the ends of a pen's line come to lie depends on what is drawn around it.
        line = QRectF(box.left(), box.center().y() - 1, box.width(), 2)
        painter.fillRect(line, self._color if state == ABSENT else self._dashes)

    def _draw_curve(self, painter: QPainter, curve: columns.Curve, width: int, part: range) -> None:
        # One column more: a line goes on to the next point.
        stop = min(width, part.stop + 1)
        value = columns.per_pixel(curve, range(part.start, stop))
        known = np.isfinite(value)
        if not known.any():
            return
        filled = np.where(known, value, 1.0)
        rows = STRIP[1] - STRIP[0]
        y = curve_height(filled, rows)
        colors, low = (self._line, self._warning), filled < DOUBTFUL
        limit = round(float(curve_height(DOUBTFUL, rows)))
        image = curve_image(y, colors, known=known, low=low, height=rows, limit=limit)
        painter.drawImage(QPointF(part.start, STRIP[0]), image)

    def _draw_dots(
        self,
        painter: QPainter,
        lane: LaneView,
        axis: TimeAxis,
        *,
        references: Collection[int],
        part: range,
    ) -> None:
        shown = columns.dots(lane, axis, gap=_GAP)
        x = (shown + 0.5 - axis.first) * axis.scale
        shown = shown[(x > part.start - _MARK) & (x < part.stop + _MARK)]
        absent = (lane.states[shown] == ABSENT).tolist()
        for frame, missing in zip(shown.tolist(), absent, strict=True):
            if frame not in references:
                self._draw_mark(painter, "ring" if missing else "dot", axis.center_of(frame))
        for frame in references:
            if frame in axis.visible:
                self._draw_mark(painter, "star", axis.center_of(frame))

    def _draw_mark(self, painter: QPainter, name: str, x: float) -> None:
        middle = (BAND[0] + BAND[1]) / 2
        painter.drawPixmap(QPointF(x - _MARK / 2, middle - _MARK / 2), self._marks[name])

    def _mark(self, name: str) -> QPixmap:
        side, ratio = _MARK, self._look.ratio
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
            painter.drawPolygon(_star(middle, 6.6))
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
