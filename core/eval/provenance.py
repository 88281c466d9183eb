"""Where a figure comes from: the code that made it, the day, the weights."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from core.media.file_hash import short_hash


@lru_cache(maxsize=1)
def code_commit() -> str:
    """The commit of this checkout, with "-dirty" where it was changed; empty where it is none."""
    folder = Path(__file__).resolve().parent
    # An installation may lie within the checkout of another project.
    if not _git(folder, "ls-files", Path(__file__).name):
        return ""
    return _git(folder, "describe", "--always", "--dirty", "--abbrev=8", "--exclude=*")


def today() -> str:
    """The date, as 2026-11-29."""
    return datetime.now(UTC).date().isoformat()


def file_mark(path: Path | None) -> str:
    """Name of a file and the beginning of its SHA-256; empty for none."""
    if path is None:
        return ""
    return f"{path.name} {short_hash(path)}"


def _git(folder: Path, *words: str) -> str:
    try:
        done = subprocess.run(
            ["git", *words], cwd=folder, capture_output=True, text=True, check=False, timeout=10
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
