"""The timeline with its transport row."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize
from PySide6.QtWidgets import QInputDialog, QSpinBox, QToolButton, QVBoxLayout, QWidget

from vosapp.jobs.owners import while_there
from vosapp.session.workspace import Workspace
from vosapp.ui import numbering
from vosapp.ui.dialogs.asking import open_about
from vosapp.ui.timeline.transport import TransportRow
from vosapp.ui.timeline.view import TimelineView
from vosapp.ui.view_state import ViewState


class TimelinePanel(QWidget):
    """Transport row above the timeline.

    Attributes:
        transport: the row.
        view: the timeline.
    """

    def __init__(self, view_state: ViewState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Timeline"))
        self.transport = TransportRow(self)
        self.view = TimelineView(view_state, self)
        self._workspace: Workspace | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.transport)
        column.addWidget(self.view, 1)
        self.setMinimumHeight(150)

    @property
    def buttons(self) -> dict[str, QToolButton]:
        """The transport's buttons by action id."""
        return self.transport.buttons

    def set_workspace(self, workspace: Workspace | None) -> None:
        """Show another project; None shows nothing."""
        self._workspace = workspace
        self.transport.set_workspace(workspace)
        self.view.set_workspace(workspace)

    def renumber(self) -> None:
        """Frames are counted from another number now."""
        self.transport.renumber()
        self.view.viewport().update()

    def go_to_frame_dialog(self) -> None:
        """Ask for a frame and go there. Returns at once."""
        if self._workspace is None:
            return
        session = self._workspace.session
        dialog = QInputDialog(self)
        dialog.setWindowTitle(self.tr("Go to frame"))
        first, last = numbering.span(0, session.frame_count)
        dialog.setLabelText(self.tr("Frame, {0} to {1}:").format(first, last))
        dialog.setInputMode(QInputDialog.InputMode.IntInput)
        dialog.setIntRange(first, last)
        dialog.setIntValue(numbering.shown(session.frame_index))

        for field in dialog.findChildren(QSpinBox):
            field.lineEdit().setTextMargins(5, 0, 4, 0)

        def go(number: int) -> None:
            session.go_to(numbering.index_of(number))

        dialog.intValueSelected.connect(while_there(session, go))
        open_about(session, dialog)

    def sizeHint(self) -> QSize:
        """Room for some lanes."""
        return QSize(900, 250)

    def changeEvent(self, event: QEvent) -> None:
        """Take the icons of another theme."""
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self.transport.refresh_icons()
        super().changeEvent(event)
