"""Copies of frames and masks, which keep their names."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from core.data.layouts import USUAL_RESOLUTION, read_tree, shorten
from core.data.raw_video import FRAME_FOLDER
from core.errors import DatasetError, OutputError
from core.media.atomic import made_folder, write_atomic
from core.media.input_file import read_input


def every_nth(root: Path, out: Path, step: int) -> int:
    """Copy every Nth frame of each sequence, and the masks of these frames.

    Args:
        root: a data set with frames in a layout of `core.data.layouts`.
        out: the new set, in DAVIS layout; it must not be there yet. Nothing is left of one that
            breaks off.
        step: N, 1 or more; the first frame is always taken.

    Returns:
        How many frames were taken.

    Raises:
        DatasetError: `root` is no such set, or one of its files cannot be read.
        OutputError: `out` is there, or cannot be written.
    """
    sequences = read_tree(root)
    if bare := [sequence.name for sequence in sequences if not sequence.frames]:
        msg = f"{root} has masks of {shorten(bare)}, but no frames."
        raise DatasetError(msg, f"Put them into {FRAME_FOLDER}, beside the masks.")
    _make(out)
    taken = 0
    try:
        for sequence in sequences:
            frames = sequence.frames[::step]
            names = {frame.stem for frame in frames}
            masks = [mask for mask in sequence.masks if mask.stem in names]
            _copy(frames, out / FRAME_FOLDER / USUAL_RESOLUTION / sequence.name)
            _copy(masks, out / "Annotations" / USUAL_RESOLUTION / sequence.name)
            taken += len(frames)
    except BaseException:
        shutil.rmtree(out, ignore_errors=True)
        raise
    return taken


def _make(out: Path) -> None:
    try:
        out.mkdir(parents=True)
    except FileExistsError as error:
        raise OutputError(f"{out} is there already.", "Name a folder that is not.") from error
    except OSError as error:
        msg = f"{out} cannot be made: {error.strerror}."
        raise OutputError(msg, "Choose a folder you may write.") from error


def _copy(files: Iterable[Path], folder: Path) -> None:
    made_folder(folder)
    for file in files:
        try:
            data = read_input(file, limit=None)
        except OSError as error:
            raise DatasetError(f"{file} cannot be read: {error.strerror}.", "Check it.") from error
        write_atomic(folder / file.name, data)
