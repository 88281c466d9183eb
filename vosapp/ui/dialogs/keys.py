"""The sheet of all keys, and the editor that gives actions other ones."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeySequence, QPalette
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QKeySequenceEdit,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from vosapp.ui.actions.keymap import Keymap, portable, written
from vosapp.ui.actions.matching import score
from vosapp.ui.actions.spec import ActionSpec, Scope, translated
from vosapp.ui.actions.table import ACTIONS, BY_ID
from vosapp.ui.theme import tones

COLUMNS = 3
"""Of the sheet, where the screen has room for them."""
_FRAME = 40
"""Pixels of the sheet's width that are not of its columns."""
MOUSE = (
    ("Zoom", "Wheel"),
    ("Pan", "Middle drag"),
    ("Brush size", "Ctrl+Wheel, Alt+drag"),
    ("Take away", "Right button"),
    ("Menu of the picture", "Right button, Ctrl+Right"),
    ("Draw the object anew", "Shift+drag a box"),
)
"""What no action stands for."""


class ShortcutSheet(QDialog):
    """All keys at a glance."""

    def __init__(self, keymap: Keymap, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Shortcut Sheet"))
        self._keymap = keymap
        room = _room(self)
        inner = self._fitting(room.width() - _FRAME)
        area = QScrollArea(self)
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setWidget(inner)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(area)
        layout.addWidget(buttons)
        fits = inner.sizeHint() + QSize(_FRAME, 24 + buttons.sizeHint().height() + 24)
        self.resize(fits.boundedTo(room))

    def _fitting(self, width: int) -> QWidget:
        """Return all keys in as many columns as have room in `width` pixels."""
        made = self._inner(COLUMNS)
        for count in range(COLUMNS - 1, 0, -1):
            if made.sizeHint().width() <= width:
                break
            made.setParent(None)
            made.deleteLater()
            made = self._inner(count)
        return made

    def _inner(self, count: int) -> QWidget:
        inner = QWidget(self)
        row = QHBoxLayout(inner)
        row.setSpacing(32)
        row.setContentsMargins(18, 12, 18, 12)
        for column in _balanced(self._groups(), count):
            row.addLayout(self._column(column, inner))
        return inner

    def _groups(self) -> list[tuple[str, list[tuple[str, tuple[str, ...]]]]]:
        groups: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
        for spec in ACTIONS:
            keys = self._keymap.keys(spec.id)
            if keys and spec.group != "digits":
                groups.setdefault(_heading(spec), []).append((spec.plain_text, written(keys)))
        digits = (self.tr("Select object, none"), ("1 \u2013 9", "0"))
        groups.setdefault(self.tr("Object"), []).insert(0, digits)
        groups[self.tr("Mouse")] = [(self.tr(text), (self.tr(how),)) for text, how in MOUSE]
        return list(groups.items())

    def _column(
        self, groups: list[tuple[str, list[tuple[str, tuple[str, ...]]]]], parent: QWidget
    ) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(16)
        for heading, rows in groups:
            grid = QGridLayout()
            grid.setVerticalSpacing(2)
            grid.setHorizontalSpacing(18)
            grid.setColumnStretch(0, 1)
            title = QLabel(f"<b>{heading}</b>", parent)
            title.setForegroundRole(QPalette.ColorRole.Link)
            grid.addWidget(title, 0, 0, 1, 2)
            for number, (text, keys) in enumerate(rows, 1):
                grid.addWidget(QLabel(text, parent), number, 0)
                grid.addWidget(_caps(keys, parent), number, 1, Qt.AlignmentFlag.AlignRight)
            column.addLayout(grid)
        column.addStretch(1)
        return column


def _room(widget: QWidget) -> QSize:
    """Most of the screen."""
    size = widget.screen().availableSize()
    return QSize(size.width() * 9 // 10, size.height() * 9 // 10)


class ShortcutEditor(QDialog):
    """Give actions other keys; a key that is taken is offered to be moved."""

    def __init__(self, keymap: Keymap, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Keyboard Shortcuts"))
        self.keymap = keymap
        self.search, self.tree = QLineEdit(self), QTreeWidget(self)
        self.key_edit = QKeySequenceEdit(self)
        self.warning = QLabel(self)
        self.assign = QPushButton(self.tr("Assign"), self)
        self.clear = QPushButton(self.tr("Clear"), self)
        self.reset = QPushButton(self.tr("Default"), self)
        self.reset_all = QPushButton(self.tr("Reset All"), self)
        self._build()
        self._connect()
        self._fill()
        self.resize(620, 640)

    def _build(self) -> None:
        self.search.setPlaceholderText(self.tr("Search\u2026"))
        self.search.setClearButtonEnabled(True)
        self.tree.setObjectName("roomy")
        self.tree.setColumnCount(2)
        self.tree.setHeaderLabels([self.tr("Action"), self.tr("Keys")])
        self.tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.tree.setAlternatingRowColors(True)
        self.key_edit.setMaximumSequenceLength(1)
        self.warning.setWordWrap(True)
        self.warning.setMinimumHeight(34)
        for widget, name, tip in (
            (self.search, self.tr("Search"), self.tr("Part of an action's name, or a key")),
            (self.tree, self.tr("Actions"), self.tr("Choose an action to give it another key")),
            (self.key_edit, self.tr("New key"), self.tr("Click here and press the new key")),
            (self.assign, self.tr("Assign"), self.tr("Give the action this key")),
            (self.clear, self.tr("No key"), self.tr("Take all keys from the action")),
            (self.reset, self.tr("Default"), self.tr("Give the action its default keys")),
            (self.reset_all, self.tr("Reset all"), self.tr("Give all actions their default keys")),
        ):
            widget.setAccessibleName(name)
            widget.setToolTip(tip)
        row = QHBoxLayout()
        row.addWidget(QLabel(self.tr("New key"), self))
        row.addWidget(self.key_edit, 1)
        for button in (self.assign, self.clear, self.reset):
            button.setAutoDefault(False)
            row.addWidget(button)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        self.reset_all.setAutoDefault(False)
        buttons.addButton(self.reset_all, QDialogButtonBox.ButtonRole.ResetRole)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addWidget(self.search)
        column.addWidget(self.tree, 1)
        column.addLayout(row)
        column.addWidget(self.warning)
        column.addWidget(buttons)

    def _connect(self) -> None:
        self.search.textChanged.connect(self._filter)
        self.tree.currentItemChanged.connect(lambda _new, _old: self._show_current())
        self.key_edit.keySequenceChanged.connect(lambda _keys: self._warn())
        self.assign.clicked.connect(self._assign)
        self.clear.clicked.connect(self._clear)
        self.reset.clicked.connect(self._reset)
        self.reset_all.clicked.connect(self._reset_all)
        self.keymap.changed.connect(self._fill_keys)

    def current_id(self) -> str | None:
        """Return the chosen action, None for none."""
        item = self.tree.currentItem()
        found = None if item is None else item.data(0, Qt.ItemDataRole.UserRole)
        return None if found is None else str(found)

    def select(self, action_id: str) -> None:
        """Choose an action."""
        self.tree.setCurrentItem(self._items[action_id])

    def _fill(self) -> None:
        self._items: dict[str, QTreeWidgetItem] = {}
        groups: dict[str, QTreeWidgetItem] = {}
        for spec in ACTIONS:
            if spec.scope is Scope.HELD:
                continue
            heading = _heading(spec)
            if heading not in groups:
                groups[heading] = QTreeWidgetItem(self.tree, [heading])
                groups[heading].setFlags(Qt.ItemFlag.ItemIsEnabled)
            item = QTreeWidgetItem(groups[heading], [spec.plain_text, ""])
            item.setData(0, Qt.ItemDataRole.UserRole, spec.id)
            item.setToolTip(0, translated(spec.tip))
            self._items[spec.id] = item
        self._fill_keys()
        self.tree.expandAll()
        self._show_current()

    def _fill_keys(self) -> None:
        for action_id, item in self._items.items():
            item.setText(1, ", ".join(written(self.keymap.keys(action_id))))
            font = item.font(1)
            font.setBold(not self.keymap.is_default(action_id))
            item.setFont(1, font)
        self._warn()

    def _filter(self, text: str) -> None:
        for item in self._items.values():
            named = score(text, item.text(0)) is not None
            item.setHidden(not named and text.casefold() not in item.text(1).casefold())
        for number in range(self.tree.topLevelItemCount()):
            group = self.tree.topLevelItem(number)
            if group is not None:
                children = [group.child(i) for i in range(group.childCount())]
                hidden = [child is None or child.isHidden() for child in children]
                group.setHidden(all(hidden))

    def _show_current(self) -> None:
        chosen = self.current_id()
        self.key_edit.setKeySequence(QKeySequence())
        for widget in (self.key_edit, self.assign, self.clear, self.reset):
            widget.setEnabled(chosen is not None)
        self._warn()

    def _warn(self) -> None:
        """Say which action has the key now."""
        chosen, key = self.current_id(), self._typed()
        taken = self.keymap.conflicts(chosen, key) if chosen and key else ()
        self.assign.setEnabled(bool(chosen and key))
        self.warning.setStyleSheet(f"color: {tones().warning};")
        names = ", ".join(BY_ID[other].plain_text for other in taken)
        text = self.tr("{0} has this key now; assigning takes it away there.").format(names)
        self.warning.setText(text if taken else "")

    def _typed(self) -> str:
        return portable(self.key_edit.keySequence().toString())

    def _assign(self) -> None:
        chosen, key = self.current_id(), self._typed()
        if chosen and key:
            self.keymap.set_keys(chosen, (key,))
            self.key_edit.setKeySequence(QKeySequence())

    def _clear(self) -> None:
        if chosen := self.current_id():
            self.keymap.set_keys(chosen, ())

    def _reset_all(self) -> None:
        self.keymap.reset()

    def _reset(self) -> None:
        if chosen := self.current_id():
            self.keymap.reset(chosen)


def _heading(spec: ActionSpec) -> str:
    names = {"view": "&View", "tools": "&Tools"}
    return translated(spec.menu[0] if spec.menu else names[spec.topic]).replace("&", "")


def _balanced(
    groups: list[tuple[str, list[tuple[str, tuple[str, ...]]]]], count: int
) -> list[list[tuple[str, list[tuple[str, tuple[str, ...]]]]]]:
    """Deal groups to `count` columns of about the same height, keeping their order."""
    total = sum(len(rows) + 2 for _, rows in groups)
    columns: list[list[tuple[str, list[tuple[str, tuple[str, ...]]]]]] = [[]]
    height = 0
    for group in groups:
        lines = len(group[1]) + 2
        if columns[-1] and len(columns) < count and height + lines / 2 > total / count:
            columns.append([])
            height = 0
        columns[-1].append(group)
        height += lines
    return columns


def _caps(keys: tuple[str, ...], parent: QWidget) -> QWidget:
    """Draw keys as caps."""
    shown = tones()
    holder = QWidget(parent)
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(4)
    for key in keys[:3]:
        cap = QLabel(key, holder)
        cap.setStyleSheet(
            f"background: {shown.raised}; border: 1px solid {shown.border}; border-radius: 4px;"
            f" padding: 1px 6px; color: {shown.text};"
        )
        row.addWidget(cap)
    return holder
