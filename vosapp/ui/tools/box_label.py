"""Box labels: where an object is, without its mask. Drawn, moved, resized; shown where they are
interpolated.
"""

from __future__ import annotations

import math
from typing import ClassVar

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter

from vosapp.project.boxes import BoxLabel
from vosapp.project.edit_boxes import PutBox
from vosapp.project.model import Change
from vosapp.ui.canvas.mapping import Grid
from vosapp.ui.objects import box_commands
from vosapp.ui.tools import boxes
from vosapp.ui.tools.base import Tool
from vosapp.ui.tools.boxes import Box, Grip
from vosapp.ui.tools.context import ToolContext
from vosapp.ui.tools.handles import GRIP_CURSORS, HANDLE, draw_handle, draw_label
from vosapp.ui.tools.label_drafts import LabelDrafts, corners, label_at
from vosapp.ui.tools.pointer import Pointer, Press
from vosapp.ui.view_state import ToolId

CLICK_REACH = 4.0
"""View units that the mouse may move during a click."""


class BoxLabelTool(Tool):
    """Drag a box around the selected object; drag the box or its handles to change it.

    A box elsewhere takes the place of the one that is there. With none selected, or with Shift, a
    box begins another object, as with the Box tool (ADR 0046). A click into the box of another
    object selects that one.
    """

    tool_id: ClassVar[ToolId] = ToolId.LABEL

    def __init__(self, context: ToolContext) -> None:
        super().__init__(context)
        self._drafts = LabelDrafts()
        self._pressed: Pointer | None = None
        self._held: tuple[Grip, Box] | None = None
        self._live: Box | None = None
        self._under: Grip | None = None
        self._frame = self._claimed = 0
        session = context.session
        session.boxesChanged.connect(self._show_anew)
        session.edited.connect(self._arrive)
        session.changingChanged.connect(self._settle)
        session.currentObjectChanged.connect(self._show_anew)

    # What is there

    def label(self, object_id: int) -> BoxLabel | None:
        """Return the label of an object on the frame that is shown, None for none."""
        here = self.context.frame_index
        found = self._drafts.newest(object_id, here)
        if found is not None:
            return found
        return self.context.session.boxes(object_id).at(object_id, here)

    @property
    def current(self) -> BoxLabel | None:
        """The label of the current object."""
        target = self.context.target
        return self.label(target) if target else None

    @property
    def box(self) -> Box | None:
        """The box that is being drawn or changed, None for none."""
        return self._live

    # Events

    def press(self, pointer: Pointer) -> None:
        """Take hold of the current box, or begin another; which, the first move says."""
        if pointer.press is not Press.LEFT or not self.context.ready:
            return
        grip = None if pointer.shift else self._grip_at(pointer)
        own = self.current
        if grip is not None and own is not None:
            self._claimed = self.context.claim()
            if not self._claimed:
                return
            self._held = (grip, corners(own))
        self._pressed, self._frame = pointer, self.context.frame_index

    def move(self, pointer: Pointer) -> None:
        """Draw or change the box, once it is clear that this is no click."""
        start = self._pressed
        if start is None:
            return
        far = math.dist((start.view_x, start.view_y), (pointer.view_x, pointer.view_y))
        if self._live is None and far <= CLICK_REACH:
            return
        if self._held is None and not self._claimed:
            self._claimed = self.context.claim(new=start.shift)
            if not self._claimed:
                self._let_go()
                return
        size = self.context.size
        if self._held is None:
            self._live = boxes.between(start.place, pointer.place, *size)
        else:
            by = (pointer.x - start.x, pointer.y - start.y)
            self._live = boxes.dragged(self._held[1], self._held[0], by, size)
        self.context.drawingChanged.emit()

    def release(self, pointer: Pointer) -> None:
        """Keep what was drawn; a click selects."""
        if self._pressed is None:
            return
        if self._live is not None:
            self._end_drag()
            return
        own, held = self.context.target, self._held is not None
        self._let_go()
        others = [x for x in self._shown() if x.object_id != own]
        found = label_at(others, pointer.place, pointer.reach(HANDLE / 2))
        if found and not held:
            self.context.session.select_object(found)

    def hover(self, pointer: Pointer) -> None:
        """Show which handle is under the cursor."""
        under = self._grip_at(pointer)
        if under is not self._under:
            self._under = under
            self.context.drawingChanged.emit()

    def apply(self) -> bool:
        """Keep what is being drawn; else an interpolated box, as if it had been drawn like that."""
        if self._end_drag():
            return True
        label = self.current
        if label is None or label.drawn or not self.context.ready or not self.context.claim():
            return False
        self._put(corners(label), label.object_id, label.frame_index)
        return True

    def finish(self) -> None:
        """Keep what is being drawn; interpolated boxes stay what they are."""
        self._end_drag()
        self._let_go()

    def cancel(self) -> bool:
        """Drop what is being drawn."""
        drawing = self._pressed is not None
        self._let_go()
        return drawing

    def key(self, key: Qt.Key) -> bool:
        """Backspace removes the current object's box on this frame."""
        if key != Qt.Key.Key_Backspace or self._pressed is not None:
            return False
        return box_commands.remove_here(self.context.workspace, self.context.view_state)

    # What is shown

    @property
    def target(self) -> int:
        """The object that is being drawn."""
        return self._claimed if self._live is not None else 0

    def paint(self, painter: QPainter, grid: Grid) -> None:
        """Draw the boxes of all objects that are shown, and the handles of the current one."""
        drawing = self.target
        current = drawing or self.context.target
        for label in self._shown():
            if label.object_id != drawing and label.visible:
                self._paint_box(painter, grid, label.object_id, corners(label), drawn=label.drawn)
        if self._live is not None:
            self._paint_box(painter, grid, current, self._live, drawn=True)
        own = self.current
        box = self._live or (corners(own) if own is not None and own.visible else None)
        if box is not None and (self._live is None or self._held is not None):
            active = self._under if self._held is None else self._held[0]
            for grip in boxes.HANDLES:
                x, y = grid.to_view(*boxes.handle_position(box, grip))
                draw_handle(painter, x, y, active=grip is active)

    def cursor(self) -> Qt.CursorShape:
        """Arrows over handles."""
        grip = self._held[0] if self._held is not None else None
        if self._pressed is None:
            grip = self._under
        return Qt.CursorShape.CrossCursor if grip is None else GRIP_CURSORS[grip]

    def hint(self) -> str:
        """What the user can do."""
        if not self.context.target:
            return self.tr("Drag a box around an object; it stays a box, no mask is made")
        label, name = self.current, self.context.name(self.context.target)
        if label is None:
            text = self.tr("Drag a box around {0}; it stays a box, no mask is made")
        elif not label.visible:
            text = self.tr("{0} is marked as not visible here · drag a box to change that")
        elif not label.drawn:
            text = self.tr("Interpolated · drag box or handles to correct it · Enter confirms it")
        else:
            text = self.tr("Drag box or handles to change it · Shift+drag boxes another object")
        return text.format(name)

    # Inside

    def _shown(self) -> list[BoxLabel]:
        """The labels of this frame, of all objects that are shown."""
        solo = self.context.view_state.solo
        ids = [o.object_id for o in self.context.objects if o.visible and solo in (0, o.object_id)]
        found = (self.label(object_id) for object_id in ids)
        return [label for label in found if label is not None]

    def _end_drag(self) -> bool:
        live, target, frame = self._live, self._claimed, self._frame
        if live is not None and boxes.has_area(live) and target:
            self._put(live, target, frame)
            self._claimed = 0
        self._let_go()
        return live is not None

    def _put(self, box: Box, object_id: int, frame_index: int) -> None:
        x0, y0, x1, y1 = box
        label = BoxLabel(frame_index, object_id, x0, y0, x1 - x0, y1 - y0)
        edit = PutBox(label, fill=self.context.view_state.fill_boxes)
        self._drafts.send(label, self.context.put_box(edit))

    def _let_go(self) -> None:
        if self._claimed:
            self.context.release_claim()
        self._pressed = self._held = self._live = None
        self._claimed = 0
        self.context.drawingChanged.emit()

    def _grip_at(self, pointer: Pointer) -> Grip | None:
        label = self.current
        if label is None or not label.visible:
            return None
        return boxes.grip_at(corners(label), *pointer.place, reach=pointer.reach(HANDLE / 2 + 3))

    def _paint_box(
        self, painter: QPainter, grid: Grid, object_id: int, box: Box, *, drawn: bool
    ) -> None:
        rect = QRectF(QPointF(*grid.to_view(*box[:2])), QPointF(*grid.to_view(*box[2:])))
        color = QColor(*self.context.color(object_id))
        draw_label(painter, rect, color, name=self.context.name(object_id), dashed=not drawn)

    def _show_anew(self, _what: object = None) -> None:
        self.context.drawingChanged.emit()

    def _arrive(self, change: Change) -> None:
        self._drafts.arrive(change)

    def _settle(self) -> None:
        if not self.context.session.changing:
            self._drafts.clear()
            self.context.drawingChanged.emit()
