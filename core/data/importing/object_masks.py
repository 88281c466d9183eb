"""Binary masks with a folder for each object: SEQUENCE/001/00000.png."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.data.importing.coco import check_size
from core.data.importing.collect import Collection, Label
from core.data.importing.matching import folder_names, match_names
from core.data.importing.reading import list_files
from core.errors import AnnotationReadError, MaskReadError
from core.jobs import CancelToken, Progress
from core.media.annotations.options import AS_USUAL, ImportOptions
from core.media.image_file import IMAGE_ERRORS, ImageTooLarge, open_image
from core.media.mask_values import values_of
from core.types import VideoInfo

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.jobs import Job
    from core.media.annotations.values import ImportedAnnotations

_LUMA = (299, 587, 114)
"""Weights of red, green and blue in brightness, in thousandths."""
_MAX_FOLDERS = 1000


def read_object_masks(
    path: Path,
    info: VideoInfo,
    *,
    mapping: Mapping[str, int] | None = None,
    token: CancelToken | None = None,
    options: ImportOptions = AS_USUAL,
) -> Job[ImportedAnnotations]:
    """Read one folder of gray, black-and-white or palette PNG for each object; bright is inside.

    Of a file with black and one other value that one is inside, whatever it is; else what is at
    least half as bright as the brightest in all files of the object.

    A folder whose name starts with a number has that id; others are counted up. A frame is
    labeled where any object has a file.

    Args:
        path: the folder of the folders, or one above it with a folder of the video's name.
        info: the video that they belong to.
        mapping: label -> object id; None takes the proposal, see `ImportedAnnotations.mapping`.
        token: cancels the job.
        options: what the user says of the files.

    Raises:
        AnnotationReadError: no such folders, or damaged files; these also later, from keyframes.
        MaskMismatch: another size than the video, or names that are no frames of it.
    """
    places = (*(path / name for name in folder_names(info)), path)
    folders = next((found for place in places if (found := _object_folders(place))), [])
    if not folders:
        raise AnnotationReadError(
            f"{path} holds no folders of PNG masks.",
            "It should hold one for each object.",
        )
    names = {file.name for folder in folders for file in list_files(folder, ".png")}
    frames, rule = match_names(sorted(names), info, options)
    collection = Collection(info, [rule], options)
    for done, folder in enumerate(folders):
        label = collection.add_label(_label(folder.name))
        files = list_files(folder, ".png")
        top = 0
        for file in files:
            if token is not None:
                token.check()
            _check_header(file, info)
            top = max(top, int(_brightness(file).max()))
        for file in files:
            collection.add_shape(frames[file.name], label, geometry=_FileMask(file, top))
        yield Progress(done + 1, len(folders), f"reading {folder.name}")
    return collection.assemble(mapping, token)


@dataclass(frozen=True, slots=True)
class _FileMask:
    """A mask that is read from its file when it is painted."""

    path: Path
    top: int
    held_bytes = 0

    def fill(self, height: int, width: int) -> NDArray[np.bool_]:
        """See `core.data.importing.shapes.Geometry`."""
        levels = _brightness(self.path)
        if levels.shape != (height, width):
            raise AnnotationReadError(f"{self.path} has changed its size.")
        inside: NDArray[np.bool_] = levels > 0
        if np.unique(levels[inside]).size > 1:
            inside &= 2 * levels >= self.top
        return inside


def _brightness(path: Path) -> NDArray[np.int64]:
    """Return how bright each pixel of a file is, 0 black; other colors are never 0."""
    try:
        with open_image(path) as image:
            image.load()
            mask = values_of(image, path)
    except (*IMAGE_ERRORS, MaskReadError) as error:
        raise AnnotationReadError(f"{path} cannot be read: {error}.") from error
    if mask.kind in ("gray", "bit"):
        return mask.values
    codes = mask.as_colors().values
    levels: NDArray[np.int64] = np.zeros_like(codes)
    for shift, weight in zip((16, 8, 0), _LUMA, strict=True):
        levels += (codes >> shift & 255) * weight
    levels = -(-levels // 1000)
    if mask.kind == "index" and np.unique(levels).size == 1:
        return mask.values
    return levels


def _object_folders(path: Path) -> list[Path]:
    try:
        folders = sorted(p for p in path.iterdir() if p.is_dir()) if path.is_dir() else []
    except OSError as error:
        raise AnnotationReadError(f"{path} cannot be read: {error.strerror}.") from error
    if len(folders) > _MAX_FOLDERS:
        raise AnnotationReadError(f"{path} holds more than {_MAX_FOLDERS} folders.")
    return [folder for folder in folders if list_files(folder, ".png")]


def _label(name: str) -> Label:
    number, _, rest = name.partition(" ")
    known = number.isascii() and number.isdecimal() and len(number) <= 9
    return Label(name, int(number) if known else None, rest if known else name)


def _check_header(file: Path, info: VideoInfo) -> None:
    try:
        with open_image(file) as image:
            size = image.size
    except ImageTooLarge as error:
        raise AnnotationReadError(f"{file} claims to be too large: {error}.") from error
    except IMAGE_ERRORS as error:
        raise AnnotationReadError(f"{file} cannot be read: {error}.") from error
    check_size(*size, info, f"The mask {file}")
