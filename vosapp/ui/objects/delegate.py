"""How an object looks in the list: color, name, state on this frame, solo, eye and lock."""

from __future__ import annotations

import math
from enum import Enum, auto

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QHelpEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QLineEdit,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolTip,
    QWidget,
)
from shiboken6 import isValid

from vosapp.project.boxes import BoxCounts
from vosapp.project.model import MAX_NAME, FrameState, TrackedObject
from vosapp.session.navigation import DOUBTFUL
from vosapp.ui.glyphs import glyph
from vosapp.ui.objects.model import Index, Role
from vosapp.ui.plain import tooltip
from vosapp.ui.theme import tones
from vosapp.ui.timeline import ink
from vosapp.ui.timeline.header import lock_look, paint_swatch
from vosapp.ui.view_state import ViewState

ROW = 32
"""Pixels of a row."""
_ICON = 22
_STATE = 64


class Spot(Enum):
    """What lies at a point of a row."""

    SWATCH = auto()
    NAME = auto()
    SOLO = auto()
    EYE = auto()
    LOCK = auto()


class ObjectDelegate(QStyledItemDelegate):
    """Draws rows and finds out what was clicked.

    Signals:
        pressed: (object id, `Spot`); not for the name, which selects.
    """

    pressed = Signal(int, object)

    def __init__(self, view_state: ViewState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view_state = view_state
        self._focused: QWidget | None = None

    @staticmethod
    def spot_at(box: QRect, x: int) -> Spot:
        """Return what lies in a row at some pixels from the left of the view."""
        if x < box.left() + 30:
            return Spot.SWATCH
        place = (box.right() - 4 - x) // _ICON
        return {0: Spot.LOCK, 1: Spot.EYE, 2: Spot.SOLO}.get(place, Spot.NAME)

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:
        """Rows of one height."""
        return QSize(200, ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw a row."""
        item: TrackedObject = index.data(Role.OBJECT)
        if item is None:
            return
        box: QRect = option.rect
        state: QStyle.StateFlag = option.state
        painter.save()
        self._paint_ground(painter, box, state)
        swatch = QRectF(box.left() + 9, box.center().y() - 7, 16, 16)
        paint_swatch(painter, swatch, item.color)
        self._paint_number(painter, swatch, item)
        solo = self._view_state.solo
        faint = not item.visible or solo not in (0, item.object_id)
        painter.setPen(QColor(tones().muted if faint else tones().text))
        counted = self._paint_boxes(painter, box, index)
        room = box.adjusted(34, 0, -(3 * _ICON + _STATE + 8 + counted), 0)
        name = painter.fontMetrics().elidedText(
            item.shown_name, Qt.TextElideMode.ElideRight, room.width()
        )
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, name)
        self._paint_state(painter, box, index, item)
        self._paint_icons(painter, box, item)
        painter.restore()

    def _paint_ground(self, painter: QPainter, box: QRect, state: QStyle.StateFlag) -> None:
        shown = tones()
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(box, ink.mixed(QColor(shown.base), QColor(shown.accent), 0.22))
            painter.fillRect(QRect(box.left(), box.top(), 3, ROW), QColor(shown.accent))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(box, QColor(shown.alternate))

    @staticmethod
    def _paint_number(painter: QPainter, box: QRectF, item: TrackedObject) -> None:
        """The object's id: what files have in its place, and up to 9 the key that selects it."""
        font, number = painter.font(), str(item.object_id)
        small = QFont(font)
        small.setPixelSize(10 if len(number) < 3 else 8)
        small.setBold(True)
        painter.setFont(small)
        painter.setPen(ink.on_color(QColor(*item.color)))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, number)
        painter.setFont(font)

    @staticmethod
    def _paint_boxes(painter: QPainter, box: QRect, index: Index) -> int:
        """How many boxes were drawn, before the state; returns the pixels that it takes."""
        counts: BoxCounts = index.data(Role.BOXES)
        if not counts.drawn + counts.unseen:
            return 0
        text = str(counts.drawn)
        width = painter.fontMetrics().horizontalAdvance(text) + 18
        left = box.right() - 4 - 3 * _ICON - _STATE - 6 - width
        painter.save()
        painter.setPen(QPen(QColor(tones().muted), 1.2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(QRectF(left + 0.5, box.center().y() - 4.5, 10, 10))
        room = QRect(left + 15, box.top(), width - 15, ROW)
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, text)
        painter.restore()
        return width + 6

    def _paint_state(
        self, painter: QPainter, box: QRect, index: Index, item: TrackedObject
    ) -> None:
        state, confidence = index.data(Role.STATE), index.data(Role.CONFIDENCE)
        left = box.right() - 4 - 3 * _ICON - _STATE
        middle = QPointF(left + 5, box.center().y() + 1)
        color = ink.readable(item.color, QColor(tones().base))
        _paint_mark(painter, middle, FrameState(state), color)
        text, tone = self._words(FrameState(state), confidence, gone=index.data(Role.GONE))
        painter.setPen(QColor(getattr(tones(), tone)))
        font = painter.font()
        if font.pointSizeF() > 0:
            font.setPointSizeF(font.pointSizeF() * 0.88)
        painter.setFont(font)
        room = QRect(left + 14, box.top(), _STATE - 14, ROW)
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, text)

    def _words(self, state: FrameState, confidence: float, *, gone: bool) -> tuple[str, str]:
        """Return a short word for a state, and its tone."""
        if gone and state in (FrameState.PROPAGATED, FrameState.STALE):
            return self.tr("gone"), "muted"
        if state in (FrameState.PROPAGATED, FrameState.STALE) and not math.isnan(confidence):
            tone = "warning" if confidence < DOUBTFUL else "muted"
            return (self.tr("lost") if confidence <= 0 else f"{confidence:.2f}"), tone
        return {
            FrameState.EMPTY: "",
            FrameState.PROPAGATED: self.tr("done"),
            FrameState.STALE: self.tr("stale"),
            FrameState.CHECKED: self.tr("checked"),
            FrameState.KEYFRAME: self.tr("key"),
            FrameState.ABSENT: self.tr("absent"),
        }[state], "muted"

    def _paint_icons(self, painter: QPainter, box: QRect, item: TrackedObject) -> None:
        solo = self._view_state.solo == item.object_id
        names = (
            lock_look(item),
            ("eye-outline", "muted") if item.visible else ("eye-off-outline", "warning"),
            ("alpha-s-box", "accent") if solo else ("alpha-s-box-outline", "muted"),
        )
        for place, (name, tone) in enumerate(names):
            x = box.right() - 4 - (place + 1) * _ICON + 3
            ratio = painter.device().devicePixelRatio()
            picture = glyph(name, tone, 16, ratio)
            painter.drawPixmap(QPointF(x, box.top() + (ROW - 16) / 2), picture)

    def editorEvent(
        self, event: QEvent, _model: object, option: QStyleOptionViewItem, index: Index
    ) -> bool:
        """Tell what was clicked beside the name."""
        if not isinstance(event, QMouseEvent) or event.button() != Qt.MouseButton.LeftButton:
            return False
        spot = self.spot_at(option.rect, round(event.position().x()))
        if spot is Spot.NAME:
            return False
        if event.type() == QEvent.Type.MouseButtonPress:
            self.pressed.emit(index.data(Role.OBJECT).object_id, spot)
        # A double click is two clicks on an icon, and begins no renaming.
        return True

    def helpEvent(
        self,
        event: QHelpEvent,
        view: QAbstractItemView,
        option: QStyleOptionViewItem,
        index: Index,
    ) -> bool:
        """Say what an icon does."""
        if event.type() != QEvent.Type.ToolTip or not index.isValid():
            return False
        spot = self.spot_at(option.rect, event.pos().x())
        text = {
            Spot.SWATCH: self._number_tip(index),
            Spot.SOLO: self.tr("Show this object alone, or all again"),
            Spot.EYE: self.tr("Show or hide this object"),
            Spot.LOCK: self.tr("Lock or unlock: nothing changes a locked object"),
            Spot.NAME: str(index.data(Qt.ItemDataRole.ToolTipRole)),
        }[spot]
        QToolTip.showText(event.globalPos(), tooltip(text), view)
        return True

    def _number_tip(self, index: Index) -> str:
        item: TrackedObject = index.data(Role.OBJECT)
        text = self.tr("Id {0} in exported files. Click to choose a color.")
        return text.format(item.object_id)

    def createEditor(
        self, parent: QWidget, _option: QStyleOptionViewItem, _index: Index
    ) -> QWidget:
        """Return a field for the name."""
        self._focused = QApplication.focusWidget()
        field = QLineEdit(parent)
        field.setMaxLength(MAX_NAME)
        field.setAccessibleName(self.tr("Name of the object"))
        return field

    def give_focus_back(self) -> None:
        """Give the keyboard to whom it belonged before a name was edited."""
        widget, self._focused = self._focused, None
        if widget is not None and isValid(widget):
            widget.setFocus()

    def updateEditorGeometry(
        self, editor: QWidget, option: QStyleOptionViewItem, _index: Index
    ) -> None:
        """Put the field where the name is."""
        box: QRect = option.rect
        editor.setGeometry(box.adjusted(28, 1, -(3 * _ICON + 6), -1))


def _paint_mark(painter: QPainter, middle: QPointF, state: FrameState, color: QColor) -> None:
    """A small sign as on the timeline."""
    if state is FrameState.EMPTY:
        return
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(color, 1.6))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    box = QRectF(middle.x() - 4, middle.y() - 4, 8, 8)
    if state is FrameState.KEYFRAME:
        painter.setBrush(color)
        painter.drawEllipse(box)
    elif state is FrameState.ABSENT:
        painter.drawEllipse(box)
    elif state is FrameState.CHECKED:
        painter.drawPolyline([middle + QPointF(*p) for p in ((-4, 0), (-1, 3), (4, -4))])
    else:
        pattern = Qt.BrushStyle.BDiagPattern if state is FrameState.STALE else None
        painter.setPen(QPen(color, 1))
        painter.setBrush(color if pattern is None else ink.faded(color, 90))
        painter.drawRect(box.adjusted(0, 1.5, 0, -1.5))
