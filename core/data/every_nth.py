"""Every Nth frame of a data set, as a set of its own: `python -m core.data.every_nth DEV OUT 4`.

Measurements that have to be quick are made on such a set. Files keep their names.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from core.data.layouts import USUAL_RESOLUTION, read_tree
from core.errors import OutputError, VosError
from core.text import visible


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


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return 0, or 2 with one line on stderr when it cannot be done."""
    parser = argparse.ArgumentParser(prog="python -m core.data.every_nth", description=__doc__)
    parser.add_argument("root", type=Path, metavar="SET")
    parser.add_argument("out", type=Path, metavar="OUT")
    parser.add_argument("step", type=int, metavar="N")
    chosen = parser.parse_args(arguments)
    if chosen.step < 1:
        parser.error("N is 1 or more")
    try:
        taken = every_nth(chosen.root, chosen.out, chosen.step)
    except VosError as error:
        print(visible(str(error)), file=sys.stderr)  # noqa: T201
        return 2
    print(f"Copied {taken} frames to {visible(str(chosen.out))}.")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
