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
from core.errors import AnnotationReadError
from core.jobs import CancelToken, Progress
from core.media.annotations.options import AS_USUAL, ImportOptions
from core.media.image_file import IMAGE_ERRORS, ImageTooLarge, open_image
from core.types import VideoInfo

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.media.annotations.values import ImportedAnnotations, Job

_BRIGHT = 128
_MAX_FOLDERS = 1000


def read_object_masks(
    path: Path,
    info: VideoInfo,
    *,
    mapping: Mapping[str, int] | None = None,
    token: CancelToken | None = None,
    options: ImportOptions = AS_USUAL,
) -> Job[ImportedAnnotations]:
    """Read one folder of gray or black-and-white PNG for each object; bright is inside.

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
        for file in list_files(folder, ".png"):
            if token is not None:
                token.check()
            _check_header(file, info)
            collection.add_shape(frames[file.name], label, geometry=_FileMask(file))
        yield Progress(done + 1, len(folders), f"reading {folder.name}")
    return collection.assemble(mapping, token)


@dataclass(frozen=True, slots=True)
class _FileMask:
    """A mask that is read from its file when it is painted."""

    path: Path

    def fill(self, height: int, width: int) -> NDArray[np.bool_]:
        """See `core.data.importing.shapes.Geometry`."""
        try:
            with open_image(self.path) as image:
                inside = np.asarray(image.convert("L")) >= _BRIGHT
        except IMAGE_ERRORS as error:
            raise AnnotationReadError(f"{self.path} cannot be read: {error}.") from error
        if inside.shape != (height, width):
            raise AnnotationReadError(f"{self.path} has changed its size.")
        return inside


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
