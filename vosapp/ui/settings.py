"""Settings as a table, and the file that holds those which differ from their defaults."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QT_TRANSLATE_NOOP, QObject, Signal

from core.errors import VosError
from core.media.atomic import write_atomic
from core.media.input_file import read_input
from vosapp.services.kept import BUDGET_MB

MAX_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing that the user can choose.

    Attributes:
        key: stable name in the file.
        group: heading in the dialog.
        label: what it is.
        tip: what it does.
        default: used until another value is chosen; its type is the setting's.
        choices: (value, label) of a list, else empty.
        low, high: of a number.
        unit: behind a number.
        lowest: what the lowest number is called; empty for the number itself.
        restart: takes effect with the next start or project.
    """

    key: str
    group: str
    label: str
    tip: str
    default: str | int | bool
    choices: tuple[tuple[str, str], ...] = ()
    low: int = 0
    high: int = 0
    unit: str = ""
    lowest: str = ""
    restart: bool = False

    def accepts(self, value: object) -> bool:
        """True where a value is of the right kind and within its limits."""
        if type(value) is not type(self.default):
            return False
        if self.choices:
            return value in [choice for choice, _ in self.choices]
        return not isinstance(value, int) or isinstance(value, bool) or self._within(value)

    def _within(self, value: int) -> bool:
        return self.low <= value <= self.high


def _tr(text: str) -> str:
    return str(QT_TRANSLATE_NOOP("Settings", text))


LOOK = _tr("Appearance")
WORK = _tr("Propagation")
MACHINE = _tr("Machine")

SETTINGS: tuple[Setting, ...] = (
    Setting(
        "theme",
        LOOK,
        _tr("Theme"),
        _tr("Colors of the window; \u201cas the system\u201d follows it at once."),
        "system",
        (("system", _tr("As the system")), ("light", _tr("Light")), ("dark", _tr("Dark"))),
    ),
    Setting(
        "first-frame",
        LOOK,
        _tr("Count frames"),
        _tr("In the window; names of files and what is said about files count from 0."),
        "0",
        (("0", _tr("From 0")), ("1", _tr("From 1"))),
    ),
    Setting(
        "restore",
        LOOK,
        _tr("Open the last project at the start"),
        _tr("Goes on where you stopped instead of showing the welcome page."),
        default=False,
    ),
    Setting(
        "quality",
        WORK,
        _tr("Default quality"),
        _tr("Working resolution of a propagation; masks always have the video\u2019s own size."),
        "fast",
        (("fast", _tr("Fast")), ("balanced", _tr("Balanced")), ("fine", _tr("Fine"))),
    ),
    Setting(
        "clean",
        WORK,
        _tr("Leave out specks"),
        _tr("Of masks that are propagated from now on; keyframes stay as they are."),
        default=True,
    ),
    Setting(
        "threads",
        MACHINE,
        _tr("Processor threads of the engine"),
        _tr("0 leaves one core to the window and takes all others."),
        0,
        low=0,
        high=256,
        lowest=_tr("All but one"),
        restart=True,
    ),
    Setting(
        "cache-mb",
        MACHINE,
        _tr("Memory for decoded frames"),
        _tr("More of it makes scrubbing smoother; a frame of 480p takes 1.2 MB, of 1080p 6 MB."),
        384,
        low=64,
        high=16_384,
        unit=_tr(" MB"),
        restart=True,
    ),
    Setting(
        "kept-mb",
        MACHINE,
        _tr("Disk for unfinished work"),
        _tr("What propagations go on from, in the cache folder; 0 computes everything anew."),
        BUDGET_MB,
        low=0,
        high=1 << 20,
        unit=_tr(" MB"),
        lowest=_tr("None"),
        restart=True,
    ),
)
"""All of them, in the order of the dialog."""

BY_KEY = {setting.key: setting for setting in SETTINGS}


class Settings(QObject):
    """The user's choices.

    A file that cannot be read counts as empty; unknown entries in it are kept.

    Args:
        file: where they are kept; made with the first choice.

    Signals:
        changed: another value was chosen (its key).
    """

    changed = Signal(str)

    def __init__(self, file: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._file = file
        self._values = _read(file)

    def text(self, key: str) -> str:
        """Return a setting that is a text."""
        return str(self._get(key))

    def number(self, key: str) -> int:
        """Return a setting that is a number."""
        return int(self._get(key))

    def flag(self, key: str) -> bool:
        """Return a setting that is yes or no."""
        return bool(self._get(key))

    def value(self, key: str) -> str | int | bool:
        """Return a setting of any kind."""
        return self._get(key)

    def set_value(self, key: str, value: str | int | bool) -> None:  # noqa: FBT001
        """Choose a value; one that makes no sense is a mistake in the program.

        Raises:
            ValueError: of another kind or out of its limits.
        """
        setting = BY_KEY[key]
        if not setting.accepts(value):
            raise ValueError(f"{value!r} is no value of {key}")
        if value == self._get(key):
            return
        if value == setting.default:
            self._values.pop(key, None)
        else:
            self._values[key] = value
        self._write()
        self.changed.emit(key)

    def state(self, key: str) -> Any:
        """Return what was remembered under a name that is no setting, as JSON values; or None."""
        return self._values.get(f"state/{key}")

    def remember(self, key: str, value: Any) -> None:
        """Remember JSON values under a name that is no setting; None forgets them."""
        self._values[f"state/{key}"] = value
        if value is None:
            del self._values[f"state/{key}"]
        self._write()

    def _get(self, key: str) -> str | int | bool:
        setting = BY_KEY[key]
        value = self._values.get(key, setting.default)
        return value if setting.accepts(value) else setting.default

    def _write(self) -> None:
        # A full disk must not keep anybody from working; the choice holds until the end.
        with suppress(OSError, VosError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(self._file, json.dumps(self._values, indent=1).encode())


def _read(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(read_input(file, limit=MAX_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
