"""The one file to read below the root of a dataset, as annotation tools write it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from core.data.importing.choosing import only_or_own
from core.errors import AnnotationReadError
from core.types import VideoInfo

COCO = (
    *("annotations/instances_*.json", "annotations/*.json", "_annotations.coco.json"),
    *("*/_annotations.coco.json", "result.json", "instances*.json", "*.json"),
)
"""Where CVAT, Roboflow and Label Studio put COCO files, the likeliest first."""
BOXES = ("gt/gt.txt", "*/gt/gt.txt", "gt.txt", "det/det.txt", "*.csv")
"""Where MOTChallenge and CVAT put boxes."""
CVAT = ("annotations.xml", "*.xml")
YTVIS = ("annotations/instances*.json", "*.json")
MOTS_TXT = ("gt/gt.txt", "*.txt")
"""Where CVAT, YouTube-VIS and MOTS, and our exports, put the files of these formats."""


def file_in(path: Path, info: VideoInfo, places: Sequence[str]) -> Path:
    """Return a file as it is; of a folder the file at the first of the places that has one.

    Args:
        path: the file or folder.
        info: the video; where there are several, the file or folder of its name is taken.
        places: patterns below the folder.

    Raises:
        AnnotationReadError: there are several, none of them of the video's name; or the folder
            cannot be read, or holds none.
    """
    if not path.is_dir():
        return path
    for place in places:
        try:
            found = sorted(p for p in path.glob(place) if p.is_file() and p.name[:1] != ".")
        except OSError as error:
            raise AnnotationReadError(f"{path} cannot be read: {error.strerror}.") from error
        if found:
            return only_or_own(found, path, info, is_own=partial(_is_of, path))
    raise AnnotationReadError(
        f"The folder {path} holds no annotation file.", f"Looked for {', '.join(places)}."
    )


def _is_of(root: Path, file: Path, names: Sequence[str]) -> bool:
    """Whether a file or a folder above it, below the root, has one of the names."""
    parts = (*file.relative_to(root).parts[:-1], file.stem)
    return any(part == name or part.endswith(f"_{name}") for part in parts for name in names)
