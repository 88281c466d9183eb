"""An area that goes from the current object's propagated masks on all frames of the range."""

from __future__ import annotations

from typing import ClassVar

from PySide6.QtGui import QPainter

from core.media.export.losses import counted
from vosapp.project.edit_cleanings import EraseArea
from vosapp.ui.canvas.mapping import Grid
from vosapp.ui.tools.base import Tool
from vosapp.ui.tools.context import ToolContext
from vosapp.ui.tools.outline import Outline
from vosapp.ui.tools.pointer import Pointer, Press
from vosapp.ui.tools.polygons import inside
from vosapp.ui.view_state import ToolId

MOST_CORNERS = 1000


class EraseAreaTool(Tool):
    """Drag around what is to go between the in and out points; keyframes stay."""

    tool_id: ClassVar[ToolId] = ToolId.ERASE_AREA

    def __init__(self, context: ToolContext) -> None:
        super().__init__(context)
        self._outline = Outline()
        self._target = 0

    def press(self, pointer: Pointer) -> None:
        """Begin an outline."""
        if self._outline or pointer.press is not Press.LEFT or self.context.view is None:
            return
        self._target = self._erasable()
        if self._target:
            self._outline.begin(pointer)

    def move(self, pointer: Pointer) -> None:
        """Draw on."""
        if self._outline.draw_on(pointer):
            self.context.drawingChanged.emit()

    def release(self, _pointer: Pointer) -> None:
        """Close the outline: its inside goes."""
        points = self._outline.take()
        self.context.drawingChanged.emit()
        if len(points) < 3 or not inside(points, *self.context.size).any():
            return
        every = max(1, -(-len(points) // MOST_CORNERS))
        session = self.context.session
        start, stop = session.range
        session.do(EraseArea(self._target, start, stop, points[::every]))
        text = self.tr("Erased from {0} on {1}; keyframes stay as they are.")
        name = self.context.name(self._target)
        self.context.say(text.format(name, counted(stop - start, "frame")))

    def finish(self) -> None:
        """The user goes on to something else: an outline that is not closed means nothing."""
        self.cancel()

    def cancel(self) -> bool:
        """Drop the outline."""
        if not self._outline.take():
            return False
        self.context.drawingChanged.emit()
        return True

    @property
    def target(self) -> int:
        """The object that is cut."""
        return self._target if self._outline else 0

    def paint(self, painter: QPainter, grid: Grid) -> None:
        """Draw the outline, closed as it will be."""
        self._outline.paint(painter, grid)

    def hint(self) -> str:
        """What the user can do."""
        start, stop = self.context.session.range
        text = self.tr("Drag around what is to go from the selected object on {0} · keyframes stay")
        return text.format(counted(stop - start, "frame"))

    def _erasable(self) -> int:
        """The object to cut, 0 where there is none or it is locked; then it is said why."""
        item = self.context.session.current_object
        if item is None:
            self.context.say(self.tr("Select the object to erase from first."))
            return 0
        if item.locked:
            self.context.say(self.tr("{0} is locked. Unlock it first.").format(item.shown_name))
            return 0
        start, stop = self.context.session.range
        if not start <= self.context.frame_index < stop:
            self.context.say(self.tr("This frame is not between in and out: go to one that is."))
            return 0
        return item.object_id
