"""What is wanted of a run, as files: pause, stop, and holds by other work. No torch.

A hold names the process that asked for it, and ends with it: a window that is killed while a
propagation runs leaves no training waiting for ever.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from core.media.atomic import made_folder
from vosapp.services.training.folder import ProcessMark, write_json

HOLDS = "holds"
"""Folder beside the runs of one user: who holds all of them."""
_WORD = re.compile(r"[a-z][a-z-]{0,40}")


@dataclass(frozen=True, slots=True)
class Control:
    """The wishes for one run.

    Attributes:
        folder: of the run.
    """

    folder: Path

    def pause(self) -> None:
        """Want a pause."""
        self._put("pause")

    def go_on(self) -> None:
        """Want no pause any more."""
        self._drop("pause")

    def stop(self) -> None:
        """Want the run to end with what it has learned."""
        self._put("stop")

    def clear(self) -> None:
        """Want nothing, as at a start."""
        self._drop("pause")
        self._drop("stop")

    @property
    def wants_pause(self) -> bool:
        """Whether the user wants a pause."""
        return self._file("pause").exists()

    @property
    def wants_stop(self) -> bool:
        """Whether the user wants the run to end."""
        return self._file("stop").exists()

    def holders(self) -> tuple[str, ...]:
        """Who holds all runs now."""
        return tuple(dict.fromkeys(who for who, _ in _live_holds(self.folder.parent)))

    def _file(self, name: str) -> Path:
        return self.folder / "control" / name

    def _put(self, name: str) -> None:
        made_folder(self.folder / "control")
        write_json(self._file(name), {})

    def _drop(self, name: str) -> None:
        self._file(name).unlink(missing_ok=True)


def hold(root: Path, who: str) -> None:
    """Hold all runs below a folder until `release`, or until this process ends.

    Args:
        root: folder of the runs.
        who: a word for people, such as "propagation".

    Raises:
        ValueError: no such word.
        OutputError: the folder cannot be written.
    """
    if not _WORD.fullmatch(who):
        msg = f"no word for who holds: {who!r}"
        raise ValueError(msg)
    mark = ProcessMark.of(os.getpid())
    made_folder(root / HOLDS)
    write_json(_hold_file(root, who), {"pid": mark.pid, "created": mark.created})


def release(root: Path, who: str) -> None:
    """Let go of what this process holds."""
    _hold_file(root, who).unlink(missing_ok=True)


def _hold_file(root: Path, who: str) -> Path:
    return root / HOLDS / f"{who}.{os.getpid()}"


def _live_holds(root: Path) -> Iterator[tuple[str, ProcessMark]]:
    """Holds whose process lives; others are removed."""
    try:
        files = sorted((root / HOLDS).iterdir())
    except OSError:
        return
    for file in files:
        who = file.name.partition(".")[0]
        if not _WORD.fullmatch(who):
            continue
        mark = ProcessMark.read(file)
        if mark is None:
            continue
        if mark.is_alive:
            yield who, mark
        else:
            with suppress(OSError):
                file.unlink()
