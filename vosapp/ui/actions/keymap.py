"""Which keys an action has: the table's, but for those that the user has chosen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QKeySequence

from vosapp.ui.actions.spec import Scope
from vosapp.ui.actions.table import ACTIONS, BY_ID, DEFAULT_KEYS
from vosapp.ui.settings import Settings

STATE = "shortcuts"
MAX_KEYS = 4
"""Key sequences of one action."""


class Keymap(QObject):
    """Keys by action. Only what differs from the table is stored.

    Signals:
        changed: some action has other keys.
    """

    changed = Signal()

    def __init__(self, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self._own = _valid(settings.state(STATE))

    def keys(self, action_id: str) -> tuple[str, ...]:
        """Return the portable key sequences of an action, the shown one first."""
        return self._own.get(action_id, DEFAULT_KEYS[action_id])

    def shown(self, action_id: str) -> str:
        """Return the first key sequence as people of this system write it; empty for none."""
        return next(iter(written(self.keys(action_id))), "")

    def is_default(self, action_id: str) -> bool:
        """True where an action has the table's keys."""
        return action_id not in self._own

    def set_keys(self, action_id: str, keys: Iterable[str]) -> None:
        """Give an action other keys; those of `conflicts` are taken away from their actions."""
        wanted = tuple(key for key in (portable(key) for key in keys) if key)[:MAX_KEYS]
        for key in wanted:
            for other in self.conflicts(action_id, key):
                self._put(other, tuple(k for k in self.keys(other) if portable(k) != key))
        self._put(action_id, wanted)
        self._store()

    def reset(self, action_id: str | None = None) -> None:
        """Give one action, or all, the table's keys again."""
        if action_id is None:
            self._own.clear()
        else:
            self.set_keys(action_id, DEFAULT_KEYS[action_id])
            return
        self._store()

    def conflicts(self, action_id: str, key: str) -> tuple[str, ...]:
        """Return the other actions that have a key sequence."""
        wanted = portable(key)
        return tuple(
            spec.id
            for spec in ACTIONS
            if spec.id != action_id and wanted in [portable(k) for k in self.keys(spec.id)]
        )

    def _put(self, action_id: str, keys: tuple[str, ...]) -> None:
        if keys == tuple(DEFAULT_KEYS[action_id]):
            self._own.pop(action_id, None)
        else:
            self._own[action_id] = keys

    def _store(self) -> None:
        own = {name: list(keys) for name, keys in self._own.items()}
        self._settings.remember(STATE, own or None)
        self.changed.emit()


def portable(key: str) -> str:
    """Return a key sequence in the one way in which it is stored; empty for none."""
    if key == "Shift":
        return key
    return QKeySequence.fromString(key).toString(QKeySequence.SequenceFormat.PortableText)


def written(keys: Iterable[str]) -> tuple[str, ...]:
    """Return key sequences as people of this system write them."""
    native = QKeySequence.SequenceFormat.NativeText
    return tuple(k if k == "Shift" else QKeySequence.fromString(k).toString(native) for k in keys)


def sequences(action_id: str, keys: Iterable[str]) -> list[QKeySequence]:
    """Return what a QAction is bound to; nothing for keys that are looked at while held.

    With Shift, a bracket comes as a brace on most keyboards, so both are bound.
    """
    if BY_ID[action_id].scope is Scope.HELD:
        return []
    found = []
    for key in keys:
        found.append(QKeySequence.fromString(key))
        if key in _SHIFTED:
            found.append(QKeySequence.fromString(_SHIFTED[key]))
    return found


_SHIFTED: Mapping[str, str] = {"Shift+[": "{", "Shift+]": "}"}


def _valid(stored: object) -> dict[str, tuple[str, ...]]:
    if not isinstance(stored, dict):
        return {}
    found = {}
    for name, keys in stored.items():
        if name in BY_ID and isinstance(keys, list) and all(isinstance(k, str) for k in keys):
            found[name] = tuple(keys[:MAX_KEYS])
    return found
