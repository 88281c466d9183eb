"""The list of objects with its buttons."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QItemSelectionModel, QModelIndex, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QColorDialog,
    QHBoxLayout,
    QInputDialog,
    QLabel,
    QLineEdit,
    QListView,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from vosapp.jobs.owners import while_there
from vosapp.session.workspace import Workspace
from vosapp.ui.dialogs.asking import open_about
from vosapp.ui.links import Links
from vosapp.ui.objects import commands
from vosapp.ui.objects.delegate import ObjectDelegate, Spot
from vosapp.ui.objects.menu import ObjectMenu, fill_delete_menu, fill_merge_menu
from vosapp.ui.objects.model import ObjectListModel
from vosapp.ui.objects.undo_bar import UndoBar
from vosapp.ui.popup import Popup
from vosapp.ui.theme import icon, set_tone
from vosapp.ui.view_state import ViewState


class ObjectList(QListView):
    """A list that says when the space below its rows is clicked.

    Signals:
        emptyClicked: no row is there.
    """

    emptyClicked = Signal()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Select the row, or say that there is none."""
        super().mousePressEvent(event)
        left = event.button() is Qt.MouseButton.LeftButton
        if left and not self.indexAt(event.position().toPoint()).isValid():
            self.emptyClicked.emit()


class ObjectsPanel(QWidget):
    """All objects of a project: select, name, color, show, lock, order, merge, split, delete.

    Attributes:
        view: the list.
        buttons: by name: "new", "merge", "split", "absent", "delete"; they may be given actions
            with `QToolButton.setDefaultAction`.
    """

    def __init__(self, view_state: ViewState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Objects"))
        self._view_state = view_state
        self._workspace: Workspace | None = None
        self._links = Links()
        self.model = ObjectListModel(self)
        self.view = ObjectList(self)
        self.delegate = ObjectDelegate(view_state, self.view)
        self.buttons: dict[str, QToolButton] = {}
        self.undo_bar = UndoBar(self)
        self._advice = QLabel(
            self.tr("Draw a box around something: it becomes the first object."),
            self.view.viewport(),
        )
        self.menu = ObjectMenu(self, view_state, self)
        self._merge_menu = Popup(self.tr("Merge into"), self)
        self._merge_menu.aboutToShow.connect(self._fill_merge_menu)
        self._delete_menu = Popup(self.tr("Delete"), self)
        self._delete_menu.aboutToShow.connect(self._fill_delete_menu)
        self._set_up_view()
        self._build()
        view_state.changed.connect(self.view.viewport().update)
        self.set_workspace(None)

    def set_workspace(self, workspace: Workspace | None) -> None:
        """Show another project's objects; None shows an empty list."""
        self._links.cut()
        self._workspace = workspace
        self.model.set_workspace(workspace)
        self.undo_bar.set_workspace(workspace)
        if workspace is not None:
            session = workspace.session
            self._links.add(session.currentObjectChanged, self._take_current)
            self._links.add(session.objectsChanged, self._take_objects)
        self._take_objects()

    @property
    def workspace(self) -> Workspace | None:
        """What is shown; None for nothing."""
        return self._workspace

    # What a shortcut may ask for

    def rename_current(self) -> None:
        """Begin to rename the current object in the list."""
        index = self._current_index()
        for row in range(self.model.rowCount()):
            # Of the object before, or of this one: a second field would be refused.
            field = self.view.indexWidget(self.model.index(row))
            if isinstance(field, QLineEdit):
                self.delegate.commitData.emit(field)
                self.delegate.closeEditor.emit(field)
        if index.isValid():
            self.view.edit(index)

    def merge_current(self) -> None:
        """Offer the objects into which the current one can be merged."""
        self._merge_menu.popup(self._below("merge"))

    def delete_current(self) -> None:
        """Offer to delete the current object on this frame, in the range or everywhere."""
        self._delete_menu.popup(self._below("delete"))

    def recolor_current(self) -> None:
        """Ask for a color of the current object. Returns at once."""
        workspace = self._workspace
        item = None if workspace is None else workspace.session.current_object
        if workspace is None or item is None:
            return
        dialog = QColorDialog(QColor(*item.color), self)
        dialog.setOption(QColorDialog.ColorDialogOption.DontUseNativeDialog)
        dialog.setWindowTitle(self.tr("Color of {0}").format(item.shown_name))

        def take(color: QColor) -> None:
            rgb = (color.red(), color.green(), color.blue())
            commands.recolor(workspace, item.object_id, rgb)

        dialog.colorSelected.connect(while_there(workspace, take))
        open_about(workspace, dialog)

    def categorize_current(self) -> None:
        """Ask for the category of the current object, which formats export. Returns at once."""
        workspace = self._workspace
        item = None if workspace is None else workspace.session.current_object
        if workspace is None or item is None:
            return
        known = sorted({one.category for one in workspace.session.objects if one.category})
        dialog = QInputDialog(self)
        dialog.setWindowTitle(self.tr("Category of {0}").format(item.shown_name))
        dialog.setLabelText(self.tr('Category, such as "dog"; empty for none'))
        dialog.setComboBoxItems([item.category, *(one for one in known if one != item.category)])
        dialog.setComboBoxEditable(True)

        def take(category: str) -> None:
            commands.categorize(workspace, item.object_id, category)

        dialog.textValueSelected.connect(while_there(workspace, take))
        open_about(workspace, dialog)

    # Building

    def _set_up_view(self) -> None:
        view, mode = self.view, QAbstractItemView
        view.setModel(self.model)
        view.setItemDelegate(self.delegate)
        view.setUniformItemSizes(True)
        view.setSelectionMode(mode.SelectionMode.SingleSelection)
        view.setEditTriggers(mode.EditTrigger.DoubleClicked | mode.EditTrigger.EditKeyPressed)
        view.setDragDropMode(mode.DragDropMode.InternalMove)
        view.setDragDropOverwriteMode(False)
        view.setDropIndicatorShown(True)
        view.setMouseTracking(True)
        view.setVerticalScrollMode(mode.ScrollMode.ScrollPerPixel)
        view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        # A click chooses an object; letters go on choosing tools in the canvas.
        view.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        view.setAccessibleName(self.tr("List of objects"))
        view.setFrameShape(QListView.Shape.NoFrame)
        view.emptyClicked.connect(self._choose_none)
        view.customContextMenuRequested.connect(self._open_menu)
        view.selectionModel().currentChanged.connect(self._choose)
        self.delegate.pressed.connect(self._press)
        # After the view's own slot, which keeps the keyboard.
        self.delegate.closeEditor.connect(self.delegate.give_focus_back)

    def _build(self) -> None:
        row = QHBoxLayout()
        row.setContentsMargins(6, 4, 6, 4)
        row.setSpacing(2)
        for name, text, run in self._deeds():
            button = QToolButton(self)
            button.setToolTip(text)
            button.setAccessibleName(text)
            button.setAutoRaise(True)
            button.setIconSize(QSize(18, 18))
            button.clicked.connect(lambda _=False, b=button, r=run: self._run(b, r))
            self.buttons[name] = button
            if name == "delete":
                row.addStretch(1)
            row.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.view, 1)
        column.addWidget(self.undo_bar)
        column.addLayout(row)
        set_tone(self._advice, "muted")
        self._advice.setWordWrap(True)
        self._advice.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._advice.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        inside = QVBoxLayout(self.view.viewport())
        inside.setContentsMargins(24, 24, 24, 24)
        inside.addWidget(self._advice)
        self._refresh_icons()

    def _deeds(self) -> tuple[tuple[str, str, Callable[[], None]], ...]:
        return (
            ("new", self.tr("New object"), lambda: self._do(commands.new_object)),
            ("merge", self.tr("Merge this object into another one"), self.merge_current),
            (
                "split",
                self.tr("Split: make another object of this one from here on"),
                lambda: self._do(commands.split_here),
            ),
            (
                "absent",
                self.tr("Absent here: this object is not on this frame"),
                lambda: self._do(commands.mark_absent),
            ),
            ("delete", self.tr("Delete this object or its masks"), self.delete_current),
        )

    def _refresh_icons(self) -> None:
        names = {"new": "plus", "merge": "call-merge", "split": "call-split"}
        names |= {"absent": "account-off-outline", "delete": "trash-can-outline"}
        for name, button in self.buttons.items():
            if button.defaultAction() is None:
                button.setIcon(icon(names[name]))

    def _run(self, button: QToolButton, run: Callable[[], None]) -> None:
        if button.defaultAction() is None:
            run()

    def _do(self, command: Callable[[Workspace, ViewState], None]) -> None:
        if self._workspace is not None:
            command(self._workspace, self._view_state)

    # Keeping up

    def _current_index(self) -> QModelIndex:
        current = 0 if self._workspace is None else self._workspace.session.object_id
        row = self.model.row_of(current)
        return self.model.index(row) if row >= 0 else QModelIndex()

    def _take_current(self, _object_id: int) -> None:
        index = self._current_index()
        selection = self.view.selectionModel()
        selection.blockSignals(True)
        flag = QItemSelectionModel.SelectionFlag.ClearAndSelect
        selection.setCurrentIndex(index, flag)
        selection.blockSignals(False)
        if index.isValid():
            self.view.scrollTo(index)
        self.view.viewport().update()
        self._enable()

    def _take_objects(self) -> None:
        self._take_current(0)

    def _enable(self) -> None:
        workspace = self._workspace
        one = workspace is not None and workspace.session.current_object is not None
        several = workspace is not None and len(workspace.session.objects) > 1
        self._advice.setVisible(workspace is not None and not workspace.session.objects)
        states = dict.fromkeys(("split", "absent", "delete"), one)
        states["new"] = workspace is not None and not commands.is_full(workspace)
        states["merge"] = one and several
        barred = workspace is not None and workspace.session.project.read_only
        for name, state in states.items():
            if self.buttons[name].defaultAction() is None:
                self.buttons[name].setEnabled(state and not barred)

    def _choose(self, index: QModelIndex, _previous: QModelIndex) -> None:
        if self._workspace is not None and index.isValid():
            self._workspace.session.select_object(self.model.item(index.row()).object_id)

    def _choose_none(self) -> None:
        if self._workspace is not None:
            self._workspace.session.select_object(0)

    def _press(self, object_id: int, spot: Spot) -> None:
        if self._workspace is None:
            return
        self._workspace.session.select_object(object_id)
        if spot is Spot.SWATCH:
            self.recolor_current()
            return
        deeds = {
            Spot.SOLO: commands.toggle_solo,
            Spot.EYE: commands.toggle_visible,
            Spot.LOCK: commands.toggle_lock,
        }
        self._do(deeds[spot])

    def _open_menu(self, place: QPoint) -> None:
        index = self.view.indexAt(place)
        if index.isValid() and self._workspace is not None:
            self._workspace.session.select_object(self.model.item(index.row()).object_id)
        self.menu.open(self.view.viewport().mapToGlobal(place))

    def _fill_merge_menu(self) -> None:
        if self._workspace is not None:
            fill_merge_menu(self._merge_menu, self._workspace, self._view_state)

    def _fill_delete_menu(self) -> None:
        if self._workspace is not None:
            fill_delete_menu(self._delete_menu, self._workspace, self._view_state)

    def _below(self, name: str) -> QPoint:
        button = self.buttons[name]
        return button.mapToGlobal(QPoint(0, button.height()))

    def changeEvent(self, event: QEvent) -> None:
        """Take the icons of another theme."""
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self._refresh_icons()
        super().changeEvent(event)

    def sizeHint(self) -> QSize:
        """Room for names and some objects."""
        return QSize(300, 320)
