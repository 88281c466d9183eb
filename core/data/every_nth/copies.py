"""Copies of frames and masks, which keep their names."""

from __future__ import annotations

import shutil
from pathlib import Path

from core.data.layouts import USUAL_RESOLUTION, read_tree
from core.errors import OutputError


def every_nth(root: Path, out: Path, step: int) -> int:
    """Copy every Nth frame of each sequence, and the masks of these frames.

    Args:
        root: a data set with frames in a layout of `core.data.layouts`.
        out: the new set, in DAVIS layout; it must not be there yet.
        step: N, 1 or more; the first frame is always taken.

    Returns:
        How many frames were taken.

    Raises:
        DatasetError: `root` is no such set.
        OutputError: `out` is there, or cannot be written.
    """
    sequences = read_tree(root)
    try:
        out.mkdir(parents=True)
        taken = 0
        for sequence in sequences:
            frames = sequence.frames[::step]
            names = {frame.stem for frame in frames}
            masks = [mask for mask in sequence.masks if mask.stem in names]
            _copy(frames, out / "JPEGImages" / USUAL_RESOLUTION / sequence.name)
            _copy(masks, out / "Annotations" / USUAL_RESOLUTION / sequence.name)
            taken += len(frames)
    except OSError as error:
        msg = f"{out} cannot be written: {error.strerror}."
        raise OutputError(msg, "Name a folder that is not there yet.") from error
    return taken


def _copy(files: tuple[Path, ...] | list[Path], folder: Path) -> None:
    folder.mkdir(parents=True)
    for file in files:
        shutil.copyfile(file, folder / file.name)
