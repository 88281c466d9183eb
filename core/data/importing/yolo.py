"""YOLO: one text file a frame; outlines or boxes in shares of the picture's size."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.data.importing.collect import Collection, Label
from core.data.importing.matching import folder_names, match_names
from core.data.importing.reading import finite, list_files, read_text
from core.data.importing.shapes import Rings
from core.errors import AnnotationReadError
from core.jobs import CancelToken, Progress
from core.media.annotations.options import ABSENT, AS_USUAL, OPEN, ImportOptions
from core.types import MAX_OBJECT_ID, VideoInfo

if TYPE_CHECKING:
    from core.media.annotations.values import ImportedAnnotations, Job

_NOT_LABELS = frozenset({"classes.txt", "labels.txt", "train.txt", "val.txt", "test.txt"})
_MARGIN = 0.5
"""Shares may leave 0..1 by this much; a picture's size in pixels was forgotten beyond it."""
_ENTRY = re.compile(r"^\s+(\d{1,4})\s*:\s*(.*?)\s*$|^\s*-\s+(.*?)\s*$")


def read_yolo(
    path: Path,
    info: VideoInfo,
    *,
    mapping: Mapping[str, int] | None = None,
    token: CancelToken | None = None,
    options: ImportOptions = AS_USUAL,
) -> Job[ImportedAnnotations]:
    """Read lines `class x y x y ...` (outlines) and `class x y width height` (boxes).

    A class that is on a frame once is one object; further ones are `car #2`, `car #3`, in order.

    Args:
        path: folder of the text files, or one above it with `labels`, and data.yaml for names.
        info: the video that they belong to.
        mapping: label -> object id; None takes the proposal, see `ImportedAnnotations.mapping`.
        token: cancels the job.
        options: what the user says of the files.

    Raises:
        AnnotationReadError: no such files, or a line that makes no sense.
        MaskMismatch: names that are no frames of the video.
    """
    folder = _find_folder(path, info)
    files = [f for f in list_files(folder, ".txt") if f.name.lower() not in _NOT_LABELS]
    if not files:
        raise AnnotationReadError(f"The folder {folder} holds no labels.", "Check the path.")
    names = _class_names(path)
    frames, rule = match_names([file.name for file in files], info, options)
    collection = Collection(info, [rule], options, _unlabelled(path))
    for place, name in names.items():
        collection.add_label(_label(place, name, 1))
    for done, file in enumerate(files):
        if token is not None:
            token.check()
        yield Progress(done, len(files), f"reading {file.name}")
        _read_file(file, frames[file.name], names, collection)
    return collection.assemble(mapping, token)


def _find_folder(path: Path, info: VideoInfo) -> Path:
    if not path.is_dir():
        raise AnnotationReadError(f"There is no folder {path}.", "Check the path.")
    named = [root / name for name in folder_names(info) for root in (path / "labels", path)]
    return next(
        (f for f in (*named, path / "labels") if f.is_dir() and list_files(f, ".txt")), path
    )


def _label(place: int, name: str, count: int) -> Label:
    text = name or f"class {place}"
    number = re.fullmatch(r"object (\d{1,3})", text)
    wanted = int(number[1]) if number and count == 1 else None
    text = text if count == 1 else f"{text} #{count}"
    return Label(text, wanted, "" if wanted else text, name)


def _read_file(file: Path, index: int, names: Mapping[int, str], collection: Collection) -> None:
    collection.add_frame(index)
    seen: dict[int, int] = {}
    for number, line in enumerate(read_text(file).splitlines(), 1):
        if not line.strip():
            continue
        where = f"{file}, line {number}"
        place, values = _parse(line, where)
        count = seen[place] = seen.get(place, 0) + 1
        label = collection.add_label(_label(place, names.get(place, ""), count))
        _add(collection, (index, label), values, where)


def _parse(line: str, where: str) -> tuple[int, list[float]]:
    parts = line.split()
    try:
        place = finite(parts[0])
        values = [finite(part) for part in parts[1:]]
        if not place.is_integer() or not 0 <= place <= 9999:
            raise ValueError("the class is no number from 0 to 9999")
        if any(not -_MARGIN <= value <= 1 + _MARGIN for value in values):
            raise ValueError("coordinates are not shares from 0 to 1")
        if len(values) != 4 and (len(values) < 6 or len(values) % 2):
            raise ValueError(f"{len(values)} coordinates are neither an outline nor a box")
    except ValueError as error:
        raise AnnotationReadError(f"{where}: {str(error)[:80]}.", "Is this a YOLO file?") from error
    return int(place), values


def _add(collection: Collection, target: tuple[int, str], values: list[float], where: str) -> None:
    width, height = collection.info.width, collection.info.height
    if len(values) == 4:
        x, y, wide, high = values
        left, top = (x - wide / 2) * width, (y - high / 2) * height
        corners = (left, top, left + wide * width, top + high * height)
        collection.add_box(*target, corners=corners)
        return
    points = np.array(values).reshape(-1, 2) * np.array([width, height])
    collection.add_shape(*target, geometry=Rings((points,), where))


def _class_names(path: Path) -> dict[int, str]:
    """Return the names in data.yaml: a list in brackets, or one name a line.

    Only these two ways of writing are understood; other files give no names.
    """
    file = next((f for f in (path / "data.yaml", path.parent / "data.yaml") if f.is_file()), None)
    if file is None:
        return {}
    text = read_text(file)
    start = re.search(r"^names:[ \t]*(.*)$", text, flags=re.MULTILINE)
    if start is None:
        return {}
    if start[1].startswith("["):
        listed = start[1].partition("]")[0][1:].split(",")
        return dict(enumerate(_unquoted(part) for part in listed[:MAX_OBJECT_ID]))
    names: dict[int, str] = {}
    for line in text[start.end() :].splitlines()[1:]:
        entry = _ENTRY.match(line)
        if entry is None:
            break
        place = len(names) if entry[1] is None else int(entry[1])
        names[place] = _unquoted(entry[2] if entry[1] is not None else entry[3])
    return names


def _unlabelled(path: Path) -> str:
    """Return what data.yaml says of files without a line: ours call them absent."""
    file = next((f for f in (path / "data.yaml", path.parent / "data.yaml") if f.is_file()), None)
    said = file is not None and re.search(r"^unlabelled: absent\s*$", read_text(file), re.MULTILINE)
    return ABSENT if said else OPEN


def _unquoted(text: str) -> str:
    text = text.strip()
    if len(text) >= 2 and text[0] == text[-1] == '"':
        try:
            return str(json.loads(text))[:200]
        except (ValueError, RecursionError):
            return text[1:-1][:200]
    return text.strip("'")[:200]
