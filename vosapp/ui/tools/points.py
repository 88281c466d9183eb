"""Clicks that say what belongs to an object and what does not."""

from __future__ import annotations

from typing import ClassVar

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter

from core.prompts.request import PointPrompt
from vosapp.project.model import Prompt, PromptKind
from vosapp.session.prompting import PromptAsk
from vosapp.ui.canvas.mapping import Grid
from vosapp.ui.tools.base import Proposal, Tool
from vosapp.ui.tools.context import ToolContext
from vosapp.ui.tools.handles import draw_click
from vosapp.ui.tools.local_history import LocalHistory
from vosapp.ui.tools.pointer import Pointer, Press
from vosapp.ui.tools.prompter import Prompter
from vosapp.ui.view_state import ToolId

Clicks = tuple[PointPrompt, ...]


class PointsTool(Tool):
    """Left clicks add, right clicks take away; each click refines the object's mask.

    While Shift is held, what a click under the cursor would give is shown.
    """

    tool_id: ClassVar[ToolId] = ToolId.POINTS

    def __init__(self, context: ToolContext) -> None:
        super().__init__(context)
        self._prompter = Prompter(context, self)
        self._clicks: LocalHistory[Clicks] = LocalHistory(())
        self._trying = False
        self._at: Pointer | None = None

    @property
    def clicks(self) -> Clicks:
        """Clicks that are not applied, oldest first."""
        return self._clicks.state

    def press(self, pointer: Pointer) -> None:
        """Add a click."""
        width, height = self.context.size
        inside = 0 <= pointer.x < width and 0 <= pointer.y < height
        if not inside or pointer.press is Press.NONE or not self.context.ready:
            return
        if self._prompter.active or self.context.claim():
            self._stop_trying()
            self._clicks.push((*self.clicks, self._click(pointer)))
            self._ask()

    def hover(self, pointer: Pointer) -> None:
        """With Shift, show what a click would do."""
        self._at = pointer
        if pointer.shift:
            self._try(pointer)
        else:
            self._stop_trying()

    def leave(self) -> None:
        """Show the proposal itself."""
        self._at = None
        self._stop_trying()

    def key(self, key: Qt.Key) -> bool:
        """Backspace takes the last click away, Shift shows what a click would do."""
        if key == Qt.Key.Key_Shift and self._at is not None:
            self._try(self._at)
        if key != Qt.Key.Key_Backspace or not self.clicks:
            return False
        self._clicks.push(self.clicks[:-1])
        return self._ask()

    def key_released(self, key: Qt.Key) -> None:
        """Shift went up: show the proposal itself."""
        if key == Qt.Key.Key_Shift:
            self._stop_trying()

    def apply(self) -> bool:
        """Take the mask."""
        self._stop_trying()
        if not self.clicks:
            self._clicks.clear()
            return False
        self._clicks.clear()
        return self._prompter.take()

    def cancel(self) -> bool:
        """Drop all clicks."""
        self._stop_trying()
        if not self.clicks:
            return False
        self._clicks.clear()
        self._prompter.drop()
        return True

    def redraw(self) -> None:
        """Ask again where the frame was not decoded yet."""
        self._prompter.retry()

    def undo(self) -> bool:
        """Take back the last click, or its removal."""
        return self._clicks.undo() and self._ask()

    def redo(self) -> bool:
        """Do the last step that was taken back again."""
        return self._clicks.redo() and self._ask()

    @property
    def can_undo(self) -> bool:
        """True where there is a click to take back."""
        return self._clicks.can_undo

    @property
    def can_redo(self) -> bool:
        """True where a click was taken back."""
        return self._clicks.can_redo

    @property
    def target(self) -> int:
        """The object that the mask is for."""
        return self._prompter.target

    @property
    def proposal(self) -> Proposal | None:
        """The mask that the clicks give."""
        return self._prompter.proposal

    def paint(self, painter: QPainter, grid: Grid) -> None:
        """Draw the clicks."""
        for click in self.clicks:
            draw_click(painter, *grid.to_view(click.x, click.y), positive=click.positive)

    def hint(self) -> str:
        """What the user can do."""
        if self.clicks:
            return self.tr("Enter takes the mask · Esc drops it · Backspace removes the last click")
        return self.tr("Click what belongs to the object, right-click what does not")

    def _click(self, pointer: Pointer) -> PointPrompt:
        positive = self.context.view_state.positive and pointer.press is not Press.RIGHT
        return PointPrompt(pointer.x, pointer.y, positive)

    def _asked(self, clicks: Clicks) -> PromptAsk:
        target, view = self._prompter.target or self.context.target, self.context.view
        known = view is not None and bool(target) and bool((view.label_map == target).any())
        return PromptAsk(points=clicks, refine=known)

    def _ask(self) -> bool:
        """Ask for the mask of the clicks as they are; without any there is none."""
        if not self.clicks:
            self._prompter.drop()
            return True
        target = self._prompter.target or self.context.target or self.context.claim()
        points = tuple((c.x, c.y, 1 if c.positive else -1) for c in self.clicks)
        prompt = Prompt(self.context.frame_index, target, PromptKind.POINTS, points)
        self._prompter.ask(self._asked(self.clicks), target, (prompt,))
        return True

    def _try(self, pointer: Pointer) -> None:
        width, height = self.context.size
        if self.context.ready and 0 <= pointer.x < width and 0 <= pointer.y < height:
            self._trying = True
            self._prompter.try_out(self._asked((*self.clicks, self._click(pointer))))
        else:
            self._stop_trying()

    def _stop_trying(self) -> None:
        if self._trying:
            self._trying = False
            self._prompter.end_trial()
