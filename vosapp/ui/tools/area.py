"""What brush, lasso, polygon and fill share: whose pixels are added or taken away, and where."""

from __future__ import annotations

import math
from typing import ClassVar

from vosapp.ui.tools.base import Tool
from vosapp.ui.tools.context import ToolContext
from vosapp.ui.tools.local_edit import LocalEdit
from vosapp.ui.tools.pointer import Pointer, Press
from vosapp.ui.view_state import PaintLimit


class AreaTool(Tool):
    """Adds pixels to the current object; with the right button, or while negative, takes away."""

    uses_right: ClassVar[bool] = True

    def __init__(self, context: ToolContext) -> None:
        super().__init__(context)
        self._frame = self._target = 0
        self._erase = False
        self._over: frozenset[int] | None = None

    def erases(self, pointer: Pointer) -> bool:
        """True where a press takes away."""
        return pointer.press is Press.RIGHT or not self.context.view_state.positive

    def begin(self, pointer: Pointer) -> bool:
        """Begin on this frame for the current object; False where there is none for it."""
        self._erase = self.erases(pointer)
        if self._erase and not self.context.target:
            self.context.say(self.tr("Select the object to cut from first."))
            return False
        self._over = None if self._erase else self._paintable(pointer)
        self._target, self._frame = self.context.claim(), self.context.frame_index
        return self._target != 0

    def allowed(self, local: LocalEdit) -> bool:
        """True where an area changes something; else it is said what is in the way."""
        if local.erase or self.context.gains(local):
            return True
        if self._over is None:
            self.context.say(self.tr("All of it belongs to locked objects."))
        else:
            text = self.tr("Nothing painted: painting is limited to {0} (Shift+X changes it).")
            self.context.say(text.format(self._limit_name()))
        return False

    def _paintable(self, pointer: Pointer) -> frozenset[int] | None:
        """Whose pixels may be painted over: all, the background's, or those begun on."""
        limit = self.context.view_state.paint_limit
        if limit is PaintLimit.EVERYTHING:
            return None
        if limit is PaintLimit.BACKGROUND or not self.inside(pointer):
            return frozenset({0})
        row, column = math.floor(pointer.y), math.floor(pointer.x)
        return frozenset({int(self.context.labels[row, column])})

    def _limit_name(self) -> str:
        under = next(iter(self._over or ()), 0)
        return self.context.name(under) if under else self.tr("the background")
