"""Undo, redo, the clipboard of masks, settings."""

from __future__ import annotations

from collections.abc import Mapping

from vosapp.session.workspace import Workspace
from vosapp.ui.actions.binding import Handler
from vosapp.ui.controllers.base import Controller
from vosapp.ui.dialogs.keys import ShortcutEditor
from vosapp.ui.dialogs.settings import SettingsDialog


class EditController(Controller):
    """The Edit menu."""

    def handlers(self) -> Mapping[str, Handler]:
        """See `Controller`."""
        canvas = self.shell.panels.canvas
        return {
            "edit.undo": self.with_workspace(self._undo),
            "edit.redo": self.with_workspace(self._redo),
            "edit.copy-mask": lambda: canvas.copy_mask(),
            "edit.paste-mask": lambda: canvas.paste_mask(),
            "edit.paste-prompt": lambda: canvas.paste_prompt(),
            "edit.select-all": lambda: self.shell.panels.objects.select_all(),
            "edit.settings": self._show_settings,
            "edit.shortcuts": self._show_editor,
        }

    def begin(self) -> None:
        """See `Controller`."""
        self.shell.window.menus["&Edit"].aboutToShow.connect(self._rename)
        self.shell.workspaceChanged.connect(self._follow)
        self.shell.keymap.changed.connect(self._rename)

    def _follow(self) -> None:
        if self.workspace is not None:
            self.workspace.session.historyChanged.connect(self._rename)
        self._rename()

    def _undo(self, workspace: Workspace) -> None:
        if not self.shell.panels.canvas.local_undo():
            workspace.session.undo()

    def _redo(self, workspace: Workspace) -> None:
        if not self.shell.panels.canvas.local_redo():
            workspace.session.redo()

    def _rename(self) -> None:
        """Write what undo and redo would do: "Undo Paint Bear"."""
        update = None if self.workspace is None else self.workspace.session.update
        undo, redo = ("", "") if update is None else (update.undo, update.redo)
        if self.workspace is not None and self.shell.panels.canvas.can_local_undo:
            undo = self.tr("Last Stroke")
        actions = self.shell.actions
        actions["edit.undo"].setText(self.tr("Undo {0}").format(undo).strip())
        actions["edit.redo"].setText(self.tr("Redo {0}").format(redo).strip())

    def _show_settings(self) -> None:
        SettingsDialog(self.shell.settings, self.shell.window).open()

    def _show_editor(self) -> None:
        ShortcutEditor(self.shell.keymap, self.shell.window).open()
