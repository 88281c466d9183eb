"""The command palette: type a part of a command's name, press Enter."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from vosapp.ui.actions.binding import Actions
from vosapp.ui.actions.keymap import Keymap
from vosapp.ui.actions.matching import score
from vosapp.ui.actions.spec import ActionSpec, Scope, translated
from vosapp.ui.actions.synonyms import SYNONYMS
from vosapp.ui.actions.table import ACTIONS, BY_ID
from vosapp.ui.theme import icon, set_tone, tones

SIZE = QSize(560, 420)
_MOVES = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)


class CommandPalette(QFrame):
    """All commands that can be used now, the best match first."""

    def __init__(self, actions: Actions, keymap: Keymap, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setObjectName("palette")
        self.setAccessibleName(self.tr("All commands"))
        self._actions, self._keymap = actions, keymap
        self.field, self.list = QLineEdit(self), QListWidget(self)
        self.nothing = QLabel(self.tr("No command is called that."), self)
        self._build()
        self._fill("")

    def show_over(self, window: QWidget) -> None:
        """Show it at the top in the middle of a window."""
        corner = window.mapToGlobal(window.rect().topLeft())
        left = corner.x() + (window.width() - SIZE.width()) // 2
        self.setGeometry(left, corner.y() + 70, SIZE.width(), SIZE.height())
        self.show()
        self.field.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Move through the list while the field keeps the keyboard."""
        if watched is not self.field or not isinstance(event, QKeyEvent):
            return False
        if event.type() == QEvent.Type.KeyPress and event.key() in _MOVES:
            self.list.event(event)
            return True
        return False

    def _build(self) -> None:
        shown = tones()
        self.setStyleSheet(
            f"#palette {{ background: {shown.window}; border: 1px solid {shown.border}; }}"
            "QListWidget { border: none; background: transparent; }"
            f"QListWidget::item {{ border-radius: 5px; }}"
            f"QListWidget::item:selected {{ background: {shown.alternate}; }}"
        )
        self.field.setPlaceholderText(self.tr("Type a command\u2026"))
        self.field.setClearButtonEnabled(True)
        self.field.setAccessibleName(self.tr("Command"))
        self.field.setToolTip(self.tr("A few letters are enough; Enter runs the first command"))
        self.field.setMinimumHeight(34)
        self.field.installEventFilter(self)
        self.field.textChanged.connect(self._fill)
        self.field.returnPressed.connect(self._run)
        self.list.setAccessibleName(self.tr("Commands"))
        self.list.setToolTip(self.tr("Enter or a click runs a command"))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.itemClicked.connect(lambda _item: self._run())
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 10, 10, 10)
        column.addWidget(self.field)
        set_tone(self.nothing, "muted")
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addWidget(self.nothing, 1)
        column.addWidget(self.list)

    def _fill(self, query: str) -> None:
        self.list.clear()
        for spec in matches(query, self._usable()):
            self._add(spec)
        self.list.setCurrentRow(0)
        self.list.setVisible(self.list.count() > 0)
        self.nothing.setVisible(self.list.count() == 0)

    def _usable(self) -> list[ActionSpec]:
        hidden = {"help.palette"}
        return [
            spec
            for spec in ACTIONS
            if self._actions[spec.id].isEnabled()
            and spec.scope is not Scope.HELD
            and spec.id not in hidden
        ]

    def _add(self, spec: ActionSpec) -> None:
        item = QListWidgetItem(self.list)
        item.setData(Qt.ItemDataRole.UserRole, spec.id)
        item.setData(Qt.ItemDataRole.AccessibleTextRole, spec.plain_text)
        item.setSizeHint(QSize(100, 34))
        self.list.setItemWidget(item, self._row(spec))

    def _row(self, spec: ActionSpec) -> QWidget:
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(8, 0, 8, 0)
        picture, name, topic = QLabel(row), QLabel(_title(spec), row), QLabel(row)
        picture.setFixedWidth(22)
        if spec.icon:
            picture.setPixmap(icon(spec.icon, "muted").pixmap(18, 18))
        keys = self._keymap.shown(spec.id)
        topic.setText(keys)
        set_tone(topic, "muted")
        line.addWidget(picture)
        line.addWidget(name, 1)
        line.addWidget(topic)
        row.setToolTip(translated(spec.tip))
        return row

    def _run(self) -> None:
        item = self.list.currentItem()
        if item is None:
            return
        action_id = str(item.data(Qt.ItemDataRole.UserRole))
        self.close()
        self._actions.run(action_id)


def matches(query: str, specs: list[ActionSpec]) -> list[ActionSpec]:
    """Return the actions that fit a query, the best first; all of them for an empty one."""
    found = []
    for spec in specs:
        best = _fit(query, spec)
        if best is not None:
            found.append((best, spec))
    if not query.strip():
        return [spec for _, spec in found]
    return [spec for _, spec in sorted(found, key=lambda pair: -pair[0])]


def _fit(query: str, spec: ActionSpec) -> float | None:
    """A word of the name counts for more than one of its menu, and that for more than of its tip.

    The id knows what other programs call it: "recolor" for "Change Color"; so do the synonyms,
    whose words must be typed from their beginning.
    """
    name, path = score(query, spec.plain_text), score(query, _title(spec))
    other = _known_as(query, spec)
    found = [rank + 3 for rank in (name,) if rank is not None]
    found += [rank for rank in (path, other) if rank is not None]
    if found:
        return max(found)
    asked = query.casefold().strip()
    told = f" {spec.id.replace('.', ' ')} {translated(spec.tip)}".casefold()
    return -1000.0 if f" {asked}" in told else None


def _known_as(query: str, spec: ActionSpec) -> float | None:
    """Rank by synonyms: as the typed letters themselves would, a little less."""
    asked = query.casefold().split()
    words = f"{SYNONYMS.get(spec.id, '')} {spec.plain_text.casefold()}".split()
    if not asked or not all(any(word.startswith(one) for word in words) for one in asked):
        return None
    own = score(query, query)
    return None if own is None else own - 2


def _title(spec: ActionSpec) -> str:
    menu = BY_ID[spec.id].menu
    head = translated(menu[0]).replace("&", "") if menu else ""
    return f"{head}: {spec.plain_text}" if head else spec.plain_text
