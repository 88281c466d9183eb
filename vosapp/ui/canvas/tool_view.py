"""The canvas as tools see it: mouse and keys go to the tool in hand."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QEnterEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from vosapp.ui.canvas.zooming import WHEEL_STEP, ZoomingView
from vosapp.ui.tools.base import Tool
from vosapp.ui.tools.context import ToolContext
from vosapp.ui.tools.pointer import Pointer, Press
from vosapp.ui.tools.toolbox import make_tools
from vosapp.ui.view_state import ToolId, ViewState

BRUSH_STEP = 1.15
"""Change of the brush's size by one notch of the wheel, or one key."""
SIZED = (ToolId.BRUSH, ToolId.ERASER)
_PRESSES = {Qt.MouseButton.LeftButton: Press.LEFT, Qt.MouseButton.RightButton: Press.RIGHT}


class ToolView(ZoomingView):
    """A view with tools.

    Args:
        view_state: says which tool is in hand.

    Signals:
        cursorMoved: image pixel under the mouse and the object there (int, int, int); -1, -1, 0
            outside the image.
        statusMessage: what the user can do, or why something was not done (str).
        menuWanted: a context menu, at a point of the screen, about an object or 0 (QPoint, int).
        localHistoryChanged: `can_local_undo` or `can_local_redo` may be different.
    """

    cursorMoved = Signal(int, int, int)
    statusMessage = Signal(str)
    menuWanted = Signal(QPoint, int)
    localHistoryChanged = Signal()

    def __init__(self, view_state: ViewState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view_state = view_state
        self._context: ToolContext | None = None
        self._tools: dict[ToolId, Tool] = {}
        self._tool: Tool | None = None
        self._held = Press.NONE
        self._panning: QPointF | None = None
        self._hint = ""
        self._history = (False, False)
        self.setAcceptDrops(False)  # Files that are dropped are the window's.
        self.setMouseTracking(True)
        self.viewport().setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        view_state.toolChanged.connect(self._change_tool)

    # What the window calls

    def apply_tool(self) -> bool:
        """Take what was drawn; False where there is nothing to take."""
        return self._done(done=self._tool is not None and self._tool.apply())

    def cancel_tool(self) -> bool:
        """Drop what was drawn; False where there is nothing to drop."""
        return self._done(done=self._tool is not None and self._tool.cancel())

    def finish_tool(self) -> None:
        """The user goes on to something else: what was drawn is taken."""
        if self._tool is not None:
            self._tool.finish()
            self._done(done=True)

    def local_undo(self) -> bool:
        """Take back the last step of what is not applied yet; False where there is none."""
        return self._done(done=self._tool is not None and self._tool.undo())

    def local_redo(self) -> bool:
        """Do the last step that was taken back again; False where there is none."""
        return self._done(done=self._tool is not None and self._tool.redo())

    @property
    def can_local_undo(self) -> bool:
        """True where `local_undo` would do something."""
        return self._tool is not None and self._tool.can_undo

    @property
    def can_local_redo(self) -> bool:
        """True where `local_redo` would do something."""
        return self._tool is not None and self._tool.can_redo

    def resize_brush(self, steps: float) -> None:
        """Make the brush larger or smaller by notches of the wheel."""
        size = self.view_state.brush_size
        factor: float = BRUSH_STEP**steps
        wanted = size * factor
        if abs(wanted - size) < 1:
            wanted = size + (1 if steps > 0 else -1)
        self.view_state.set_brush_size(round(wanted))

    # Inside

    def _set_context(self, context: ToolContext | None) -> None:
        self.finish_tool()
        old, self._context = self._context, context
        self._tools = {} if context is None else make_tools(context)
        self._tool = self._tools.get(self.view_state.tool)
        self._held, self._panning = Press.NONE, None
        if old is not None:
            old.let_go()
            old.deleteLater()
        self._refresh()

    def _change_tool(self, tool: ToolId) -> None:
        self.finish_tool()
        if self._tool is not None:
            self._tool.leave()
        self._tool = self._tools.get(tool)
        self._held = Press.NONE
        self._hint = ""
        self._refresh()

    def _done(self, *, done: bool) -> bool:
        if done:
            self._refresh()
        return done

    def _refresh(self) -> None:
        """Cursor and hint follow the tool."""
        tool = self._tool
        cursor = Qt.CursorShape.ArrowCursor if tool is None else tool.cursor()
        if self._panning is not None:
            cursor = Qt.CursorShape.ClosedHandCursor
        if self.viewport().cursor().shape() != cursor:
            self.viewport().setCursor(cursor)
        hint = "" if tool is None else tool.hint()
        if hint != self._hint:
            self._hint = hint
            self.statusMessage.emit(hint)
        history = (self.can_local_undo, self.can_local_redo)
        if history != self._history:
            self._history = history
            self.localHistoryChanged.emit()

    def _pointer(self, event: QMouseEvent, press: Press) -> Pointer:
        grid, position, keys = self.grid, event.position(), event.modifiers()
        x, y = grid.to_image(position.x(), position.y())
        held = Qt.KeyboardModifier
        return Pointer(
            x,
            y,
            position.x(),
            position.y(),
            grid.scale,
            press,
            shift=bool(keys & held.ShiftModifier),
            control=bool(keys & held.ControlModifier),
            alt=bool(keys & held.AltModifier),
        )

    def _announce_cursor(self, pointer: Pointer) -> None:
        width, height = self._image_size
        inside = 0 <= pointer.x < width and 0 <= pointer.y < height
        if self._context is None or not inside:
            self.cursorMoved.emit(-1, -1, 0)
        else:
            found = self._context.object_at(*pointer.place)
            self.cursorMoved.emit(int(pointer.x), int(pointer.y), found)

    # Events

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Pan with the middle button, else begin to use the tool."""
        press = _PRESSES.get(event.button(), Press.NONE)
        if event.button() is Qt.MouseButton.MiddleButton:
            self._panning = event.position()
        elif press is Press.RIGHT and self._held is Press.NONE and self._asks(event):
            self._ask_for_menu(event.globalPosition().toPoint(), self._pointer(event, press))
        elif self._tool is not None and press is not Press.NONE and self._held is Press.NONE:
            self._held = press
            self._tool.press(self._pointer(event, press))
        event.accept()
        self._refresh()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Give the second click to the tool."""
        press = _PRESSES.get(event.button(), Press.NONE)
        if self._tool is not None and press is not Press.NONE and self._held is Press.NONE:
            self._held = press
            self._tool.double_click(self._pointer(event, press))
        event.accept()
        self._refresh()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Pan, or go on with the tool."""
        if self._panning is not None:
            step = event.position() - self._panning
            self._panning = event.position()
            self.pan_by(step.x(), step.y())
        pointer = self._pointer(event, self._held)
        if self._tool is not None:
            if self._held is Press.NONE or self._panning is not None:
                self._tool.hover(pointer)
            else:
                self._tool.move(pointer)
        self._announce_cursor(pointer)
        event.accept()
        self._refresh()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End panning or the use of the tool."""
        press = _PRESSES.get(event.button(), Press.NONE)
        if event.button() is Qt.MouseButton.MiddleButton:
            self._panning = None
        elif press is not Press.NONE and press is self._held:
            self._held = Press.NONE
            if self._tool is not None:
                self._tool.release(self._pointer(event, press))
        event.accept()
        self._refresh()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """The key for context menus asks about the current object; buttons have asked already."""
        event.accept()
        context = self._context
        if event.reason() is QContextMenuEvent.Reason.Keyboard and context is not None:
            middle = self.viewport().rect().center()
            object_id = context.session.object_id
            self.menuWanted.emit(self.viewport().mapToGlobal(middle), object_id)

    def _asks(self, event: QMouseEvent) -> bool:
        """True where the right button is not the tool's own, or Control says so."""
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        return control or self._tool is None or not self._tool.uses_right

    def _ask_for_menu(self, place: QPoint, pointer: Pointer) -> None:
        if self._context is not None:
            self.menuWanted.emit(place, self._context.object_at(*pointer.place))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom at the cursor; with Control and a brush in hand, change its size."""
        steps = event.angleDelta().y() / 120
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if steps and control and self.view_state.tool in SIZED:
            self.resize_brush(steps)
        elif steps:
            factor: float = WHEEL_STEP**steps
            self.zoom_at(factor, event.position())
        event.accept()

    def event(self, event: QEvent) -> bool:
        """Keys that are held are the canvas's own, whatever else they are bound to."""
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.ShortcutOverride
            and event.key() == Qt.Key.Key_QuoteLeft
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keys of tools; all others go on to the window."""
        if not self._key(Qt.Key(event.key()), event):
            event.ignore()
        self._refresh()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """End what lasts while a key is held."""
        if event.isAutoRepeat():
            return
        if event.key() == Qt.Key.Key_QuoteLeft:
            self.view_state.set_peek(peek=False)
        if self._tool is not None:
            self._tool.key_released(Qt.Key(event.key()))
        event.ignore()

    def leaveEvent(self, event: QEvent) -> None:
        """The mouse is elsewhere."""
        super().leaveEvent(event)
        if self._tool is not None:
            self._tool.leave()
        self.cursorMoved.emit(-1, -1, 0)

    def enterEvent(self, event: QEnterEvent) -> None:
        """Say what the tool does."""
        super().enterEvent(event)
        if self._hint:
            self.statusMessage.emit(self._hint)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """A key that is held now will not be seen to go up."""
        super().focusOutEvent(event)
        self.view_state.set_peek(peek=False)

    def _key(self, key: Qt.Key, event: QKeyEvent) -> bool:
        if self._tool is not None and self._tool.key(key):
            return True
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            return self.apply_tool()
        if key == Qt.Key.Key_Escape:
            return self.cancel_tool()
        if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            return False
        return self._state_key(key)

    def _state_key(self, key: Qt.Key) -> bool:
        if key == Qt.Key.Key_QuoteLeft:
            self.view_state.set_peek(peek=True)
            return True
        if key == Qt.Key.Key_X:
            self.view_state.set_positive(positive=not self.view_state.positive)
            return True
        steps = {Qt.Key.Key_BracketLeft: -1.0, Qt.Key.Key_BracketRight: 1.0}.get(key, 0.0)
        if steps:
            self.resize_brush(steps)
        return bool(steps)
