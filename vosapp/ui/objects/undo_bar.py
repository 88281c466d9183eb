"""A line that says what was just deleted or replaced, with the way back."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QToolButton, QWidget

from core.text import visible
from vosapp.project.model import Change
from vosapp.session.workspace import Workspace
from vosapp.ui.elided import ElidedLabel
from vosapp.ui.links import Links
from vosapp.ui.objects import commands
from vosapp.ui.theme import tones

SECONDS = 10
"""So long it is shown."""


DONE = {"Delete": "Deleted", "Merge": "Merged", "Replace": "Replaced"}
"""Verbs of edits after which an object or a mask is gone, as they are told afterwards."""


class UndoBar(QFrame):
    """Appears when an object or a finished mask has gone and nothing else was done since."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace: Workspace | None = None
        self._links = Links()
        self._known: frozenset[int] = frozenset()
        self._replaced: tuple[int, int] | None = None
        self.label = ElidedLabel(self)
        self.label.setAccessibleName(self.tr("What was deleted"))
        self.button = self._button(self.tr("Undo"), self.tr("Bring it back"))
        self.button.clicked.connect(self._undo)
        told = self.tr("Bring it back, and make an object of what took its place")
        self.new_object = self._button(self.tr("As New Object"), told)
        self.new_object.clicked.connect(self._make_new)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.new_object)
        buttons.addWidget(self.button)
        self._line = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._line.setContentsMargins(10, 2, 6, 2)
        self._line.setSpacing(2)
        self._line.addWidget(self.label, 1)
        self._line.addLayout(buttons)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SECONDS * 1000)
        self._timer.timeout.connect(self.hide)
        self.hide()

    def set_workspace(self, workspace: Workspace | None) -> None:
        """Watch another project."""
        self._links.cut()
        self._workspace = workspace
        self.hide()
        self._known = self._ids()
        if workspace is not None:
            self._links.add(workspace.session.historyChanged, self.hide)
            self._links.add(workspace.session.objectsChanged, self._look)
            self._links.add(workspace.session.edited, self._show)
        self._gone = False

    def _button(self, text: str, told: str) -> QToolButton:
        button = QToolButton(self)
        button.setText(text)
        button.setToolTip(told)
        button.setAccessibleName(text)
        button.setAutoRaise(True)
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        return button

    def _ids(self) -> frozenset[int]:
        objects = () if self._workspace is None else self._workspace.session.objects
        return frozenset(item.object_id for item in objects)

    def _look(self) -> None:
        ids = self._ids()
        self._gone = bool(self._known - ids)
        self._known = ids

    def _show(self, change: Change) -> None:
        """Called after everything else has been announced."""
        gone, self._gone = self._gone, False
        replaces = change.name.startswith("Replace ")
        undo = "" if self._workspace is None else self._workspace.session.update.undo
        # Undoing "Add" makes an object go, too; then there is nothing to bring back by undo.
        if (gone or replaces) and undo and change.name == undo:
            self._replaced = self._replaced_by(change) if replaces else None
            self._show_buttons(both=self._replaced is not None)
            self.label.setText(visible(past(undo)))
            for button in (self.button, self.new_object):
                button.setStyleSheet(f"color: {tones().accent}; font-weight: 600;")
            self.show()
            self._timer.start()

    def _show_buttons(self, *, both: bool) -> None:
        """Both buttons stand below the text: beside it they would leave it no room."""
        self.new_object.setVisible(both)
        way = QBoxLayout.Direction
        self._line.setDirection(way.TopToBottom if both else way.LeftToRight)

    def _replaced_by(self, change: Change) -> tuple[int, int] | None:
        """Frame and object whose mask was replaced; None where the change does not say it."""
        assert self._workspace is not None
        object_id, frames = self._workspace.session.object_id, change.frame_indices
        return (
            (frames[0], object_id) if len(frames) == 1 and object_id in change.object_ids else None
        )

    def _make_new(self) -> None:
        """What replaced a mask becomes another object's."""
        self.hide()
        if self._workspace is not None and self._replaced is not None:
            commands.as_new_object(self._workspace, *self._replaced)

    def _undo(self) -> None:
        self.hide()
        if self._workspace is not None:
            self._workspace.session.undo()


def past(name: str) -> str:
    """What an edit that takes objects away is called once it is done, as "Deleted dog"."""
    verb, _, rest = name.partition(" ")
    return f"{DONE[verb]} {rest}" if verb in DONE else name
