"""Pictures of held-out frames in a run's folder: before, now, and the best. No torch."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import cv2

from core.media.atomic import made_folder, write_atomic
from core.media.label_map import encode_label_map
from core.types import Frame, LabelMap
from vosapp.services.training.folder import RunFolder
from vosapp.services.training.trainer import Shown

LONG_SIDE = 480
"""Pictures are shrunk to this long side, in pixels."""


def picture(folder: RunFolder, name: str, *, place: int = 0) -> Path:
    """File of a picture: "frame", "truth", "before", "now" or "best" of the frame at a place."""
    return folder.view / (f"{name}-{place}.png" if place else f"{name}.png")


def show(folder: RunFolder, name: str, shown: Shown, *, best: bool, place: int = 0) -> None:
    """Write what weights find on the frame that is looked at.

    Args:
        folder: of the run.
        name: "before" or "now"; before training both are the same.
        shown: what was found.
        best: they are the best so far.
        place: of the frame among those that are looked at.

    Raises:
        OutputError: it cannot be written.
    """
    data = encode_label_map(_small_map(shown.label_map))
    names: Iterable[str] = {name, "now", *(("best",) if best else ())}
    made_folder(folder.view)
    for each in names:
        write_atomic(picture(folder, each, place=place), data)


def show_frame(folder: RunFolder, frame: Frame, truth: LabelMap, *, place: int = 0) -> None:
    """Write the picture of a frame, and what should be found on it."""
    made_folder(folder.view)
    small = cv2.resize(frame, _size(frame.shape[:2]), interpolation=cv2.INTER_AREA)
    data = cv2.imencode(".png", cv2.cvtColor(small, cv2.COLOR_RGB2BGR))[1]
    truth_file, frame_file = (picture(folder, n, place=place) for n in ("truth", "frame"))
    write_atomic(truth_file, encode_label_map(_small_map(truth)))
    write_atomic(frame_file, data.tobytes())


def _small_map(label_map: LabelMap) -> LabelMap:
    size = _size(label_map.shape[:2])
    small: LabelMap = cv2.resize(label_map, size, interpolation=cv2.INTER_NEAREST)  # type: ignore[assignment]
    return small


def _size(shape: tuple[int, ...]) -> tuple[int, int]:
    height, width = shape
    scale = min(1.0, LONG_SIDE / max(height, width))
    return max(1, round(width * scale)), max(1, round(height * scale))
