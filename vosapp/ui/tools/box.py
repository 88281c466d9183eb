"""A box around an object, and the mask that it gives."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter

from core.prompts.request import BoxPrompt
from vosapp.project.model import PromptKind
from vosapp.session.prompting import PromptAsk
from vosapp.ui.canvas.mapping import Grid
from vosapp.ui.tools import boxes
from vosapp.ui.tools.boxes import Box, Grip
from vosapp.ui.tools.context import ToolContext
from vosapp.ui.tools.handles import GRIP_CURSORS, HANDLE, draw_box, draw_handle
from vosapp.ui.tools.pointer import Pointer, Press
from vosapp.ui.tools.prompt_tool import PromptTool, Spots
from vosapp.ui.tools.tag import draw_tag
from vosapp.ui.view_state import ToolId


class BoxTool(PromptTool[Box | None]):
    """Drag a box: its mask is proposed at once. Handles change it, Enter takes it.

    Where an object is selected the box is a prompt of that object. Where none is, or with Shift,
    it begins another one. A tag at the box says which (ADR 0046).
    """

    tool_id: ClassVar[ToolId] = ToolId.BOX
    kind: ClassVar[PromptKind] = PromptKind.BOX

    def __init__(self, context: ToolContext) -> None:
        super().__init__(context, None)
        self._live: Box | None = None
        self._pressed: Pointer | None = None
        self._grip: Grip | None = None
        self._under: Grip | None = None
        self._claimed, self._new = 0, False
        self._told: tuple[NDArray[np.uint8] | None, tuple[str, ...]] = (None, ())

    @property
    def box(self) -> Box | None:
        """The box as it is drawn, None for none."""
        return self._draft.state if self._live is None else self._live

    def press(self, pointer: Pointer) -> None:
        """Take hold of the box, or begin another."""
        if pointer.press is not Press.LEFT or not self.context.ready:
            return
        grip = self._grip_at(pointer)
        if grip is None and not self._begin(new=pointer.shift):
            return
        self._pressed, self._grip = pointer, grip

    def _begin(self, *, new: bool) -> bool:
        """Begin a box; False where none can be. A box that is not taken yet is taken.

        But where it is of the same object: then the new box takes its place.
        """
        drawn, chosen = self.target, 0 if new else self.context.chosen
        if drawn and drawn == chosen:
            return True
        self.finish()
        if self.context.is_new(drawn):
            # Nobody has selected it: where nothing is selected the next box is another object.
            self.context.set_aside()
        self._new = new
        self._claimed = self.context.claim(new=new)
        return self._claimed != 0

    def move(self, pointer: Pointer) -> None:
        """Draw or change the box."""
        start = self._pressed
        if start is None:
            return
        old = self._draft.state
        if self._grip is None or old is None:
            self._live = boxes.between(start.place, pointer.place, *self.context.size)
        else:
            by = (pointer.x - start.x, pointer.y - start.y)
            self._live = boxes.dragged(old, self._grip, by, self.context.size)
        self.context.drawingChanged.emit()

    def release(self, _pointer: Pointer) -> None:
        """Ask for the box's mask."""
        live, self._live, self._pressed, self._grip = self._live, None, None, None
        if live is not None and boxes.has_area(live):
            self.draw(live)
        elif self._draft.state is None:
            self._claimed = 0
            self.context.release_claim()
        self.context.drawingChanged.emit()

    def hover(self, pointer: Pointer) -> None:
        """Show which handle is under the cursor."""
        under = self._grip_at(pointer)
        if under is not self._under:
            self._under = under
            self.context.drawingChanged.emit()

    def apply(self) -> bool:
        """Take the box's mask."""
        self._end_drag()
        return self.take()

    def cancel(self) -> bool:
        """Drop the box; one that is being changed goes back to what it was."""
        if self._pressed is not None:
            self._pressed = self._live = self._grip = None
            if self._draft.state is None:
                self.context.release_claim()
            self.context.drawingChanged.emit()
            return True
        return self.drop()

    def key(self, key: Qt.Key) -> bool:
        """Backspace takes back the last change."""
        return key == Qt.Key.Key_Backspace and (self.undo() or self.cancel())

    @property
    def target(self) -> int:
        """The object that the mask is for."""
        drawing = self._pressed is not None or self._draft.state is not None
        return self._prompter.target or (self._claimed if drawing else 0)

    def question(self) -> PromptAsk:
        """See `PromptTool`."""
        box = self._draft.state
        return PromptAsk() if box is None else PromptAsk(box=BoxPrompt(box))

    def spots(self) -> Spots:
        """See `PromptTool`: two corners."""
        box = self._draft.state
        return () if box is None else ((box[0], box[1], 1), (box[2], box[3], 1))

    def find_target(self) -> int:
        """See `PromptTool`; a box that was taken back and is wanted again claims anew."""
        if not (self._prompter.target or self._claimed):
            self._claimed = self.context.claim(new=self._new)
        return self._prompter.target or self._claimed

    def show_draft(self) -> bool:
        """See `PromptTool`."""
        if self._draft.state is None:
            self._claimed = 0
        return super().show_draft()

    def paint(self, painter: QPainter, grid: Grid) -> None:
        """Draw the box and, when it is not being drawn, its handles."""
        box = self.box
        if box is None:
            return
        top_left, bottom_right = grid.to_view(*box[:2]), grid.to_view(*box[2:])
        target = self.target
        draw_box(painter, QRectF(QPointF(*top_left), QPointF(*bottom_right)))
        if self._pressed is None or self._grip is not None:
            for grip in boxes.HANDLES:
                x, y = grid.to_view(*boxes.handle_position(box, grip))
                draw_handle(painter, x, y, active=grip is (self._grip or self._under))
        if target:
            draw_tag(painter, top_left, self.tag(replaces=True), self.context.color(target))

    def cursor(self) -> Qt.CursorShape:
        """Arrows over handles."""
        grip = self._grip or (self._under if self._pressed is None else None)
        return Qt.CursorShape.CrossCursor if grip is None else GRIP_CURSORS[grip]

    def hint(self) -> str:
        """What the user can do."""
        if self._draft.state is None and self._pressed is None:
            return self._invitation()
        name, losers = self.context.name(self.target), self._losers()
        if self._replaces(replaces=True):
            text = self.tr("Enter replaces the mask of {0}")
        elif losers:
            text = self.tr("Enter takes it as {0}, which covers most of {1}")
        else:
            text = self.tr("Enter takes it as {0}")
        text += self.tr(" · Esc drops it · drag handles to change it")
        return text.format(name, ", ".join(losers))

    def _invitation(self) -> str:
        context = self.context
        if not context.target:
            return self.tr("Drag a box around an object: it becomes a new one")
        if context.target in context.locked:
            text = self.tr("{0} is locked · Esc and drag, or Shift+drag: a new object")
        else:
            text = self.tr("Drag a box around {0} · Esc and drag, or Shift+drag: a new object")
        return text.format(context.name(context.target))

    def _losers(self) -> tuple[str, ...]:
        """Who would lose most of a mask; looked for once for each proposal."""
        proposal = self._prompter.proposal
        mask = None if proposal is None else proposal.mask
        if mask is not self._told[0]:
            found = () if mask is None else self.context.losers(mask.view(np.bool_), self.target)
            self._told = (mask, found)
        return self._told[1]

    def _grip_at(self, pointer: Pointer) -> Grip | None:
        box = self._draft.state
        if box is None:
            return None
        return boxes.grip_at(box, *pointer.place, reach=pointer.reach(HANDLE / 2 + 3))

    def _end_drag(self) -> None:
        """A box that is still being drawn counts as it is."""
        if self._live is not None and boxes.has_area(self._live):
            self.draw(self._live)
        self._live = self._pressed = self._grip = None
