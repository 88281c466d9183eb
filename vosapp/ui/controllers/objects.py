"""Everything one can do with objects."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from vosapp.session.workspace import Workspace
from vosapp.ui.actions.binding import Handler
from vosapp.ui.controllers.base import Controller
from vosapp.ui.objects import commands
from vosapp.ui.view_state import ViewState

Command = Callable[[Workspace, ViewState], object]


class ObjectsController(Controller):
    """The Object menu."""

    def handlers(self) -> Mapping[str, Handler]:
        """See `Controller`."""
        digits = {f"objects.select-{n}": self._digit(n) for n in range(10)}
        return digits | {
            "objects.new": self._do(commands.new_object),
            "objects.rename": lambda: self.shell.panels.objects.rename_current(),
            "objects.recolor": lambda: self.shell.panels.objects.recolor_current(),
            "objects.next": self._do(commands.next_object),
            "objects.previous": self._do(commands.previous_object),
            "objects.hide": self._do(commands.toggle_visible),
            "objects.solo": self._do(commands.toggle_solo),
            "objects.lock": self._do(commands.toggle_lock),
            "objects.merge": lambda: self.shell.panels.objects.merge_current(),
            "objects.split": self._do(commands.split_here),
            "objects.reference": self._do(commands.toggle_reference),
            "objects.check": self._do(commands.check_frame),
            "objects.absent": self._do(commands.mark_absent),
            "objects.clear": self._do(commands.delete_on_frame),
            "objects.clear-range": self._do(commands.delete_in_range),
            "objects.delete": self._do(commands.delete_everywhere),
        }

    def _do(self, command: Command) -> Handler:
        return self.with_workspace(lambda w: command(w, self.shell.view_state))

    def _digit(self, number: int) -> Handler:
        return self.with_workspace(
            lambda w: commands.select_by_digit(w, self.shell.view_state, number)
        )
