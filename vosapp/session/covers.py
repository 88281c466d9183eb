"""Small pictures of projects for the list of recent ones. No Qt."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import VosError
from core.media.atomic import write_atomic
from vosapp.project.model import TrackedObject
from vosapp.session.view import FrameView

WIDTH, HEIGHT = 192, 108
"""Pixels that a picture fits into: twice what is shown, for dense screens."""
OPACITY = 0.5


class Covers:
    """A folder of pictures, one a project. What cannot be written is left out.

    Args:
        folder: made with the first picture.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, project: Path) -> Path:
        """Return where the picture of a project lies, if there is one."""
        name = hashlib.sha256(str(project.absolute()).encode("utf-8", "surrogateescape"))
        return self._folder / f"{name.hexdigest()[:24]}.png"

    def save(self, project: Path, view: FrameView, objects: Iterable[TrackedObject]) -> None:
        """Keep how a project looks now."""
        done, data = cv2.imencode(".png", cv2.cvtColor(picture(view, objects), cv2.COLOR_RGB2BGR))
        if done:
            with suppress(OSError, VosError):
                self._folder.mkdir(parents=True, exist_ok=True)
                write_atomic(self.path(project), data.tobytes())

    def keep(self, projects: Iterable[Path]) -> None:
        """Remove the pictures of all other projects."""
        kept = {self.path(project) for project in projects}
        with suppress(OSError):
            for path in self._folder.glob("*.png"):
                if path not in kept:
                    path.unlink()


def picture(view: FrameView, objects: Iterable[TrackedObject]) -> NDArray[np.uint8]:
    """Return a frame with its masks, small: h x w x 3 uint8."""
    rows, columns = view.label_map.shape
    scale = min(WIDTH / columns, HEIGHT / rows)
    size = (max(1, round(columns * scale)), max(1, round(rows * scale)))
    frame = cv2.resize(view.frame, size, interpolation=cv2.INTER_AREA)
    labels = cv2.resize(view.label_map, size, interpolation=cv2.INTER_NEAREST)
    colors, share = np.zeros((256, 3), np.float32), np.zeros(256, np.float32)
    for item in objects:
        if item.visible:
            colors[item.object_id], share[item.object_id] = item.color, OPACITY
    part = share[labels][..., None]
    return np.asarray(frame * (1 - part) + colors[labels] * part, np.uint8)
