"""YOLO: one text file a frame; outlines or boxes in shares of the picture's size."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.data.importing.choosing import only_or_own
from core.data.importing.collect import Collection, Label
from core.data.importing.matching import folder_names, match_names
from core.data.importing.reading import list_files, list_folders, read_lines, read_text
from core.data.importing.shapes import Rings
from core.data.importing.yolo_lines import Extras, YoloLine, find_extras
from core.data.importing.yolo_names import class_names, point_numbers
from core.errors import AnnotationReadError
from core.jobs import CancelToken, Progress
from core.media.annotations.options import ABSENT, AS_USUAL, OPEN, ImportOptions
from core.types import VideoInfo

if TYPE_CHECKING:
    from core.jobs import Job
    from core.media.annotations.values import ImportedAnnotations

_NOT_LABELS = {"classes.txt", "labels.txt", "train.txt", "val.txt", "test.txt"}
_NOT_LABELS |= {"valid.txt", "validation.txt", "notes.txt", "readme.txt", "readme.roboflow.txt"}
_NOT_LABELS |= {"readme.dataset.txt", "obj.names.txt"}
_LOOKED_AT = 5
_MAX_FOLDERS = 1000
_DEPTH = 5
_LINE = 4096
_NUMBER = re.compile(r"[-+]?\d*\.?\d+(?:[eE][-+]?\d+)?")


def read_yolo(
    path: Path,
    info: VideoInfo,
    *,
    mapping: Mapping[str, int] | None = None,
    token: CancelToken | None = None,
    options: ImportOptions = AS_USUAL,
) -> Job[ImportedAnnotations]:
    """Read lines `class x y x y ...` (outlines) and `class x y width height` (boxes).

    Key points, confidence and the id of a track may follow, see `find_extras`; a track is then an
    object. Else a class that is on a frame once is one; further ones are `car #2`, `car #3`, in
    order. A line that makes no sense is left out and named.

    Args:
        path: folder of the text files, or the root of a dataset as CVAT, Ultralytics, Roboflow
            or Label Studio write it, with names in data.yaml, obj.names, classes.txt or notes.json.
        info: the video that they belong to.
        mapping: label -> object id; None takes the proposal, see `ImportedAnnotations.mapping`.
        token: cancels the job.
        options: what the user says of the files.

    Raises:
        AnnotationReadError: no such files, or a line that makes no sense.
        MaskMismatch: names that are no frames of the video.
    """
    folder = _find_folder(path, info)
    files = _label_files(folder)
    names = class_names(path, folder)
    counted = _counted(files, info, options)
    frames, rule = match_names([file.name for file in files], info, counted)
    collection = Collection(info, [rule], options, _unlabelled(path))
    if counted is not options:
        collection.notes.append("VIDEO_1, VIDEO_2, ... are the names of yolo, which counts from 1.")
    lines: list[YoloLine] = []
    for done, file in enumerate(files):
        if token is not None:
            token.check()
        yield Progress(done, len(files), f"reading {file.name}")
        collection.add_frame(frames[file.name])
        lines += _read_file(file, frames[file.name])
    points = point_numbers(path, folder)
    extras = find_extras([line.cells for line in lines], points=points)
    if extras.told:
        collection.notes.append(extras.told)
    for place, name in () if extras.has_tracks else names.items():
        collection.add_label(_label(place, name, 1))
    _add_all(collection, lines, extras, names)
    return collection.assemble(mapping, token)


def _counted(files: list[Path], info: VideoInfo, options: ImportOptions) -> ImportOptions:
    """Return how frames are counted: from 1 where `yolo` named the files after the video."""
    pattern = re.compile(rf"{re.escape(info.name)}_[1-9]\d*")
    is_named = all(pattern.fullmatch(file.stem) for file in files)
    if options.first_frame is None and is_named and not info.stems:
        return replace(options, first_frame=1)
    return options


def _find_folder(path: Path, info: VideoInfo) -> Path:
    """Return the folder of the labels: itself, or one below a root as tools write it.

    Raises:
        AnnotationReadError: there is none, or several of which none has the video's name.
    """
    if not path.is_dir():
        raise AnnotationReadError(f"There is no folder {path}.", "Check the path.")
    roots = (path / "labels", path / "obj_train_data", path)
    named = [root / name for name in folder_names(info) for root in roots]
    for folder in (*named, *roots):
        if folder.is_dir() and _label_files(folder):
            return folder
    found = list(dict.fromkeys(_below(path)))
    return only_or_own(found, path, info, of="labels")


def _below(path: Path) -> Iterator[Path]:
    """Yield the folders with labels below a root, as tools make them: labels/train, valid/labels.

    Only the first folders are looked into, and not far down: the root may be anything.
    """
    level, looked = [path], 0
    for _ in range(_DEPTH):
        below: list[Path] = []
        for folder in level:
            looked += 1
            if looked > _MAX_FOLDERS:
                return
            below += _folders(folder)
            if folder != path and any(map(_looks_like_labels, _label_files(folder)[:_LOOKED_AT])):
                yield folder
        level = below


def _folders(folder: Path) -> list[Path]:
    return [below for below in list_folders(folder) if not below.is_symlink()]


def _looks_like_labels(file: Path) -> bool:
    """Whether a text file starts with numbers only, as labels do; empty ones may be labels."""
    with suppress(OSError, UnicodeDecodeError), file.open(encoding="utf-8-sig") as text:
        words = text.readline(_LINE).split()
        return not words or (len(words) > 4 and all(_NUMBER.fullmatch(word) for word in words[:5]))
    return False


def _label_files(folder: Path) -> list[Path]:
    return [f for f in list_files(folder, ".txt") if f.name.lower() not in _NOT_LABELS]


def _label(place: int, name: str, count: int) -> Label:
    text = name or f"class {place}"
    number = re.fullmatch(r"object (\d{1,3})", text)
    wanted = int(number[1]) if number and count == 1 else None
    text = text if count == 1 else f"{text} #{count}"
    return Label(text, wanted, "" if wanted else text, name)


def _read_file(file: Path, index: int) -> Iterator[YoloLine]:
    for number, text in enumerate(read_lines(file), 1):
        cells = tuple(text.split())
        if cells:
            yield YoloLine(index, f"{file}, line {number}", cells)


def _add_all(
    collection: Collection, lines: list[YoloLine], extras: Extras, names: Mapping[int, str]
) -> None:
    seen: dict[tuple[int, int], int] = {}
    for line in lines:
        label = ""
        try:
            place, values, track = line.parse(extras)
            if track is None:
                count = seen[line.frame, place] = seen.get((line.frame, place), 0) + 1
                made = _label(place, names.get(place, ""), count)
            else:
                name = names.get(place, "")
                made = Label(f"track {track}", track or None, name, name)
            label = collection.add_label(made)
            _add(collection, (line.frame, label), values, line.where)
        except AnnotationReadError as error:
            collection.leave_out(error, line.frame, label)


def _add(collection: Collection, target: tuple[int, str], values: list[float], where: str) -> None:
    width, height = collection.info.width, collection.info.height
    if len(values) == 4:
        x, y, wide, high = values
        if wide < 0 or high < 0:
            raise AnnotationReadError(f"{where}: the box has a negative size.")
        left, top = (x - wide / 2) * width, (y - high / 2) * height
        corners = (left, top, left + wide * width, top + high * height)
        collection.add_box(*target, corners=corners)
        return
    points = np.array(values).reshape(-1, 2) * np.array([width, height])
    collection.add_shape(*target, geometry=Rings((points,), where))


def _unlabelled(path: Path) -> str:
    """Return what data.yaml says of files without a line: ours call them absent."""
    file = next((f for f in (path / "data.yaml", path.parent / "data.yaml") if f.is_file()), None)
    said = file is not None and re.search(r"^unlabelled: absent\s*$", read_text(file), re.MULTILINE)
    return ABSENT if said else OPEN
