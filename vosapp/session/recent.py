"""The projects that were open last. No Qt."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from core.errors import VosError
from core.media.atomic import write_atomic
from core.media.input_file import read_input

MAX_RECENT = 12
MAX_BYTES = 1 << 20


class RecentProjects:
    """A short list of project files, the newest first, kept in a file.

    A list that cannot be read counts as empty, one that cannot be written is forgotten: nobody's
    work depends on it.

    Args:
        file: where it is kept; made with the first project.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def paths(self) -> tuple[Path, ...]:
        """Return the projects, the newest first, those that are gone included."""
        try:
            found = json.loads(read_input(self._file, limit=MAX_BYTES))
        except (OSError, ValueError, RecursionError):
            return ()
        if not isinstance(found, list):
            return ()
        return tuple(Path(item) for item in found if isinstance(item, str) and item)[:MAX_RECENT]

    def add(self, project: Path) -> None:
        """Put a project in front."""
        path = project.absolute()
        self._write([path, *(item for item in self.paths() if item != path)])

    def remove(self, project: Path) -> None:
        """Take a project off the list."""
        self._write([item for item in self.paths() if item != project])

    def clear(self) -> None:
        """Forget all of them."""
        self._write([])

    def _write(self, paths: list[Path]) -> None:
        text = json.dumps([str(path) for path in paths[:MAX_RECENT]], indent=1)
        with suppress(OSError, VosError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(self._file, text.encode("utf-8", "surrogateescape"))
