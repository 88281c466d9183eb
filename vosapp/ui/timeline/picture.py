"""Drawing the timeline: only what is visible, and of that only what has changed."""

from __future__ import annotations

from fractions import Fraction
from typing import Protocol

from PySide6.QtCore import QCoreApplication, QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen
from PySide6.QtWidgets import QWidget

from vosapp.project.model import TrackedObject
from vosapp.session.session import Session
from vosapp.session.workspace import Workspace
from vosapp.ui.theme import tones
from vosapp.ui.timeline import ink, ruler
from vosapp.ui.timeline.axis import TimeAxis
from vosapp.ui.timeline.box_marks import paint_boxes
from vosapp.ui.timeline.header import paint_header
from vosapp.ui.timeline.lane_picture import LANE_HEIGHT, LaneLook
from vosapp.ui.timeline.layout import HEADER_WIDTH, RANGE_BAR, RULER, TimelineLayout
from vosapp.ui.timeline.review_marks import paint_reviews
from vosapp.ui.timeline.selection import LaneSelection
from vosapp.ui.timeline.strip import LanePictures, ThumbnailStrip
from vosapp.ui.view_state import ViewState


class TimelineShown(Protocol):
    """What a timeline shows, and where; see `TimelineCanvas`."""

    view_state: ViewState
    workspace: Workspace | None
    axis: TimeAxis
    selection: LaneSelection | None
    strip: ThumbnailStrip | None
    references: dict[int, frozenset[int]]
    head: int

    @property
    def places(self) -> TimelineLayout:
        """Where the parts lie now."""

    @property
    def objects(self) -> tuple[TrackedObject, ...]:
        """Objects in the order of their lanes."""

    def viewport(self) -> QWidget:
        """What is painted on."""


