"""What every tool is: it takes mouse and key events in image pixels and draws its own handles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QRect, Qt
from PySide6.QtGui import QPainter

from vosapp.ui.canvas.mapping import Grid
from vosapp.ui.tools.context import ToolContext
from vosapp.ui.tools.pointer import Pointer
from vosapp.ui.view_state import ToolId


@dataclass(frozen=True, slots=True)
class Proposal:
    """A mask that the user may take.

    Attributes:
        object_id: whose mask it would be.
        mask: H x W uint8, 0 or 1.
        color: of its object.
    """

    object_id: int
    mask: NDArray[np.uint8]
    color: tuple[int, int, int]


class Tool(QObject):
    """A tool that does nothing; the others change what they need.

    Args:
        context: what it works on.
    """

    tool_id: ClassVar[ToolId]
    uses_right: ClassVar[bool] = False
    """The right button does something else than the left one, in place of a context menu."""

    def __init__(self, context: ToolContext) -> None:
        super().__init__(context)
        self.context = context
        context.labelsReset.connect(self.redraw)

    # Events

    def press(self, _pointer: Pointer) -> None:
        """A button went down."""

    def move(self, _pointer: Pointer) -> None:
        """The mouse moved while the button was held."""

    def release(self, _pointer: Pointer) -> None:
        """The button went up."""

    def double_click(self, pointer: Pointer) -> None:
        """A button went down a second time; takes the place of `press`."""
        self.press(pointer)

    def hover(self, _pointer: Pointer) -> None:
        """The mouse moved with no button held."""

    def leave(self) -> None:
        """The mouse left the canvas."""

    def key(self, _key: Qt.Key) -> bool:
        """A key went down; True where it was meant for this tool."""
        return False

    def key_released(self, _key: Qt.Key) -> None:
        """A key went up."""

    def inside(self, pointer: Pointer) -> bool:
        """True where the pointer is on the picture."""
        width, height = self.context.size
        return 0 <= pointer.x < width and 0 <= pointer.y < height

    # What was drawn

    def apply(self) -> bool:
        """Take what was drawn; False where there is nothing."""
        return False

    def cancel(self) -> bool:
        """Drop what was drawn; False where there is nothing."""
        return False

    def finish(self) -> None:
        """The user goes on to something else: take what was drawn, wherever it belongs."""
        self.apply()

    def redraw(self) -> None:
        """The label map was replaced: draw again what is not finished."""

    def undo(self) -> bool:
        """Take back the last step of what is drawn; False where there is none."""
        return False

    def redo(self) -> bool:
        """Do the last step that was taken back again; False where there is none."""
        return False

    @property
    def can_undo(self) -> bool:
        """True where `undo` would do something."""
        return False

    @property
    def can_redo(self) -> bool:
        """True where `redo` would do something."""
        return False

    # What is shown

    @property
    def proposal(self) -> Proposal | None:
        """A mask to be drawn over the label map."""
        return None

    @property
    def target(self) -> int:
        """Id of the object that what was drawn is for, 0 where nothing is."""
        return 0

    def area(self, _grid: Grid) -> QRect | None:
        """Return where `paint` draws, in view units; None for anywhere."""
        return None

    def paint(self, _painter: QPainter, _grid: Grid) -> None:
        """Draw handles, in view units."""

    def cursor(self) -> Qt.CursorShape:
        """Shape of the cursor now."""
        return Qt.CursorShape.CrossCursor

    def hint(self) -> str:
        """What the user can do now, one line."""
        return ""
