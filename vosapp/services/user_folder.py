"""Where this user's runs and models lie. No Qt; the window's places agree with it."""

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
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return (Path(local) if local else Path.home() / "AppData" / "Local") / NAME
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / NAME
    shared = os.environ.get("XDG_DATA_HOME", "")
    return (Path(shared) if shared.startswith("/") else Path.home() / ".local" / "share") / NAME


def runs_folder(data: Path | None = None) -> Path:
    """Where runs of training lie, in a folder of data; None takes this user's."""
    return (data or user_data()) / "training"


def models_folder(data: Path | None = None) -> Path:
    """Where models lie, in a folder of data; None takes this user's."""
    return (data or user_data()) / "models"