class TimelinePicture:
    """Paints a timeline.

    Args:
        canvas: what is shown, and where.
    """

    def __init__(self, canvas: TimelineShown) -> None:
        self._canvas = canvas
        self.lanes = LanePictures()

    def paint(self, box: QRect) -> None:
        """Draw a part of the viewport."""
        canvas = self._canvas
        painter = QPainter(canvas.viewport())
        painter.fillRect(box, QColor(tones().base))
        painter.setFont(_small(canvas.viewport().font()))
        if canvas.workspace is not None:
            self._paint_frames(painter, box, canvas.workspace.session)
        self._paint_column(painter, box)
        painter.end()

    def _paint_frames(self, painter: QPainter, box: QRect, session: Session) -> None:
        places, axis = self._canvas.places, self._canvas.axis
        painter.save()
        painter.setClipRect(box.intersected(QRect(HEADER_WIDTH, 0, axis.width, places.height)))
        painter.translate(HEADER_WIDTH, 0)
        if box.top() < places.lanes_top:
            self._paint_top(painter, box, session)
        self._paint_lanes(painter, box, session)
        if not self._canvas.objects:
            self._paint_advice(painter)
        bottom = min(places.height, places.lanes_top + places.content_height)
        rows = (RULER + RANGE_BAR, max(bottom, places.lanes_top))
        ruler.shade_outside(painter, axis, session.range, rows)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ruler.paint_playhead(painter, axis, session.frame_index, places.height)
        painter.restore()

    def _paint_top(self, painter: QPainter, box: QRect, session: Session) -> None:
        axis, fps = self._canvas.axis, Fraction(session.info.fps)
        painter.fillRect(QRect(0, 0, axis.width, RULER), QColor(tones().window))
        ruler.paint_ruler(painter, axis, fps)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ruler.paint_range(painter, axis, session.range)
        if self._canvas.head >= 0:
            x = axis.center_of(self._canvas.head)
            painter.fillRect(QRectF(x - 2, RULER, 4, RANGE_BAR), QColor(tones().success))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        if self._canvas.strip is not None:
            left = box.left() - HEADER_WIDTH
            self._canvas.strip.paint(painter, axis, (left, left + box.width()))

    def _paint_lanes(self, painter: QPainter, box: QRect, session: Session) -> None:
        places, width = self._canvas.places, self._canvas.axis.width
        painter.save()
        area = QRect(0, places.lanes_top, width, places.lanes_height)
        painter.setClipRect(area, Qt.ClipOperation.IntersectClip)
        for place in places.visible_lanes:
            top = places.lane_top(place)
            if top <= box.bottom() and top + LANE_HEIGHT > box.top():
                self._paint_lane(painter, session, self._canvas.objects[place], QPoint(0, top))
                self._paint_bar(painter, session, self._canvas.objects[place], (top, box))
        painter.restore()

    def _paint_advice(self, painter: QPainter) -> None:
        places, canvas = self._canvas.places, self._canvas
        area = QRect(0, places.lanes_top, canvas.axis.width, places.lanes_height)
        painter.setPen(QColor(tones().muted))
        text = "No objects yet. Draw a box around one on any frame."
        text = QCoreApplication.translate("TimelineCanvas", text)
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap  # narrow windows
        painter.drawText(area, flags, text)

    def _paint_lane(
        self, painter: QPainter, session: Session, item: TrackedObject, corner: QPoint
    ) -> None:
        shown = tones()
        row = QRect(corner.x(), corner.y(), self._canvas.axis.width, LANE_HEIGHT)
        if item.object_id == session.object_id:
            painter.fillRect(row, ink.mixed(QColor(shown.base), QColor(shown.accent), 0.10))
        painter.setPen(QColor(shown.alternate))
        painter.drawLine(row.bottomLeft(), row.bottomRight())

    def _paint_bar(
        self, painter: QPainter, session: Session, item: TrackedObject, at: tuple[int, QRect]
    ) -> None:
        canvas, (top, box) = self._canvas, at
        lane = session.lane(item.object_id)
        if lane is not None:
            look = LaneLook(item.color, canvas.viewport().devicePixelRatioF(), self._dimmed(item))
            references = canvas.references.get(item.object_id, frozenset())
            picture = self.lanes.get(item, lane, canvas.axis, look=look, references=references)
            # Only the part that is drawn anew: a scrub costs a few columns of each lane.
            left, right = max(0, box.left() - HEADER_WIDTH), box.right() + 1 - HEADER_WIDTH
            ratio = picture.devicePixelRatio()
            source = QRectF(left * ratio, 0, (right - left) * ratio, LANE_HEIGHT * ratio)
            painter.drawPixmap(QRectF(left, top, right - left, LANE_HEIGHT), picture, source)
            boxes, part = session.boxes(item.object_id), range(left, right)
            paint_boxes(painter, boxes, canvas.axis, top=top, color=item.color, part=part)
            paint_reviews(painter, lane, canvas.axis, top=top, part=part)
        chosen = canvas.selection
        if chosen is not None and chosen.object_id == item.object_id:
            self._paint_selection(painter, chosen, top)

    def _paint_selection(self, painter: QPainter, chosen: LaneSelection, top: int) -> None:
        accent, axis = QColor(tones().accent), self._canvas.axis
        left, right = axis.x_of(chosen.start), axis.x_of(chosen.stop)
        box = QRectF(left, top + 1.5, max(2.0, right - left), LANE_HEIGHT - 4)
        painter.setPen(QPen(accent, 1.5))
        painter.setBrush(ink.faded(accent, 60))
        painter.drawRoundedRect(box, 3, 3)

    def _dimmed(self, item: TrackedObject) -> bool:
        solo = self._canvas.view_state.solo
        return not item.visible or solo not in (0, item.object_id)

    def _paint_column(self, painter: QPainter, box: QRect) -> None:
        """The objects' names, over all that scrolls."""
        canvas, shown, places = self._canvas, tones(), self._canvas.places
        if box.left() >= HEADER_WIDTH:
            return
        painter.setClipRect(QRect(0, 0, HEADER_WIDTH, places.height).intersected(box))
        painter.fillRect(QRect(0, 0, HEADER_WIDTH, places.height), QColor(shown.window))
        lanes = QRect(0, places.lanes_top, HEADER_WIDTH, places.lanes_height)
        painter.setClipRect(lanes.intersected(box))
        current = 0 if canvas.workspace is None else canvas.workspace.session.object_id
        for place in places.visible_lanes:
            item, top = canvas.objects[place], places.lane_top(place)
            chosen, dimmed = item.object_id == current, self._dimmed(item)
            paint_header(painter, item, top, current=chosen, dimmed=dimmed)
        painter.setClipping(False)
        painter.setPen(QColor(shown.border))
        edge = HEADER_WIDTH - 1
        painter.drawLine(QPoint(edge, 0), QPoint(edge, places.height))
        painter.drawLine(QPoint(0, places.lanes_top - 1), QPoint(edge, places.lanes_top - 1))


def _small(font: QFont) -> QFont:
    smaller = QFont(font)
    if font.pointSizeF() > 0:
        smaller.setPointSizeF(max(7.5, font.pointSizeF() - 1))
    return smaller
