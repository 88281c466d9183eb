"""Which tool is in hand, and what it is set to."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from vosapp.ui.actions.binding import Handler
from vosapp.ui.controllers.base import Check, Controller
from vosapp.ui.view_state import ToolId, ViewState


class ToolsController(Controller):
    """The Tools menu and the bar at the left."""

    def handlers(self) -> Mapping[str, Handler]:
        """See `Controller`."""
        canvas, state = self.shell.panels.canvas, self.shell.view_state
        tools: dict[str, Handler] = {
            f"tools.{tool.value}": partial(self._take, tool) for tool in ToolId
        }
        return {
            **tools,
            "tools.brush-smaller": lambda: canvas.resize_brush(-1.0),
            "tools.brush-bigger": lambda: canvas.resize_brush(1.0),
            "tools.sign": lambda: state.set_positive(positive=not state.positive),
            "tools.other-answer": lambda: state.set_other_answer(other=not state.other_answer),
            "tools.apply": canvas.apply_tool,
            "tools.cancel": self._cancel,
            "tools.preview": lambda: None,
        }

    def checks(self) -> Mapping[str, Check]:
        """See `Controller`."""
        state = self.shell.view_state
        tools = {f"tools.{tool.value}": partial(_is_in_hand, state, tool) for tool in ToolId}
        return tools | {"tools.other-answer": lambda: state.other_answer}

    def _take(self, tool: ToolId) -> None:
        self.shell.view_state.set_tool(tool)
        self.shell.panels.canvas.setFocus()

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


def _is_in_hand(state: ViewState, tool: ToolId) -> bool:
    return state.tool is tool
