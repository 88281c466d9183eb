"""Files of an earlier export that a new one does not replace: together they would be a mixture."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import OutputError
from core.media.name_parts import looks_like_frame

if TYPE_CHECKING:
    from core.media.annotations.values import AnnotationSource

_OBJECT = re.compile(r"\d{3,}(?: .*)?")
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class FrameFolder:
    """A folder in which a format has one file a frame, or one folder for each object.

    Attributes:
        place: names of folders below the root.
        suffix: of the files.
        objects: folders of the objects that are written, None where there are none.
    """

    place: tuple[str, ...]
    suffix: str
    objects: tuple[str, ...] | None = None


def find_leftovers(
    root: Path, folders: Iterable[FrameFolder], source: AnnotationSource, written: Iterable[int]
) -> tuple[Path, ...]:
    """Return the frames' files that are there and will not be written, in order.

    Other files, also of the same ending, are no business of an export: they are left alone.

    Args:
        root: where the export goes.
        folders: those of the format.
        source: what is exported.
        written: the frames that will have a file.

    Raises:
        OutputError: a folder cannot be listed.
    """
    stems = {source.stem(index) for index in written}
    found: list[Path] = []
    for folder in folders:
        path = root.joinpath(*folder.place)
        if folder.objects is None:
            found += _strangers(path, folder.suffix, source, stems)
            continue
        for inner in _listed(path):
            if inner.is_dir() and _OBJECT.fullmatch(inner.name):
                kept = stems if inner.name in folder.objects else set()
                found += _strangers(inner, folder.suffix, source, kept)
    return tuple(sorted(found))


def refuse_leftovers(leftovers: tuple[Path, ...], what: str) -> None:
    """Refuse to write beside files of an earlier run or export.

    Raises:
        OutputError: there are some.
    """
    if leftovers:
        shown = ", ".join(path.name for path in leftovers[:_SHOWN])
        more = f" and {len(leftovers) - _SHOWN} more" if len(leftovers) > _SHOWN else ""
        raise OutputError(
            f"{_common(leftovers)} holds {len(leftovers)} files of an earlier {what} that this one"
            f" would not replace: {shown}{more}.",
            "Choose another folder, or have exactly these files removed (--force).",
        )


def remove_leftovers(leftovers: tuple[Path, ...]) -> int:
    """Remove files, and folders that are empty then; return how many files.

    Raises:
        OutputError: one cannot be removed.
    """
    for path in leftovers:
        try:
            path.unlink()
        except OSError as error:
            raise OutputError(f"Cannot remove {path}: {error.strerror or error}.") from error
    for folder in {path.parent for path in leftovers}:
        with suppress(OSError):
            folder.rmdir()
    return len(leftovers)


def _common(files: tuple[Path, ...]) -> str:
    return os.path.commonpath([path.parent for path in files])


def _strangers(
    folder: Path, suffix: str, source: AnnotationSource, stems: set[str]
) -> Iterable[Path]:
    for path in _listed(folder):
        is_frame = path.suffix == suffix and looks_like_frame(path.stem, source.video)
        if is_frame and path.stem not in stems and path.is_file():
            yield path


def _listed(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir()) if folder.is_dir() else []
    except OSError as error:
        raise OutputError(f"{folder} cannot be read: {error.strerror or error}.") from error
