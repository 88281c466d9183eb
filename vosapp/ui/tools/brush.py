"""Brush and eraser."""

from __future__ import annotations

from typing import ClassVar

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QPainter

from vosapp.ui.canvas.mapping import Grid, PixelRect
from vosapp.ui.tools.area import AreaTool
from vosapp.ui.tools.context import ToolContext
from vosapp.ui.tools.handles import draw_brush
from vosapp.ui.tools.local_edit import LocalEdit
from vosapp.ui.tools.pointer import Pointer
from vosapp.ui.tools.strokes import Stroke
from vosapp.ui.view_state import ToolId


class BrushTool(AreaTool):
    """Paints the current object; with the right button, or while drawing is negative, erases it.

    A stroke becomes one edit when the button goes up, on the frame on which it was begun.
    """

    tool_id: ClassVar[ToolId] = ToolId.BRUSH

    def __init__(self, context: ToolContext) -> None:
        super().__init__(context)
        self._stroke: Stroke | None = None
        self._sizing: tuple[float, float] | None = None
        self._at: Pointer | None = None

    def press(self, pointer: Pointer) -> None:
        """Begin a stroke, or with Alt change the size."""
        self._at = pointer
        if pointer.alt:
            self._sizing = (pointer.view_x, self.context.view_state.brush_size)
        elif self._stroke is None:
            self._begin_stroke(pointer)

    def move(self, pointer: Pointer) -> None:
        """Go on."""
        if self._sizing is not None:
            start, size = self._sizing
            self.context.view_state.set_brush_size(
                size + 2 * (pointer.view_x - start) / pointer.scale
            )
            return
        self._at = pointer
        if self._stroke is not None:
            self._extend(pointer)
        self.context.drawingChanged.emit()

    def release(self, _pointer: Pointer) -> None:
        """End the stroke: it becomes an edit."""
        self._sizing = None
        self.finish()

    def hover(self, pointer: Pointer) -> None:
        """Show where the brush is."""
        self._at = pointer
        self.context.drawingChanged.emit()

    def leave(self) -> None:
        """Show no brush."""
        self._at = None
        self.context.drawingChanged.emit()

    def finish(self) -> None:
        """Keep the stroke, on the frame on which it was drawn."""
        stroke, self._stroke = self._stroke, None
        if stroke is None:
            return
        local = self._local(stroke, stroke.part)
        if local.mask.any() and self.allowed(local):
            self.context.commit(local)
        else:
            self.context.release_claim()

    def cancel(self) -> bool:
        """Drop the stroke that is being drawn."""
        stroke, self._stroke = self._stroke, None
        if stroke is None:
            return False
        self.context.release_claim()
        self.context.restore()
        return True

    def redraw(self) -> None:
        """Draw the stroke over another label map of its frame."""
        if self._stroke is not None:
            self.context.draw(self._local(self._stroke, self._stroke.part))

    def paint(self, painter: QPainter, grid: Grid) -> None:
        """Draw the brush's rim."""
        if self._at is not None:
            x, y = grid.to_view(*self._at.place)
            draw_brush(painter, x, y, self.context.view_state.brush_size / 2 * grid.scale)

    @property
    def target(self) -> int:
        """The object that is being painted."""
        return self._target if self._stroke is not None else 0

    def area(self, grid: Grid) -> QRect | None:
        """Around the brush's rim."""
        if self._at is None:
            return QRect()
        x, y = grid.to_view(*self._at.place)
        reach = int(self.context.view_state.brush_size / 2 * grid.scale) + 10
        return QRect(int(x) - reach, int(y) - reach, 2 * reach, 2 * reach)

    def cursor(self) -> Qt.CursorShape:
        """The rim is the cursor."""
        return Qt.CursorShape.BlankCursor

    def hint(self) -> str:
        """What the user can do."""
        if not self.context.view_state.positive:
            return self.tr("Drag to erase · X paints again · [ ] or Alt+drag change the size")
        return self.tr("Drag to paint · right button erases · [ ] or Alt+drag change the size")

    def _begin_stroke(self, pointer: Pointer) -> None:
        if self.context.view is None or not self.begin(pointer):
            return
        width, height = self.context.size
        self._stroke = Stroke(width, height, diameter=self.context.view_state.brush_size)
        self._extend(pointer)

    def _extend(self, pointer: Pointer) -> None:
        if self._stroke is not None:
            part = self._stroke.extend(*pointer.place)
            self.context.draw(self._local(self._stroke, part))

    def _local(self, stroke: Stroke, part: PixelRect) -> LocalEdit:
        mask = stroke.mask[part.slices]
        return LocalEdit(self._frame, self._target, part, mask, self._erase, over=self._over)


class EraserTool(BrushTool):
    """Takes pixels away from the current object only."""

    tool_id: ClassVar[ToolId] = ToolId.ERASER

    def hint(self) -> str:
        """What the user can do."""
        return self.tr("Drag to erase the current object · [ ] or Alt+drag change the size")

    def erases(self, _pointer: Pointer) -> bool:
        """Always."""
        return True
