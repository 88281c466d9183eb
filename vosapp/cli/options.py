"""Options that several commands read in the same way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.errors import OutputError, UsageError

if TYPE_CHECKING:
    from pathlib import Path


def sequence_names(text: str | None) -> tuple[str, ...] | None:
    """Read `--sequences A,B`; None stays None.

    Raises:
        UsageError: no name is in it.
    """
    if text is None:
        return None
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if not names:
        raise UsageError("--sequences names no sequence.", "Write it as --sequences bear,boat.")
    return names


def check_file(path: Path, *, option: str) -> None:
    """Refuse a file that cannot be written before the work, not after it.

    Raises:
        OutputError: the path is a folder, or its folder does not exist.
    """
    if path.is_dir():
        raise OutputError(f"{path} is a folder, not a file for {option}.", "Name a file in it.")
    if not path.parent.is_dir():
        raise OutputError(f"{path.parent} does not exist.", f"Make the folder for {option} first.")
