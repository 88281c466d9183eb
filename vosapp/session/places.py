"""Where this user's settings and samples lie. One value, made by `vosapp.app`, handed to all."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QStandardPaths

from vosapp.services.user_folder import user_data

NAME = "vosapp"


@dataclass(frozen=True, slots=True)
class Places:
    """Folders of one user. They are made by whoever writes the first file into them.

    Attributes:
        config: settings and the list of recent projects.
        data: projects that have no better place, of the sample and of videos on read-only disks;
            runs of training and models, which the command line finds there, too.
    """

    config: Path
    data: Path


def user_places() -> Places:
    """Return the folders that the system keeps for such things."""
    kinds = QStandardPaths.StandardLocation
    config = QStandardPaths.writableLocation(kinds.GenericConfigLocation)
    return Places(Path(config) / NAME, user_data())
