"""Where this user's runs, models and caches lie. No Qt; the window's places agree with it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

NAME = "vosapp"
VARIABLE = "VOSAPP_DATA"
"""Environment variable that names another folder."""


def user_data() -> Path:
    """The folder that the system keeps for this user's data; whoever writes into it makes it."""
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named)
    return _base("XDG_DATA_HOME", mac="Application Support", other=".local/share") / NAME


def user_cache() -> Path:
    """The folder that the system keeps for what this user's programs can make again."""
    return _base("XDG_CACHE_HOME", mac="Caches", other=".cache") / NAME


def _base(variable: str, *, mac: str, other: str) -> Path:
    """A folder of all programs: named by a variable of the XDG base directories, or usual."""
    home = Path.home()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    if sys.platform == "darwin":
        return home / "Library" / mac
    named = os.environ.get(variable, "")
    # The specification has relative paths ignored.
    return Path(named) if named.startswith("/") else home / other


def runs_folder(data: Path | None = None) -> Path:
    """Where runs of training lie, in a folder of data; None takes this user's."""
    return (data or user_data()) / "training"


def models_folder(data: Path | None = None) -> Path:
    """Where models lie, in a folder of data; None takes this user's."""
    return (data or user_data()) / "models"
