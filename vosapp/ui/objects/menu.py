"""Menus about the current object."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QCoreApplication, QPoint, QSize
from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtWidgets import QMenu, QWidget

from vosapp.session.workspace import Workspace
from vosapp.ui import numbering
from vosapp.ui.objects import box_commands, commands
from vosapp.ui.plain import menu_text
from vosapp.ui.popup import Popup
from vosapp.ui.theme import icon
from vosapp.ui.view_state import ViewState

Command = Callable[[Workspace, ViewState], None]


def tr(text: str) -> str:
    """Translate a text of the menus about objects."""
    return QCoreApplication.translate("ObjectMenu", text)


class ObjectEditor(Protocol):
    """What asks for another name, category or color of the current object."""

    @property
    def workspace(self) -> Workspace | None:
        """What is shown; None for nothing."""

    def rename_current(self) -> None:
        """Ask for a name."""

    def categorize_current(self) -> None:
        """Ask for a category."""

    def recolor_current(self) -> None:
        """Ask for a color."""


class ObjectMenu(Popup):
    """All that can be done with the current object.

    Args:
        editor: asks for what has to be chosen.
        view_state: for solo.
        parent: what it pops up from.
    """

    def __init__(self, editor: ObjectEditor, view_state: ViewState, parent: QWidget) -> None:
        super().__init__(tr("Object"), parent)
        self._editor, self._view_state = editor, view_state

    def open(self, place: QPoint) -> None:
        """Show what can be done, at a point of the screen."""
        workspace = self._editor.workspace
        if workspace is None:
            return
        self.clear()
        self._command("plus", tr("New Object"), commands.new_object)
        if workspace.session.current_object is not None:
            self._fill(workspace)
        self.popup(place)

    def _fill(self, workspace: Workspace) -> None:
        editor, item = self._editor, workspace.session.current_object
        if item is None:
            return
        solo = self._view_state.solo == item.object_id
        self.addSeparator()
        self.addAction(icon("rename-outline"), tr("Rename"), editor.rename_current)
        self.addAction(icon("tag-outline"), tr("Category\u2026"), editor.categorize_current)
        self.addAction(icon("palette-outline"), tr("Change Color\u2026"), editor.recolor_current)
        self.addSeparator()
        shown = tr("Hide") if item.visible else tr("Show")
        self._command("eye-outline", shown, commands.toggle_visible)
        self._command(
            "alpha-s-box-outline", tr("Show All") if solo else tr("Solo"), commands.toggle_solo
        )
        self._command(
            "lock-outline", tr("Unlock") if item.locked else tr("Lock"), commands.toggle_lock
        )
        self.addSeparator()
        self._command("account-off-outline", tr("Absent on This Frame"), commands.mark_absent)
        self._command("eye-off-outline", tr("Box: Not Visible Here"), box_commands.mark_unseen)
        self._command("call-split", tr("Split from This Frame On"), commands.split_here)
        into = Popup(tr("Merge Into"), self)
        into.setIcon(icon("call-merge"))
        into.setEnabled(len(workspace.session.objects) > 1)
        fill_merge_menu(into, workspace, self._view_state)
        self.addMenu(into)
        self.addSeparator()
        fill_delete_menu(self, workspace, self._view_state, fresh=False)

    def _command(self, picture: str, text: str, command: Command) -> None:
        self.addAction(icon(picture), text, lambda: self._run(command))

    def _run(self, command: Command) -> None:
        if self._editor.workspace is not None:
            command(self._editor.workspace, self._view_state)


def fill_merge_menu(menu: QMenu, workspace: Workspace, view_state: ViewState) -> None:
    """List the objects into which the current one can be merged."""
    menu.clear()
    session = workspace.session
    if session.current_object is not None:
        head = menu.addAction(tr("Merge {0} Into").format(menu_text(session.current_object.name)))
        head.setEnabled(False)
        menu.addSeparator()
    for item in session.objects:
        if item.object_id != session.object_id:
            action = menu.addAction(_swatch(item.color), menu_text(item.name))
            action.setEnabled(not item.locked)
            target = item.object_id
            action.triggered.connect(
                lambda _=False, t=target: commands.merge(workspace, view_state, t)
            )


def fill_delete_menu(
    menu: QMenu, workspace: Workspace, view_state: ViewState, *, fresh: bool = True
) -> None:
    """List the ways to delete; `fresh` empties the menu first."""
    if fresh:
        menu.clear()
    session = workspace.session
    item = session.current_object
    start, stop = session.range
    span = tr("Delete in Range, {0} to {1}").format(*numbering.span(start, stop))
    rows: tuple[tuple[str, str, Command], ...] = (
        ("eraser", tr("Delete on This Frame"), commands.delete_on_frame),
        ("own.range", span, commands.delete_in_range),
        ("trash-can-outline", tr("Delete Everywhere"), commands.delete_everywhere),
    )
    for picture, text, command in rows:
        action = menu.addAction(icon(picture), text)
        action.setEnabled(item is not None and not item.locked)
        action.triggered.connect(lambda _=False, c=command: c(workspace, view_state))


def _swatch(color: tuple[int, int, int]) -> QIcon:
    picture = QPixmap(QSize(14, 14))
    picture.fill(QColor(*color))
    return QIcon(picture)
