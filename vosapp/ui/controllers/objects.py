"""Everything one can do with objects."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from vosapp.project.edits import Group, ShowObject
from vosapp.session.workspace import Workspace
from vosapp.ui.actions.binding import Handler
from vosapp.ui.controllers.base import Controller
from vosapp.ui.objects import box_commands, commands
from vosapp.ui.view_state import ToolId, ViewState

Command = Callable[[Workspace, ViewState], object]


class ObjectsController(Controller):
    """The Object menu."""

    def handlers(self) -> Mapping[str, Handler]:
        """See `Controller`."""
        panel = self.shell.panels.objects
        digits = {f"objects.select-{n}": self._digit(n) for n in range(10)}
        return digits | {
            "objects.new": self._do(commands.new_object),
            "objects.rename": self.with_workspace(lambda _w: self._rename()),
            "objects.recolor": panel.recolor_current,
            "objects.next": self._do(commands.next_object),
            "objects.previous": self._do(commands.previous_object),
            "objects.hide": self._do(commands.toggle_visible),
            "objects.solo": self._do(commands.toggle_solo),
            "objects.show-all": self.with_workspace(self._show_all),
            "objects.lock": self._do(commands.toggle_lock),
            "objects.forward": self._do(commands.bring_forward),
            "objects.backward": self._do(commands.send_backward),
            "objects.merge": panel.merge_current,
            "objects.split": self._do(commands.split_here),
            "objects.reference": self._do(commands.toggle_reference),
            "objects.check": self._do(commands.check_frame),
            "objects.absent": self._do(commands.mark_absent),
            "objects.clear": self._do(_clear_here),
            "objects.clear-range": self._do(commands.delete_in_range),
            "objects.delete": self._do(commands.delete_everywhere),
        }

    def _rename(self) -> None:
        """Where the list is hidden it is shown: the name is written in it."""
        self.shell.window.show_objects()
        self.shell.panels.objects.rename_current()

    def _show_all(self, workspace: Workspace) -> None:
        self.shell.view_state.set_solo(0)
        hidden = [one.object_id for one in workspace.session.objects if not one.visible]
        if hidden:
            edits = tuple(ShowObject(object_id, visible=True) for object_id in hidden)
            workspace.session.do(Group(edits, "Show all objects"))

    def _do(self, command: Command) -> Handler:
        def act(workspace: Workspace) -> None:
            # What was drawn comes first, or the command would be about another mask.
            self.shell.panels.canvas.finish_tool()
            command(workspace, self.shell.view_state)

        return self.with_workspace(act)

    def _digit(self, number: int) -> Handler:
        return self.with_workspace(
            lambda w: commands.select_by_digit(w, self.shell.view_state, number)
        )


def _clear_here(workspace: Workspace, view_state: ViewState) -> None:
    """Delete what the tool in hand makes."""
    if view_state.tool is ToolId.LABEL:
        box_commands.remove_here(workspace, view_state)
    else:
        commands.delete_on_frame(workspace, view_state)
