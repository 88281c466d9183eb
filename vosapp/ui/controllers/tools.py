"""Which tool is in hand, and what it is set to."""

from __future__ import annotations

from collections.abc import Mapping

from vosapp.ui.actions.binding import Handler
from vosapp.ui.controllers.base import Check, Controller
from vosapp.ui.view_state import ToolId

BRUSH_STEP = 1.2


class ToolsController(Controller):
    """The Tools menu and the bar at the left."""

    def handlers(self) -> Mapping[str, Handler]:
        """See `Controller`."""
        canvas, state = self.shell.panels.canvas, self.shell.view_state
        tools = {f"tools.{tool.value}": lambda t=tool: self._take(t) for tool in ToolId}
        return {
            **tools,
            "tools.brush-smaller": lambda: self._scale_brush(1 / BRUSH_STEP),
            "tools.brush-bigger": lambda: self._scale_brush(BRUSH_STEP),
            "tools.sign": lambda: state.set_positive(not state.positive),
            "tools.apply": lambda: canvas.apply_tool(),
            "tools.cancel": self._cancel,
            "tools.preview": lambda: None,
        }

    def checks(self) -> Mapping[str, Check]:
        """See `Controller`."""
        state = self.shell.view_state
        return {f"tools.{tool.value}": lambda t=tool: state.tool is t for tool in ToolId}

    def _take(self, tool: ToolId) -> None:
        self.shell.view_state.set_tool(tool)
        self.shell.panels.canvas.setFocus()

    def _scale_brush(self, factor: float) -> None:
        state = self.shell.view_state
        size = state.brush_size * factor
        # Small sizes move by whole pixels, or nothing would happen.
        step = 1 if factor > 1 else -1
        state.set_brush_size(size if abs(size - state.brush_size) >= 1 else state.brush_size + step)

    def _cancel(self) -> None:
        """Drop what the tool proposes; else close the message; else stop what runs."""
        if self.workspace is not None and self.shell.panels.canvas.cancel_tool():
            return
        if self.shell.window.notice.isVisible():
            self.shell.window.notice.clear()
        elif self.workspace is not None and self.workspace.propagation.running:
            self.workspace.propagation.stop()
        elif self.shell.opener.busy:
            self.shell.opener.stop()
