"""Help: first steps, all commands, all keys."""

from __future__ import annotations

from collections.abc import Mapping

from vosapp.ui.actions.binding import Handler
from vosapp.ui.controllers.base import Controller
from vosapp.ui.dialogs.about import about, first_steps
from vosapp.ui.dialogs.keys import ShortcutSheet
from vosapp.ui.dialogs.palette import CommandPalette


class HelpController(Controller):
    """The Help menu."""

    def handlers(self) -> Mapping[str, Handler]:
        """See `Controller`."""
        shell = self.shell
        return {
            "help.guide": lambda: first_steps(shell.keymap, shell.window).open(),
            "help.palette": self._show_palette,
            "help.shortcuts": lambda: ShortcutSheet(shell.keymap, shell.window).open(),
            "help.about": lambda: about(shell.places, shell.window).open(),
        }

    def _show_palette(self) -> None:
        shell = self.shell
        shell.refresh()
        CommandPalette(shell.actions, shell.keymap, shell.window).show_over(shell.window)
