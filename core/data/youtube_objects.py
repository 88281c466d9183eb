"""Youtube-Objects with the masks of Jain and Grauman 2014: ten categories, a few frames a shot.

::

    ROOT/v1/<category>/data/<video>/shots/<shot>/frame0001.jpg
    ROOT/youtube_masks/<category>/data/<video>/shots/<shot>/labels/00001.jpg

A mask belongs to the frame of its number. Masks are JPEG files: gray levels up to 15 of 255 are
background. The layout is that of the public archives as programs that read them have it; it was
tried on folders that tests make. No torch.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from core.data.layouts import files_in, subfolders
from core.data.object_sequence import ObjectSequence
from core.data.raw_video import FRAME_SUFFIXES
from core.errors import DatasetError

FRAMES, MASKS = "v1", "youtube_masks"
DATA, SHOTS, LABELS = "data", "shots", "labels"
MASK_SUFFIXES = frozenset({".jpg", ".jpeg", ".png"})
BACKGROUND = 15.5 / 255
"""Up to this a gray level is what compression made of black."""
_NUMBER = re.compile(r"[0-9]+$")


def is_youtube_objects(root: Path) -> bool:
    """Whether a folder is laid out as this set."""
    return (root / FRAMES).is_dir() and (root / MASKS).is_dir()


def read_youtube_objects(root: Path) -> tuple[ObjectSequence, ...]:
    """Shots that have masks, by category, video and number; `name` is all three.

    Raises:
        DatasetError: there is none, or masks have no frames.
    """
    found = tuple(_shots(root))
    if not found:
        raise DatasetError(f"{root} has no shot with masks.", f"Check {root / MASKS}.")
    return found


def _shots(root: Path) -> Iterator[ObjectSequence]:
    for category in subfolders(root / MASKS):
        for video in subfolders(category / DATA):
            for shot in subfolders(video / SHOTS):
                masks = files_in(shot / LABELS, MASK_SUFFIXES)
                if masks:
                    frames = root / FRAMES / shot.relative_to(root / MASKS)
                    yield _shot(category.name, video.name, frames, masks)


def _shot(category: str, video: str, folder: Path, masks: tuple[Path, ...]) -> ObjectSequence:
    frames = files_in(folder, FRAME_SUFFIXES)
    by_number = {_number(path): index for index, path in enumerate(frames)}
    missing = [path.name for path in masks if _number(path) not in by_number]
    if missing or not frames:
        msg = f"{folder} lacks frames of {len(missing)} masks, such as {missing[0]}."
        raise DatasetError(msg, "A mask belongs to the frame of its number.")
    truths = {by_number[_number(path)]: (path,) for path in masks}
    name = f"{category}-{video}-{folder.name}"
    return ObjectSequence(name, frames, truths, above=BACKGROUND, category=category)


def _number(path: Path) -> int:
    """What a file's name ends in; -1 where that is no number."""
    found = _NUMBER.search(path.stem)
    return int(found[0]) if found else -1
