"""The table of actions made into QActions, menus and bars."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QMenuBar, QToolBar, QWidget

from vosapp.ui.actions.changing import changes_project
from vosapp.ui.actions.keymap import Keymap, sequences, written
from vosapp.ui.actions.spec import ActionSpec, Bar, Scope, When, translated
from vosapp.ui.actions.table import ACTIONS, BY_ID
from vosapp.ui.popup import KeyMenu
from vosapp.ui.theme import icon, toggle_icon

Handler = Callable[[], object]
_CONTEXTS = {
    Scope.WINDOW: Qt.ShortcutContext.WindowShortcut,
    Scope.PANELS: Qt.ShortcutContext.WidgetWithChildrenShortcut,
    Scope.CANVAS: Qt.ShortcutContext.WidgetWithChildrenShortcut,
    Scope.PICTURE: Qt.ShortcutContext.WidgetWithChildrenShortcut,
    Scope.HELD: Qt.ShortcutContext.WidgetShortcut,
}


class Actions(QObject):
    """All actions of one window.

    Args:
        handlers: what each action does, by id; exactly the ids of the table.
        keymap: which keys they have.
        parent: the window; actions with scope `WINDOW` belong to it.

    Signals:
        about: an action is about to be carried out (its id).
        done: an action was carried out (its id).
    """

    about = Signal(str)
    done = Signal(str)

    def __init__(self, handlers: Mapping[str, Handler], keymap: Keymap, parent: QWidget) -> None:
        super().__init__(parent)
        self._keymap, self._handlers = keymap, handlers
        self._actions = {spec.id: self._make(spec, parent) for spec in ACTIONS}
        self._groups = self._make_groups()
        keymap.changed.connect(self.retranslate)
        self.retranslate()

    def __getitem__(self, action_id: str) -> QAction:
        """Return an action by its id."""
        return self._actions[action_id]

    def run(self, action_id: str) -> None:
        """Carry an action out where it is enabled, as if it had been chosen in the menu."""
        self._actions[action_id].trigger()

    def attach(self, scope: Scope, widgets: Iterable[QWidget]) -> None:
        """Let the keys of a scope work in widgets and what is inside them."""
        for spec in ACTIONS:
            if spec.scope is scope:
                for widget in widgets:
                    widget.addAction(self._actions[spec.id])

    def enable(self, holds: Callable[[When], bool], *, only_look: bool = False) -> None:
        """Enable what can be used now.

        Args:
            holds: whether it is the moment for actions of a kind.
            only_look: the project cannot be changed.
        """
        known = {when: holds(when) for when in When}
        for spec in ACTIONS:
            barred = only_look and changes_project(spec)
            self._actions[spec.id].setEnabled(known[spec.enabled_when] and not barred)

    def check(self, states: Mapping[str, bool]) -> None:
        """Show what is on and what is off."""
        for name, on in states.items():
            self._actions[name].setChecked(on)

    def retranslate(self) -> None:
        """Write texts, keys, tooltips and icons anew: other keys, another theme."""
        for spec in ACTIONS:
            action, keys = self._actions[spec.id], self._keymap.keys(spec.id)
            action.setText(translated(spec.text))
            action.setShortcuts(sequences(spec.id, keys))
            action.setToolTip(self.tip(spec))
            action.setStatusTip(translated(spec.tip))
            if spec.icon:
                action.setIcon(icon(spec.icon))
        for spec in ACTIONS:
            if spec.bar is Bar.TOOLS:
                self._actions[spec.id].setIcon(toggle_icon(spec.icon))

    def tip(self, spec: ActionSpec) -> str:
        """Return the tooltip: "Brush (W)" and a sentence."""
        key = next(iter(written(self._keymap.keys(spec.id))), "")
        head = f"{spec.plain_text} ({key})" if key else spec.plain_text
        return f"<p><b>{head}</b><br>{translated(spec.tip)}</p>"

    def fill_menus(self, bar: QMenuBar) -> dict[str, QMenu]:
        """Make all menus; returns them by their untranslated path, as "&Object/Select"."""
        menus: dict[str, QMenu] = {}
        last: dict[str, str] = {}
        for spec in ACTIONS:
            if not spec.menu:
                continue
            menu = _menu(menus, bar, spec.menu)
            path = "/".join(spec.menu)
            if last.setdefault(path, spec.group) != spec.group:
                menu.addSeparator()
            last[path] = spec.group
            menu.addAction(self._actions[spec.id])
        return menus

    def fill_bar(self, bar: QToolBar, kind: Bar) -> None:
        """Add the buttons of a bar."""
        for spec in ACTIONS:
            if spec.bar is kind:
                bar.addAction(self._actions[spec.id])
                button = bar.widgetForAction(self._actions[spec.id])
                if button is not None:
                    button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
                    button.setAccessibleName(spec.plain_text)

    def _make(self, spec: ActionSpec, parent: QWidget) -> QAction:
        action = QAction(parent)
        action.setObjectName(spec.id)
        action.setCheckable(spec.checkable)
        action.setShortcutContext(_CONTEXTS[spec.scope])
        # Qt would move "Quit" and the like into other menus on some systems by their text.
        action.setMenuRole(QAction.MenuRole.NoRole)
        handler = self._handlers[spec.id]
        action.triggered.connect(lambda _on=False: self._carry_out(spec.id, handler))
        if spec.scope is Scope.WINDOW:
            parent.addAction(action)
        return action

    def _carry_out(self, action_id: str, handler: Handler) -> None:
        self.about.emit(action_id)
        handler()
        self.done.emit(action_id)

    def _make_groups(self) -> list[QActionGroup]:
        names = dict.fromkeys((s.topic, s.group) for s in ACTIONS if s.exclusive)
        found = []
        for topic, group in names:
            made = QActionGroup(self)
            for spec in ACTIONS:
                if spec.exclusive and (spec.topic, spec.group) == (topic, group):
                    made.addAction(self._actions[spec.id])
            found.append(made)
        return found


def missing_handlers(handlers: Mapping[str, Handler]) -> tuple[set[str], set[str]]:
    """Return (actions without a handler, handlers without an action)."""
    return set(BY_ID) - set(handlers), set(handlers) - set(BY_ID)


def _menu(menus: dict[str, QMenu], bar: QMenuBar, path: tuple[str, ...]) -> QMenu:
    key = "/".join(path)
    if key not in menus:
        title = translated(path[-1])
        if len(path) == 1:
            menus[key] = KeyMenu(title, bar)
            bar.addMenu(menus[key])
        else:
            within = _menu(menus, bar, path[:-1])
            menus[key] = KeyMenu(title, within)
            within.addMenu(menus[key])
        menus[key].setToolTipsVisible(False)
    return menus[key]
