"""What brush, lasso, polygon and fill share: whose pixels are added or taken away, and where."""

from __future__ import annotations

from vosapp.ui.tools.base import Tool
from vosapp.ui.tools.context import ToolContext
from vosapp.ui.tools.pointer import Pointer, Press


class AreaTool(Tool):
    """Adds pixels to the current object; with the right button, or while negative, takes away."""

    def __init__(self, context: ToolContext) -> None:
        super().__init__(context)
        self._frame = self._target = 0
        self._erase = False

    def erases(self, pointer: Pointer) -> bool:
        """True where a press takes away."""
        return pointer.press is Press.RIGHT or not self.context.view_state.positive

    def begin(self, pointer: Pointer) -> bool:
        """Begin on this frame for the current object; False where there is none for it."""
        self._erase = self.erases(pointer)
        if self._erase and not self.context.target:
            self.context.say(self.tr("Select the object to cut from first."))
            return False
        self._target, self._frame = self.context.claim(), self.context.frame_index
        return self._target != 0
