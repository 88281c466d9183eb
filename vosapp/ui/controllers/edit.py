"""Undo, redo, the clipboard of masks, settings."""

from __future__ import annotations

from collections.abc import Mapping

from core.media.annotations.rectangles import tight_box
from core.prompts.request import BoxPrompt
from vosapp.project.edit_masks import SetMask
from vosapp.project.edits import Group
from vosapp.project.model import FrameState
from vosapp.session.prompting import PromptAnswer, PromptAsk
from vosapp.session.workspace import Workspace
from vosapp.ui.actions.binding import Handler
from vosapp.ui.controllers.base import Controller
from vosapp.ui.dialogs.keys import ShortcutEditor
from vosapp.ui.dialogs.settings import SettingsDialog
from vosapp.ui.plain import menu_text


class EditController(Controller):
    """The Edit menu."""

    def handlers(self) -> Mapping[str, Handler]:
        """See `Controller`."""
        canvas = self.shell.panels.canvas
        return {
            "edit.undo": self.with_workspace(self._undo),
            "edit.redo": self.with_workspace(self._redo),
            "edit.copy-mask": self.with_workspace(self._copy),
            "edit.paste-mask": canvas.paste_mask,
            "edit.paste-prompt": self.with_workspace(self._paste_prompt),
            "edit.settings": self._show_settings,
            "edit.shortcuts": self._show_editor,
        }

    def begin(self) -> None:
        """See `Controller`."""
        self._box: BoxPrompt | None = None
        self.shell.panels.canvas.localHistoryChanged.connect(self._rename)
        self.shell.window.menus["&Edit"].aboutToShow.connect(self._rename)
        self.shell.workspaceChanged.connect(self._follow)
        self.shell.keymap.changed.connect(self._rename)

    def _follow(self) -> None:
        self._box = None
        if self.workspace is not None:
            self.workspace.session.historyChanged.connect(self._rename)
        self._rename()

    def _undo(self, workspace: Workspace) -> None:
        if not self.shell.panels.canvas.local_undo():
            workspace.session.undo()

    def _redo(self, workspace: Workspace) -> None:
        if not self.shell.panels.canvas.local_redo():
            workspace.session.redo()

    def _copy(self, workspace: Workspace) -> None:
        """Copy the mask; its box can be a prompt on another frame."""
        view, object_id = workspace.session.view, workspace.session.object_id
        if self.shell.panels.canvas.copy_mask() and view is not None:
            box = tight_box(view.label_map == object_id)
            self._box = None if box is None else BoxPrompt(box)

    def _paste_prompt(self, workspace: Workspace) -> None:
        """Ask for a mask within the copied mask's box; the answer is taken at once."""
        session, status = workspace.session, self.shell.window.status
        if self._box is None or session.current_object is None:
            status.showMessage(self.tr("Copy a mask first, and choose an object."), 4000)
            return
        ask = PromptAsk(box=self._box)

        def take(answer: PromptAnswer) -> None:
            if answer.ask is ask:
                workspace.prompting.answered.disconnect(take)
                self._take_answer(workspace, answer)

        self.shell.panels.canvas.finish_tool()
        workspace.prompting.answered.connect(take)
        workspace.prompting.ask(ask)

    def _take_answer(self, workspace: Workspace, answer: PromptAnswer) -> None:
        """Take a mask; one that stood there is named as replaced, and an empty one says nothing."""
        session, object_id = workspace.session, answer.object_id
        if not answer.mask.any():
            text = self.tr("Nothing was found there that belongs to no other object.")
            self.shell.window.status.showMessage(text, 4000)
            return
        edit = SetMask(answer.frame_index, object_id, answer.mask)
        lane, name = session.lane(object_id), ""
        said = (FrameState.KEYFRAME, FrameState.ABSENT, FrameState.CHECKED)
        if lane is not None and lane.states[answer.frame_index] in said:
            known = {item.object_id: item.name for item in session.objects}
            name = f"Replace mask of {known.get(object_id, 'object')}"
        session.do(Group((edit,), name))

    def _rename(self) -> None:
        """Write what undo and redo would do: "Undo Paint Bear"."""
        update = None if self.workspace is None else self.workspace.session.update
        undo, redo = ("", "") if update is None else (update.undo, update.redo)
        if self.workspace is not None and self.shell.panels.canvas.can_local_undo:
            undo = self.tr("Last Stroke")
        actions = self.shell.actions
        actions["edit.undo"].setText(self.tr("Undo {0}").format(menu_text(undo)).strip())
        actions["edit.redo"].setText(self.tr("Redo {0}").format(menu_text(redo)).strip())

    def _show_settings(self) -> None:
        SettingsDialog(self.shell.settings, self.shell.window).open()

    def _show_editor(self) -> None:
        ShortcutEditor(self.shell.keymap, self.shell.window).open()
