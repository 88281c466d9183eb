"""Which tool is in hand, and what it is set to."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from vosapp.ui.actions.binding import Handler
from vosapp.ui.controllers.base import Check, Controller
from vosapp.ui.place_bar import Place
from vosapp.ui.view_state import PaintLimit, ToolId, ViewState


class ToolsController(Controller):
    """The Tools menu and the bar at the left."""

    def handlers(self) -> Mapping[str, Handler]:
        """See `Controller`."""
        canvas, state = self.shell.panels.canvas, self.shell.view_state
        tools: dict[str, Handler] = {
            f"tools.{tool.value}": partial(self._take, tool) for tool in ToolId
        }
        limits: dict[str, Handler] = {
            f"tools.paint-{limit.value}": partial(state.set_paint_limit, limit)
            for limit in PaintLimit
        }
        return {
            **tools,
            **limits,
            "tools.paint-next": self._next_limit,
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
        limits = {f"tools.paint-{one.value}": partial(_is_limit, state, one) for one in PaintLimit}
        return tools | limits | {"tools.other-answer": lambda: state.other_answer}

    def _take(self, tool: ToolId) -> None:
        self.shell.view_state.set_tool(tool)
        self.shell.panels.canvas.setFocus()

    def _next_limit(self) -> None:
        """The bar shows it for tools that paint; the line below says it with any tool in hand."""
        state, status = self.shell.view_state, self.shell.window.status
        state.next_paint_limit()
        text = self.tr("Painting over: {0}").format(
            self.shell.actions[f"tools.paint-{state.paint_limit.value}"].text().replace("&", "")
        )
        status.showMessage(text, 4000)

    def _cancel(self) -> None:
        """Drop what the tool proposes; else close the message; else stop what runs.

        With nothing of all that, no object is selected any more.
        """
        if self.workspace is not None and self.shell.panels.canvas.cancel_tool():
            return
        if self.shell.window.notice.isVisible():
            self.shell.window.notice.clear()
        elif self.workspace is not None and self.workspace.propagation.running:
            self.workspace.propagation.stop()
        elif self.shell.opener.busy:
            self.shell.opener.stop()
        elif self.workspace is not None and self.shell.window.place is Place.ANNOTATE:
            self.shell.panels.canvas.deselect()


def _is_limit(state: ViewState, limit: PaintLimit) -> bool:
    return state.paint_limit is limit


def _is_in_hand(state: ViewState, tool: ToolId) -> bool:
    return state.tool is tool
