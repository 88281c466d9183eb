"""Reference frames: keyframes that the engine always keeps in its memory."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QSize, Qt
from PySide6.QtWidgets import (
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from core.types import Frame
from vosapp.project.edit_ranges import SetReference
from vosapp.project.model import FrameState
from vosapp.session.navigation import reference_frames
from vosapp.session.workspace import Workspace
from vosapp.ui import numbering
from vosapp.ui.advice import Advice
from vosapp.ui.links import Links
from vosapp.ui.popup import Popup
from vosapp.ui.reference_rows import FRAME_ROLE, ReferenceDelegate
from vosapp.ui.theme import icon

ASSERTED = (FrameState.KEYFRAME, FrameState.ABSENT)


class ReferencesPanel(QWidget):
    """Thumbnails of the reference frames.

    Attributes:
        list: one item per frame, ascending.
        add_button, remove_button: for the current frame, and for the chosen one.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace: Workspace | None = None
        self._links = Links()
        self.setAccessibleName(self.tr("Reference frames"))
        self.list = QListWidget(self)
        self.add_button = self._button(self.tr("Make the current keyframe a reference frame"))
        self.remove_button = self._button(self.tr("Make the chosen frame an ordinary keyframe"))
        self.add_button.clicked.connect(self.add_current)
        self.remove_button.clicked.connect(self.remove_chosen)
        self._advice = Advice(self.list, self._sentence())
        self._set_up_list()
        self._build()
        self.set_workspace(None)

    def set_workspace(self, workspace: Workspace | None) -> None:
        """Show another project's reference frames; None shows none."""
        self._links.cut()
        self._workspace = workspace
        if workspace is not None:
            session = workspace.session
            self._links.add(session.referencesChanged, self.refresh)
            self._links.add(session.objectsChanged, self.refresh)
            self._links.add(session.frameIndexChanged, self._enable)
            self._links.add(session.lanesChanged, self._enable)
            self._links.add(workspace.thumbnails.ready, self._take_thumbnail)
        self.refresh()

    def add_current(self) -> None:
        """Make the current keyframe a reference frame."""
        if self._workspace is not None:
            session = self._workspace.session
            session.do(SetReference(session.frame_index))

    def remove_chosen(self) -> None:
        """Make the chosen reference frames ordinary keyframes."""
        if self._workspace is None:
            return
        for item in self.list.selectedItems():
            self._workspace.session.do(SetReference(item.data(FRAME_ROLE), reference=False))

    def refresh(self) -> None:
        """Read the list anew."""
        chosen = {item.data(FRAME_ROLE) for item in self.list.selectedItems()}
        self.list.clear()
        frames = self._frames()
        for frame, ids in frames.items():
            item = QListWidgetItem(self._title(frame, ids))
            item.setData(FRAME_ROLE, frame)
            item.setToolTip(self.tr("Frame {0}: click to go there").format(numbering.shown(frame)))
            self.list.addItem(item)
            item.setSelected(frame in chosen)
        if self._workspace is not None:
            self._workspace.thumbnails.want(tuple(frames), "references")
        self._enable()

    # Building

    def _sentence(self) -> str:
        return self.tr(
            "Reference frames are keyframes that the engine always remembers: add one where an"
            " object looks different from before."
        )

    def _button(self, text: str) -> QToolButton:
        button = QToolButton(self)
        button.setToolTip(text)
        button.setAccessibleName(text)
        button.setAutoRaise(True)
        button.setIconSize(QSize(18, 18))
        return button

    def _set_up_list(self) -> None:
        view = self.list
        view.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        view.setAccessibleName(self.tr("Reference frames"))
        view.setToolTip(self._sentence())
        view.setFrameShape(QListWidget.Shape.NoFrame)
        view.setItemDelegate(ReferenceDelegate(self._thumbnail, view))
        view.setMouseTracking(True)
        view.setSelectionMode(QListWidget.SelectionMode.ExtendedSelection)
        view.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        view.customContextMenuRequested.connect(self._open_menu)
        view.itemClicked.connect(self._go_to)
        view.itemActivated.connect(self._go_to)
        view.itemSelectionChanged.connect(self._enable)

    def _build(self) -> None:
        row = QHBoxLayout()
        row.setContentsMargins(6, 4, 6, 4)
        row.setSpacing(2)
        row.addWidget(self.add_button)
        row.addStretch(1)
        row.addWidget(self.remove_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.list, 1)
        column.addLayout(row)
        self._refresh_colors()

    def _refresh_colors(self) -> None:
        self.add_button.setIcon(icon("star-plus-outline"))
        self.remove_button.setIcon(icon("star-minus-outline"))
        self._advice.refresh_theme()

    # Keeping up

    def _frames(self) -> dict[int, tuple[int, ...]]:
        if self._workspace is None:
            return {}
        return reference_frames(self._workspace.session.update.references)

    def _title(self, frame: int, ids: tuple[int, ...]) -> str:
        names = {} if self._workspace is None else _names(self._workspace)
        shown = ", ".join(names.get(i, str(i)) for i in ids[:3])
        more = self.tr(" and {0} more").format(len(ids) - 3) if len(ids) > 3 else ""
        return self.tr("Frame {0}").format(numbering.shown(frame)) + f"\n{shown}{more}"

    def _thumbnail(self, frame_index: int) -> Frame | None:
        return None if self._workspace is None else self._workspace.thumbnails.get(frame_index)

    def _take_thumbnail(self, frame_index: int) -> None:
        if frame_index in self._frames():
            self.list.viewport().update()

    def _go_to(self, item: QListWidgetItem) -> None:
        if self._workspace is not None:
            self._workspace.session.go_to(item.data(FRAME_ROLE))

    def _open_menu(self, place: QPoint) -> None:
        item = self.list.itemAt(place)
        if item is None:
            return
        menu = Popup(self.tr("Reference frame"), self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(self.tr("Go to This Frame"), lambda: self._go_to(item))
        menu.addAction(
            icon("star-minus-outline"), self.tr("Remove from this list"), self.remove_chosen
        )
        menu.popup(self.list.viewport().mapToGlobal(place))

    def _enable(self, _what: object = None) -> None:
        self._advice.setVisible(self.list.count() == 0)
        self.remove_button.setEnabled(bool(self.list.selectedItems()))
        self.add_button.setEnabled(self._can_add())

    def _can_add(self) -> bool:
        if self._workspace is None:
            return False
        session = self._workspace.session
        here = session.frame_index
        lanes = session.update.lanes.values()
        return any(lane.states[here] in ASSERTED for lane in lanes) and here not in self._frames()

    def changeEvent(self, event: QEvent) -> None:
        """Take the colors of another theme."""
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self._refresh_colors()
        super().changeEvent(event)

    def sizeHint(self) -> QSize:
        """Room for two frames."""
        return QSize(300, 190)


def _names(workspace: Workspace) -> dict[int, str]:
    return {item.object_id: item.shown_name for item in workspace.session.objects}
