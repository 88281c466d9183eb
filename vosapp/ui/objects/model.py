"""The list of objects as Qt's views read it. It reads the session and remembers nothing."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
)
from PySide6.QtGui import QColor

from vosapp.project.boxes import BoxCounts
from vosapp.project.edits import RenameObject
from vosapp.project.model import FrameState, TrackedObject
from vosapp.session.workspace import Workspace
from vosapp.ui.links import Links
from vosapp.ui.objects import commands
from vosapp.ui.timeline.hints import cell_text

Index = QModelIndex | QPersistentModelIndex
MIME = "application/x-vosapp-object"


class Role(IntEnum):
    """What else a view can ask of an object."""

    OBJECT = Qt.ItemDataRole.UserRole
    """The `TrackedObject`."""
    STATE = OBJECT + 1
    """Its `FrameState` on the current frame."""
    CONFIDENCE = OBJECT + 2
    """0..1 on the current frame, NaN where there is none."""
    GONE = OBJECT + 3
    """The engine found that it is not on the current frame."""
    BOXES = OBJECT + 4
    """How many box labels it has, `BoxCounts`."""


class ObjectListModel(QAbstractListModel):
    """Objects in the user's order, with their state on the current frame."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace: Workspace | None = None
        self._shown: tuple[TrackedObject, ...] = ()
        self._links = Links()

    def set_workspace(self, workspace: Workspace | None) -> None:
        """List another project's objects."""
        self._links.cut()
        self._workspace = workspace
        if workspace is not None:
            session = workspace.session
            self._links.add(session.objectsChanged, self._take_objects)
            self._links.add(session.frameIndexChanged, self._take_states)
            self._links.add(session.lanesChanged, self._take_states)
            self._links.add(session.boxesChanged, self._take_states)
        self.beginResetModel()
        self._shown = () if workspace is None else workspace.session.objects
        self.endResetModel()

    def row_of(self, object_id: int) -> int:
        """Return the row of an object, -1 for none."""
        ids = [item.object_id for item in self._shown]
        return ids.index(object_id) if object_id in ids else -1

    def item(self, row: int) -> TrackedObject:
        """Return the object of a row."""
        return self._shown[row]

    # What Qt asks

    def rowCount(self, parent: Index | None = None) -> int:
        """Return the number of objects."""
        return 0 if parent is not None and parent.isValid() else len(self._shown)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what a view asks of an object."""
        if self._workspace is None or not 0 <= index.row() < len(self._shown):
            return None
        item = self._shown[index.row()]
        answer: Any = None
        match role:
            case Role.OBJECT:
                answer = item
            case Role.STATE | Role.CONFIDENCE | Role.GONE:
                answer = self._cell(item)[role - Role.STATE]
            case Role.BOXES:
                answer = self._workspace.session.boxes(item.object_id).counts
            case Qt.ItemDataRole.DisplayRole:
                answer = item.shown_name
            case Qt.ItemDataRole.EditRole:
                answer = item.name
            case Qt.ItemDataRole.DecorationRole:
                answer = QColor(*item.color)
            case Qt.ItemDataRole.ToolTipRole | Qt.ItemDataRole.AccessibleDescriptionRole:
                answer = self._text(item)
        return answer

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Rename an object; the list shows it when it is on the disk."""
        if self._workspace is None or role != Qt.ItemDataRole.EditRole:
            return False
        item, name = self._shown[index.row()], str(value).strip()
        if not name or name == item.name:
            return False
        self._workspace.session.do(RenameObject(item.object_id, name))
        return True

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Objects can be selected, renamed and dragged; they are dropped between rows."""
        if not index.isValid():
            return Qt.ItemFlag.ItemIsDropEnabled
        flag = Qt.ItemFlag
        flags = flag.ItemIsEnabled | flag.ItemIsSelectable | flag.ItemNeverHasChildren
        if self._workspace is None or self._workspace.session.project.read_only:
            return flags
        return flags | flag.ItemIsEditable | flag.ItemIsDragEnabled

    def supportedDropActions(self) -> Qt.DropAction:
        """Objects are moved."""
        return Qt.DropAction.MoveAction

    def mimeTypes(self) -> list[str]:
        """Only objects of this list."""
        return [MIME]

    def mimeData(self, indexes: list[QModelIndex]) -> QMimeData:  # type: ignore[override]
        """Return the id of the object that is dragged."""
        data = QMimeData()
        if indexes:
            data.setData(MIME, str(self._shown[indexes[0].row()].object_id).encode())
        return data

    def dropMimeData(
        self, data: QMimeData, action: Qt.DropAction, row: int, _column: int, parent: Index
    ) -> bool:
        """Ask for another order; the list follows when it is on the disk."""
        if self._workspace is None or not data.hasFormat(MIME):
            return False
        if action != Qt.DropAction.MoveAction:
            return False
        place = row if row >= 0 else parent.row() if parent.isValid() else len(self._shown)
        commands.reorder(self._workspace, int(bytes(data.data(MIME).data())), place)
        # False: the view must not remove the row; the model does when the order has changed.
        return False

    # Inside

    def _text(self, item: TrackedObject) -> str:
        if self._workspace is None:
            return ""
        session = self._workspace.session
        text = cell_text(session, item, session.frame_index)
        view = session.view
        if view is not None and view.frame_index == session.frame_index:
            area = int((view.label_map == item.object_id).sum())
            text += ", " + self.tr("{0} pixels").format(area)
        counts = session.boxes(item.object_id).counts
        if counts != BoxCounts():
            told = self.tr("Box labels: {0} drawn, {1} interpolated, {2} not visible")
            text += "\n" + told.format(counts.drawn, counts.interpolated, counts.unseen)
        return text

    def _cell(self, item: TrackedObject) -> tuple[FrameState, float, bool]:
        session = self._workspace.session if self._workspace is not None else None
        lane = None if session is None else session.lane(item.object_id)
        if session is None or lane is None:
            return FrameState.EMPTY, float("nan"), False
        here = session.frame_index
        gone = lane.gone is not None and bool(lane.gone[here])
        return FrameState(int(lane.states[here])), float(lane.confidence[here]), gone

    def _take_objects(self) -> None:
        fresh = () if self._workspace is None else self._workspace.session.objects
        same = [o.object_id for o in fresh] == [o.object_id for o in self._shown]
        if same:
            self._shown = fresh
            self._take_states()
        else:
            self.beginResetModel()
            self._shown = fresh
            self.endResetModel()

    def _take_states(self, _what: object = None) -> None:
        if self._shown:
            self.dataChanged.emit(self.index(0), self.index(len(self._shown) - 1))
