"""A freehand outline whose inside is added to the object or taken away."""

from __future__ import annotations

from typing import ClassVar

from PySide6.QtGui import QPainter

from vosapp.ui.canvas.mapping import Grid
from vosapp.ui.tools.area import AreaTool
from vosapp.ui.tools.context import ToolContext
from vosapp.ui.tools.local_edit import from_mask
from vosapp.ui.tools.outline import Outline
from vosapp.ui.tools.pointer import Pointer
from vosapp.ui.tools.polygons import inside
from vosapp.ui.view_state import ToolId


class LassoTool(AreaTool):
    """Drag around what is to be added; with the right button, or while negative, taken away."""

    tool_id: ClassVar[ToolId] = ToolId.LASSO

    def __init__(self, context: ToolContext) -> None:
        super().__init__(context)
        self._outline = Outline()

    def press(self, pointer: Pointer) -> None:
        """Begin an outline."""
        if self._outline or self.context.view is None:
            return
        if self.begin(pointer):
            self._outline.begin(pointer)

    def move(self, pointer: Pointer) -> None:
        """Draw on."""
        if self._outline.draw_on(pointer):
            self.context.drawingChanged.emit()

    def release(self, _pointer: Pointer) -> None:
        """Close the outline: its inside becomes an edit."""
        self.finish()

    def finish(self) -> None:
        """Keep what is drawn, on the frame on which it was begun."""
        points = self._outline.take()
        mask = inside(points, *self.context.size)
        erase, over = self._erase, self._over
        local = from_mask(self._frame, self._target, mask, erase=erase, over=over)
        if mask.any() and self.allowed(local):
            self.context.commit(local)
        else:
            self.context.release_claim()
        self.context.drawingChanged.emit()

    def cancel(self) -> bool:
        """Drop the outline."""
        if not self._outline.take():
            return False
        self.context.release_claim()
        self.context.drawingChanged.emit()
        return True

    @property
    def target(self) -> int:
        """The object that is being drawn."""
        return self._target if self._outline else 0

    def paint(self, painter: QPainter, grid: Grid) -> None:
        """Draw the outline, closed as it will be."""
        self._outline.paint(painter, grid)

    def hint(self) -> str:
        """What the user can do."""
        if self.context.view_state.positive:
            return self.tr("Drag around what belongs to the object · right button takes away")
        return self.tr("Drag around what does not belong to the object · X adds again")
