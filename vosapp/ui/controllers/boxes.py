"""Box labels: removing, filling, and where the next one is worth most."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from vosapp.session import navigation
from vosapp.session.workspace import Workspace
from vosapp.ui.actions.binding import Handler
from vosapp.ui.controllers.base import Check, Controller
from vosapp.ui.objects import box_commands
from vosapp.ui.view_state import ToolId, ViewState

Command = Callable[[Workspace, ViewState], object]


class BoxesController(Controller):
    """The menu of box labels."""

    def handlers(self) -> Mapping[str, Handler]:
        """See `Controller`."""
        state = self.shell.view_state
        return {
            "boxes.next": self.with_workspace(self._go_to_next),
            "boxes.next-drawn": self.with_workspace(lambda w: self._go_to_drawn(w, 1)),
            "boxes.previous-drawn": self.with_workspace(lambda w: self._go_to_drawn(w, -1)),
            "boxes.unseen": self._do(box_commands.mark_unseen),
            "boxes.interpolate": self._do(box_commands.interpolate),
            "boxes.fill": lambda: state.set_fill_boxes(fill=not state.fill_boxes),
            "boxes.remove": self._do(box_commands.remove_here),
            "boxes.remove-range": self._do(box_commands.remove_in_range),
        }

    def checks(self) -> Mapping[str, Check]:
        """See `Controller`."""
        return {"boxes.fill": lambda: self.shell.view_state.fill_boxes}

    def _do(self, command: Command) -> Handler:
        def act(workspace: Workspace) -> None:
            self.shell.panels.canvas.finish_tool()
            command(workspace, self.shell.view_state)

        return self.with_workspace(act)

    def _go_to_next(self, workspace: Workspace) -> None:
        """Where no box is drawn yet the frame that is shown is as good as any."""
        self.shell.view_state.set_tool(ToolId.LABEL)
        self.shell.panels.canvas.setFocus()
        if not box_commands.has_boxes(workspace):
            self._say(self.tr("Draw the first box here, or on any frame that shows the object."))
            return
        frame = box_commands.next_frame(workspace)
        if frame is None:
            self._say(self.tr("All gaps between drawn boxes are small."))
        else:
            self._go(workspace, frame)

    def _go_to_drawn(self, workspace: Workspace, way: int) -> None:
        session = workspace.session
        lane = session.boxes(session.object_id)
        frame = navigation.beyond(lane.frames[lane.drawn], session.frame_index, way)
        if frame is None:
            self._say(self.tr("There is no drawn box on this side."))
        else:
            self._go(workspace, frame)

    def _go(self, workspace: Workspace, frame_index: int) -> None:
        workspace.playback.stop()
        workspace.session.go_to(frame_index)

    def _say(self, text: str) -> None:
        self.shell.window.status.showMessage(text, 4000)
