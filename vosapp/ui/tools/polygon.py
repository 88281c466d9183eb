"""A polygon, vertex by vertex."""

from __future__ import annotations

from typing import ClassVar

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter

from vosapp.project.edits import AddPrompt
from vosapp.project.model import Prompt, PromptKind
from vosapp.ui.canvas.mapping import Grid
from vosapp.ui.tools import polygons
from vosapp.ui.tools.area import AreaTool
from vosapp.ui.tools.context import ToolContext
from vosapp.ui.tools.drafting import Drafting
from vosapp.ui.tools.handles import HANDLE, draw_handle, draw_line
from vosapp.ui.tools.local_edit import from_mask
from vosapp.ui.tools.local_history import LocalHistory
from vosapp.ui.tools.pointer import Pointer, Press
from vosapp.ui.tools.polygons import Point, Points
from vosapp.ui.view_state import ToolId


class PolygonTool(Drafting[Points], AreaTool):
    """Click vertices and drag them; a double click, Enter or the first vertex closes it."""

    tool_id: ClassVar[ToolId] = ToolId.POLYGON

    def __init__(self, context: ToolContext) -> None:
        super().__init__(context)
        self._draft: LocalHistory[Points] = LocalHistory(())
        self._held: int | None = None
        self._live: Points | None = None
        self._cursor: Point | None = None

    @property
    def points(self) -> Points:
        """The vertices as they are drawn."""
        return self._draft.state if self._live is None else self._live

    def press(self, pointer: Pointer) -> None:
        """Take hold of a vertex, close at the first, or add one."""
        if self.context.view is None or pointer.press is Press.NONE:
            return
        index = polygons.vertex_at(self.points, *pointer.place, reach=pointer.reach(HANDLE))
        if not self.points and not self.begin(pointer):
            return
        if index is not None:
            self._held = index
            return
        width, height = self.context.size
        place = min(max(pointer.x, 0.0), float(width)), min(max(pointer.y, 0.0), float(height))
        self._draft.push((*self.points, place))
        self._cursor = pointer.place
        self.context.drawingChanged.emit()

    def move(self, pointer: Pointer) -> None:
        """Move the vertex that is held."""
        if self._held is not None:
            self._live = polygons.moved(self._draft.state, self._held, pointer.place)
            self.context.drawingChanged.emit()

    def release(self, _pointer: Pointer) -> None:
        """Leave the vertex where it is; a click on the first one closes the polygon."""
        held, live, self._held, self._live = self._held, self._live, None, None
        if live is not None:
            self._draft.push(live)
        elif held == 0 and len(self.points) > 2:
            self.apply()
        self.context.drawingChanged.emit()

    def double_click(self, pointer: Pointer) -> None:
        """Close the polygon; the first of the two clicks has made its last vertex."""
        if not self.apply():
            self.press(pointer)

    def hover(self, pointer: Pointer) -> None:
        """Draw the next side up to the cursor."""
        self._cursor = pointer.place
        if self.points:
            self.context.drawingChanged.emit()

    def leave(self) -> None:
        """Draw no next side."""
        self._cursor = None
        self.context.drawingChanged.emit()

    def key(self, key: Qt.Key) -> bool:
        """Backspace takes the last vertex away."""
        if key != Qt.Key.Key_Backspace or not self._draft.state:
            return False
        self._draft.push(self._draft.state[:-1])
        self.context.drawingChanged.emit()
        return True

    def apply(self) -> bool:
        """Close the polygon: its inside becomes an edit."""
        points, mask = self.points, polygons.inside(self.points, *self.context.size)
        if not mask.any():
            return False
        self._clear()
        erase, over = self._erase, self._over
        local = from_mask(self._frame, self._target, mask, erase=erase, over=over)
        if not self.allowed(local):
            self.context.release_claim()
            return True
        sign = -1 if self._erase else 1
        spots = tuple((x, y, sign) for x, y in points)
        prompt = Prompt(self._frame, self._target, PromptKind.POLYGON, spots)
        self.context.commit(local, AddPrompt(prompt))
        return True

    def finish(self) -> None:
        """Keep a polygon that has an inside; drop one that has none."""
        if not self.apply():
            self.cancel()

    def cancel(self) -> bool:
        """Drop the polygon."""
        if not self._draft.state:
            return False
        self._clear()
        self.context.release_claim()
        return True

    def show_draft(self) -> bool:
        """See `Drafting`."""
        self.context.drawingChanged.emit()
        return True

    @property
    def target(self) -> int:
        """The object that is being drawn."""
        return self._target if self._draft.state else 0

    def paint(self, painter: QPainter, grid: Grid) -> None:
        """Draw sides and vertices."""
        line = [*self.points]
        if line and self._cursor is not None and self._held is None:
            line.append(self._cursor)
        if len(line) > 1:
            draw_line(painter, [grid.to_view(*point) for point in line], closed=False)
        for index, point in enumerate(self.points):
            first = index == 0 and len(self.points) > 2
            draw_handle(painter, *grid.to_view(*point), active=index == self._held or first)

    def hint(self) -> str:
        """What the user can do."""
        if len(self.points) > 2:
            return self.tr("Enter or double-click closes · Backspace removes the last vertex")
        return self.tr("Click the corners of the area; the right button takes it away")

    def _clear(self) -> None:
        self._draft.clear()
        self._held = self._live = None
        self.context.drawingChanged.emit()
