"""The timeline itself: ruler, in and out points, thumbnails, one lane per object, playhead."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent, QHelpEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QToolTip, QWidget

from vosapp.project.edits import LockObject, ShowObject
from vosapp.project.model import TrackedObject
from vosapp.session import navigation
from vosapp.session.session import Session
from vosapp.session.workspace import Workspace
from vosapp.ui import numbering
from vosapp.ui.plain import tooltip
from vosapp.ui.timeline import ruler
from vosapp.ui.timeline.canvas import STEP_ZOOM, TimelineCanvas
from vosapp.ui.timeline.gestures import Drag, Mark, MoveEdge, Scrub
from vosapp.ui.timeline.hints import cell_text
from vosapp.ui.timeline.layout import RANGE_BAR, RULER, Part
from vosapp.ui.timeline.menu import LaneMenu, clear_cells
from vosapp.ui.timeline.selection import LaneSelection
from vosapp.ui.view_state import ViewState

_CURSORS = {
    Part.IN_POINT: Qt.CursorShape.SizeHorCursor,
    Part.OUT_POINT: Qt.CursorShape.SizeHorCursor,
    Part.SWATCH: Qt.CursorShape.PointingHandCursor,
    Part.EYE: Qt.CursorShape.PointingHandCursor,
    Part.LOCK: Qt.CursorShape.PointingHandCursor,
}


class TimelineView(TimelineCanvas):
    """The timeline with mouse and keyboard.

    Drag on ruler or thumbnails to move through the video, on the band for in and out points, on a
    lane to mark cells; Ctrl and wheel to zoom.
    """

    def __init__(self, view_state: ViewState, parent: QWidget | None = None) -> None:
        super().__init__(view_state, parent)
        self._drag: Drag | None = None
        self.menu = LaneMenu(self)

    def set_workspace(self, workspace: Workspace | None) -> None:
        """Show another project; what is being dragged belongs to the one before."""
        self._drag = None
        super().set_workspace(workspace)

    # Mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a drag, or do what a header's icon says."""
        workspace = self.workspace
        if workspace is None or event.button() != Qt.MouseButton.LeftButton:
            return
        place, session = event.position(), workspace.session
        part, item = self.part_at(place), self.object_at(place.y())
        if part in (Part.RULER, Part.STRIP):
            workspace.playback.stop()
            self._begin(Scrub(self, session), place.x())
        elif part in (Part.IN_POINT, Part.OUT_POINT):
            self._drag = MoveEdge(self, session, part is Part.OUT_POINT)
        elif item is not None and part is Part.LANE:
            workspace.playback.stop()
            session.select_object(item.object_id)
            self._drag = Mark(self, session, item.object_id, place.x())
        elif item is not None:
            self._press_header(session, item, part)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go on with a drag, or show what can be dragged."""
        if self._drag is not None:
            self._drag.move(event.position().x())
            return
        shape = _CURSORS.get(self.part_at(event.position()), Qt.CursorShape.ArrowCursor)
        if self.viewport().cursor().shape() != shape:
            self.viewport().setCursor(shape)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End a drag; marked cells offer what can be done with them."""
        drag, self._drag = self._drag, None
        if drag is not None and drag.end(event.position().x()):
            self.menu.open(event.globalPosition().toPoint())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Clear in and out points on their band."""
        workspace, place = self.workspace, event.position()
        if workspace is not None and RULER <= place.y() < RULER + RANGE_BAR:
            workspace.session.set_range(0, workspace.session.frame_count)
        else:
            self.mousePressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Offer what can be done with marked cells, or with the one below the mouse."""
        workspace = self.workspace
        if workspace is None:
            return
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        if by_key:
            self._mark_current(workspace.session)
        elif not self._mark_below(QPointF(event.pos())):
            return
        if self.selection is not None:
            self.menu.open(self._menu_place() if by_key else event.globalPos())

    def _begin(self, drag: Drag, x: float) -> None:
        self._drag = drag
        drag.move(x)

    def _press_header(self, session: Session, item: TrackedObject, part: Part) -> None:
        if part is Part.EYE:
            session.do(ShowObject(item.object_id, visible=not item.visible))
        elif part is Part.LOCK:
            session.do(LockObject(item.object_id, locked=not item.locked))
        else:
            session.select_object(item.object_id)

    def _mark_below(self, place: QPointF) -> bool:
        item, chosen = self.object_at(place.y()), self.selection
        if item is None or self.part_at(place) is not Part.LANE:
            return False
        frame = self.frame_at(place.x())
        inside = chosen is not None and chosen.start <= frame < chosen.stop
        if chosen is None or chosen.object_id != item.object_id or not inside:
            self.select(LaneSelection.between(item.object_id, frame, frame))
        return True

    def _mark_current(self, session: Session) -> None:
        if self.selection is None and session.object_id:
            here = session.frame_index
            self.select(LaneSelection.between(session.object_id, here, here))

    def _menu_place(self) -> QPoint:
        return self.viewport().mapToGlobal(self.viewport().rect().center())

    # Keyboard

    def event(self, event: QEvent) -> bool:
        """Keep Delete and Escape for marked cells, though the window has shortcuts of that name."""
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and self.selection is not None
            and event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Escape)
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move through frames and objects."""
        workspace = self.workspace
        if workspace is None or not self._press(workspace.session, event):
            super().keyPressEvent(event)

    def _press(self, session: Session, event: QKeyEvent) -> bool:
        key, here = Qt.Key(event.key()), session.frame_index
        by = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        steps = {Qt.Key.Key_Left: here - by, Qt.Key.Key_Right: here + by, Qt.Key.Key_Home: 0}
        steps[Qt.Key.Key_End] = session.frame_count - 1
        if key in steps:
            session.go_to(steps[key])
        elif key in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            way = 1 if key == Qt.Key.Key_PageDown else -1
            found = navigation.next_keyframe(session, way)
            session.go_to(here if found is None else found)
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self._step_object(session, 1 if key == Qt.Key.Key_Down else -1)
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus):
            self.zoom(1 / STEP_ZOOM if key == Qt.Key.Key_Minus else STEP_ZOOM)
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Escape) and self.selection is not None:
            if key == Qt.Key.Key_Delete:
                clear_cells(session, self.selection)
            self.select(None)
        else:
            return False
        return True

    @staticmethod
    def _step_object(session: Session, way: int) -> None:
        ids = [item.object_id for item in session.objects]
        if session.object_id in ids:
            place = min(max(ids.index(session.object_id) + way, 0), len(ids) - 1)
            session.select_object(ids[place])

    # Words

    def viewportEvent(self, event: QEvent) -> bool:
        """Say what lies below the mouse."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            text = self.hint(QPointF(event.pos()))
            if text:
                QToolTip.showText(event.globalPos(), tooltip(text), self.viewport())
            else:
                QToolTip.hideText()
            return True
        return super().viewportEvent(event)

    def hint(self, place: QPointF) -> str:
        """Return what is to be said about a point of the viewport."""
        item, part, workspace = self.object_at(place.y()), self.part_at(place), self.workspace
        if workspace is None:
            return ""
        if item is not None and part is Part.LANE:
            return cell_text(workspace.session, item, self.frame_at(place.x()))
        if part in (Part.RULER, Part.STRIP):
            frame = self.frame_at(place.x())
            time = ruler.time_code(frame, workspace.session.info.fps)
            return self.tr("Frame {0} - {1}").format(numbering.shown(frame), time)
        return {
            Part.IN_POINT: self.tr("In point: drag it. Double-click the band to clear both."),
            Part.OUT_POINT: self.tr("Out point: drag it. Double-click the band to clear both."),
            Part.SWATCH: self.tr("Select this object"),
            Part.NAME: item.shown_name if item is not None else "",
            Part.EYE: self.tr("Show or hide this object"),
            Part.LOCK: self.tr("Lock or unlock this object: nothing changes a locked one"),
        }.get(part, "")
