"""Clicks that say what belongs to an object and what does not."""

from __future__ import annotations

from typing import ClassVar

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter

from core.prompts.request import PointPrompt
from vosapp.project.model import PromptKind
from vosapp.session.prompting import PromptAsk
from vosapp.ui.canvas.mapping import Grid
from vosapp.ui.tools.context import ToolContext
from vosapp.ui.tools.handles import draw_click
from vosapp.ui.tools.pointer import Pointer, Press
from vosapp.ui.tools.prompt_tool import PromptTool, Spots
from vosapp.ui.tools.tag import draw_tag
from vosapp.ui.view_state import ToolId

Clicks = tuple[PointPrompt, ...]


class PointsTool(PromptTool[Clicks]):
    """Left clicks add, right clicks take away; each click refines the object's mask.

    While Shift is held, what a click under the cursor would give is shown.
    """

    tool_id: ClassVar[ToolId] = ToolId.POINTS
    uses_right: ClassVar[bool] = True
    kind: ClassVar[PromptKind] = PromptKind.POINTS

    def __init__(self, context: ToolContext) -> None:
        super().__init__(context, ())
        self._trying = False
        self._at: Pointer | None = None

    @property
    def clicks(self) -> Clicks:
        """Clicks that are not applied, oldest first."""
        return self._draft.state

    def press(self, pointer: Pointer) -> None:
        """Add a click."""
        if not self.inside(pointer) or pointer.press is Press.NONE or not self.context.ready:
            return
        if self._prompter.active or self.context.claim():
            self._stop_trying()
            self.draw((*self.clicks, self._click(pointer)))

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
        return self.draw(self.clicks[:-1])

    def key_released(self, key: Qt.Key) -> None:
        """Shift went up: show the proposal itself."""
        if key == Qt.Key.Key_Shift:
            self._stop_trying()

    def apply(self) -> bool:
        """Take the mask."""
        self._stop_trying()
        return self.take()

    def cancel(self) -> bool:
        """Drop all clicks."""
        self._stop_trying()
        return self.drop()

    def question(self) -> PromptAsk:
        """See `PromptTool`."""
        return self._asked(self.clicks)

    def spots(self) -> Spots:
        """See `PromptTool`."""
        return tuple((c.x, c.y, 1 if c.positive else -1) for c in self.clicks)

    def find_target(self) -> int:
        """See `PromptTool`."""
        return self._prompter.target or self.context.target or self.context.claim()

    def paint(self, painter: QPainter, grid: Grid) -> None:
        """Draw the clicks."""
        for click in self.clicks:
            draw_click(painter, *grid.to_view(click.x, click.y), positive=click.positive)
        if self.clicks and self.target:
            first = grid.to_view(self.clicks[0].x, self.clicks[0].y)
            draw_tag(painter, first, self.tag(), self.context.color(self.target))

    def hint(self) -> str:
        """What the user can do."""
        if self.clicks:
            return self.tr("Enter takes the mask · Esc drops it · Backspace removes the last click")
        context = self.context
        if not context.target:
            return self.tr("Click an object: it becomes a new one")
        text = self.tr("Click what belongs to {0}, right-click what does not · Esc: a new object")
        return text.format(context.name(context.target))

    def _click(self, pointer: Pointer) -> PointPrompt:
        positive = self.context.view_state.positive and pointer.press is not Press.RIGHT
        return PointPrompt(pointer.x, pointer.y, positive)

    def _asked(self, clicks: Clicks) -> PromptAsk:
        target, view = self._prompter.target or self.context.target, self.context.view
        known = view is not None and bool(target) and bool((view.label_map == target).any())
        return PromptAsk(points=clicks, refine=known)

    def _try(self, pointer: Pointer) -> None:
        if self.context.ready and self.inside(pointer):
            self._trying = True
            self._prompter.try_out(self._asked((*self.clicks, self._click(pointer))))
        else:
            self._stop_trying()

    def _stop_trying(self) -> None:
        if self._trying:
            self._trying = False
            self._prompter.end_trial()
