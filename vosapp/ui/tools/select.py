"""Selecting objects and moving the picture."""

from __future__ import annotations

import math
from typing import ClassVar

from PySide6.QtCore import Qt

from vosapp.ui.tools.base import Tool
from vosapp.ui.tools.context import ToolContext
from vosapp.ui.tools.pointer import Pointer, Press
from vosapp.ui.view_state import ToolId

CLICK_REACH = 4.0
"""View units that the mouse may move during a click."""


class SelectTool(Tool):
    """A click selects the object under the cursor, dragging moves the picture."""

    tool_id: ClassVar[ToolId] = ToolId.SELECT

    def __init__(self, context: ToolContext) -> None:
        super().__init__(context)
        self._pressed: Pointer | None = None
        self._last: Pointer | None = None
        self._dragging = False

    def press(self, pointer: Pointer) -> None:
        """Take hold of the picture."""
        if pointer.press is Press.LEFT:
            self._pressed = self._last = pointer
            self._dragging = False

    def move(self, pointer: Pointer) -> None:
        """Move the picture, once it is clear that this is no click."""
        if self._pressed is None or self._last is None:
            return
        far = math.dist(_view_place(self._pressed), _view_place(pointer))
        if self._dragging or far > CLICK_REACH:
            self._dragging = True
            step = pointer.view_x - self._last.view_x, pointer.view_y - self._last.view_y
            self._last = pointer
            self.context.panned.emit(*step)

    def release(self, _pointer: Pointer) -> None:
        """Select what was clicked; nothing, where no object is."""
        if self._pressed is not None and not self._dragging:
            self.context.session.select_object(self.context.object_at(*self._pressed.place))
        self._pressed = self._last = None
        self._dragging = False

    def cursor(self) -> Qt.CursorShape:
        """A closed hand while the picture is moved."""
        dragging = self._dragging
        return Qt.CursorShape.ClosedHandCursor if dragging else Qt.CursorShape.ArrowCursor

    def hint(self) -> str:
        """What the user can do."""
        return self.tr(
            "Click an object to select it; drag to move the picture · right button: menu"
        )


class PickTool(Tool):
    """A click selects the object under the cursor; then the former tool is in hand again."""

    tool_id: ClassVar[ToolId] = ToolId.PICK

    def press(self, pointer: Pointer) -> None:
        """Select what was clicked."""
        found = self.context.object_at(*pointer.place)
        if not found:
            self.context.say(self.tr("There is no object here."))
            return
        self.context.session.select_object(found)
        state = self.context.view_state
        state.set_tool(state.previous_tool)

    def cancel(self) -> bool:
        """Go back to the former tool."""
        state = self.context.view_state
        state.set_tool(state.previous_tool)
        return True

    def cursor(self) -> Qt.CursorShape:
        """A pointing hand."""
        return Qt.CursorShape.PointingHandCursor

    def hint(self) -> str:
        """What the user can do."""
        return self.tr("Click an object to go on with it")


def _view_place(pointer: Pointer) -> tuple[float, float]:
    return pointer.view_x, pointer.view_y
