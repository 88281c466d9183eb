"""MOTS: 16-bit PNG with class * 1000 + instance, or one text file of run lengths."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from core.data.importing.coco import check_size
from core.data.importing.collect import (
    MAX_SHAPES,
    NO_FRAME,
    VOID_LABEL,
    Collection,
    Label,
    checked_mapping,
    object_infos,
    propose_ids,
    require_room,
)
from core.data.importing.matching import folder_names, match_names, match_numbers
from core.data.importing.reading import list_files, read_lines
from core.data.importing.roots import MOTS_TXT, file_in
from core.data.importing.shapes import CocoRuns
from core.errors import AnnotationReadError
from core.jobs import CancelToken, Progress
from core.media.annotations.options import AS_USUAL, ImportOptions, settle_empty
from core.media.annotations.values import ImportedAnnotations
from core.media.image_file import IMAGE_ERRORS, ImageTooLarge, open_image
from core.types import MAX_OBJECT_ID, VOID, Keyframe, VideoInfo

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.jobs import Job

_INSTANCES = 1000
_IGNORE = 10_000
_MAX_VALUE = 65_535
_CHECK_EVERY = 256
_MAX_LABELS = 20_000


def read_mots_png(
    path: Path,
    info: VideoInfo,
    *,
    mapping: Mapping[str, int] | None = None,
    token: CancelToken | None = None,
    options: ImportOptions = AS_USUAL,
) -> Job[ImportedAnnotations]:
    """Read a folder of 16-bit PNG, with labels.txt beside them where the classes have names.

    The value 10000 is void. Files are read twice: for the ids, and when keyframes are asked for.

    Args:
        path: folder of the PNG files, or one above it with a folder of the video's name.
        info: the video that they belong to.
        mapping: label -> object id; None takes the proposal, see `ImportedAnnotations.mapping`.
        token: cancels the job.
        options: what the user says of the files.

    Raises:
        AnnotationReadError: no such files, or damaged ones.
        MaskMismatch: another size than the video, or names that are no frames of it.
    """
    folder = _find_folder(path, info)
    files = list_files(folder, ".png")
    if not files:
        raise AnnotationReadError(f"The folder {folder} holds no PNG files.", "Check the path.")
    names, rule = match_names([file.name for file in files], info, options)
    values: dict[int, None] = {}
    empty: list[int] = []
    for done, file in enumerate(files):
        if token is not None:
            token.check()
        yield Progress(done, len(files), f"reading {file.name}")
        shown = np.unique(_read_values(file, info)).tolist()
        values |= dict.fromkeys(shown)
        if shown == [0]:
            empty.append(names[file.name])
        if len(values) > _MAX_LABELS:
            raise AnnotationReadError(f"{folder} has too many values: are these masks?")
    labels = _labels(sorted(set(values) - {0, _IGNORE}), _class_names(folder))
    notes = [rule]
    ids = propose_ids(tuple(labels.values()), notes)
    if mapping is not None:
        ids = checked_mapping(mapping, ids, notes)
    table = np.zeros(_MAX_VALUE + 1, np.uint8)
    for value, label in labels.items():
        table[value] = ids[label.text]
    table[_IGNORE] = VOID
    frames = {names[file.name]: file for file in files}
    notes += settle_empty(frames, empty, options)
    lazy = _LazyMaps(info, dict(sorted(frames.items())), table)
    return ImportedAnnotations(
        objects=object_infos(tuple(labels.values()), ids),
        frames=tuple(sorted(frames)),
        keyframes=lazy.keyframes,
        notes=tuple(notes),
        mapping=MappingProxyType(ids),
    )


def read_mots_txt(
    path: Path,
    info: VideoInfo,
    *,
    mapping: Mapping[str, int] | None = None,
    token: CancelToken | None = None,
    options: ImportOptions = AS_USUAL,
) -> Job[ImportedAnnotations]:
    """Read lines `frame id class height width counts`; class 10 is void.

    Frames are counted from 0; from 1 where that fits the video and 0 does not.

    Args:
        path: the text file, or the folder that it is in.
        info: the video that it belongs to.
        mapping: label -> object id; None takes the proposal, see `ImportedAnnotations.mapping`.
        token: cancels the job.
        options: what the user says of the files.

    Raises:
        AnnotationReadError: no such file, or no line of it makes sense; single ones that do not are
            left out and told.
        MaskMismatch: another size than the video, or frames that it does not have.
    """
    path = file_in(path, info, MOTS_TXT)
    lines = read_lines(path)
    collection = Collection(info, options=options)
    read: list[tuple[int, int, CocoRuns]] = []
    wrong: list[AnnotationReadError] = []
    for number, line in enumerate(lines, 1):
        if number % _CHECK_EVERY == 1:
            if token is not None:
                token.check()
            yield Progress(number, len(lines), f"reading {path.name}")
        if not line.strip():
            continue
        try:
            read.append(_parse(line, f"{path}, line {number}", info))
        except AnnotationReadError as error:
            wrong.append(error)
        require_room(len(read), most=MAX_SHAPES, what="shapes")
    if wrong and not read:
        raise wrong[0]
    for told in wrong:
        collection.leave_out(told, NO_FRAME)
    offset, rule = match_numbers({frame for frame, _, _ in read}, info, first=0, options=options)
    collection.notes.append(rule)
    labels = _labels(sorted({value for _, value, _ in read} - {_IGNORE}), ())
    for frame, value, runs in read:
        text = VOID_LABEL if value == _IGNORE else collection.add_label(labels[value])
        try:
            runs.check(info.height, info.width)
            collection.add_shape(frame - offset, text, geometry=runs)
        except AnnotationReadError as error:
            collection.leave_out(error, frame - offset, text)
    return collection.assemble(mapping, token)


@dataclass(frozen=True, slots=True)
class _LazyMaps:
    """Reads the files as keyframes, one at a time."""

    info: VideoInfo
    files: dict[int, Path]
    table: NDArray[np.uint8]

    def keyframes(self) -> Iterator[Keyframe]:
        seen: set[int] = set()
        for index, file in self.files.items():
            label_map = self.table[_read_values(file, self.info)]
            label_map.flags.writeable = False
            seen |= {i for i in np.unique(label_map).tolist() if 0 < i <= MAX_OBJECT_ID}
            yield Keyframe(index, tuple(sorted(seen)), label_map)


def _find_folder(path: Path, info: VideoInfo) -> Path:
    if not path.is_dir():
        raise AnnotationReadError(f"There is no folder {path}.", "Check the path.")
    named = [root / name for name in folder_names(info) for root in (path / "instances", path)]
    return next((folder for folder in (*named, path / "instances", path) if _has_png(folder)), path)


def _has_png(folder: Path) -> bool:
    return folder.is_dir() and bool(list_files(folder, ".png"))


def _read_values(file: Path, info: VideoInfo) -> NDArray[np.int64]:
    try:
        with open_image(file) as image:
            if image.mode not in ("I", "I;16", "I;16B", "L"):
                raise AnnotationReadError(f"{file} is no gray PNG of 16 bits, but {image.mode}.")
            check_size(*image.size, info, f"The mask {file}")
            values = np.asarray(image).astype(np.int64)
    except ImageTooLarge as error:
        raise AnnotationReadError(f"{file} claims to be too large: {error}.") from error
    except IMAGE_ERRORS as error:
        raise AnnotationReadError(f"{file} cannot be read: {error}.") from error
    if values.min(initial=0) < 0 or values.max(initial=0) > _MAX_VALUE:
        raise AnnotationReadError(f"{file} holds values outside 0..{_MAX_VALUE}.")
    return values


def _class_names(folder: Path) -> tuple[str, ...]:
    path = next(
        (p for p in (folder / "labels.txt", folder.parent / "labels.txt") if p.is_file()), None
    )
    return () if path is None else tuple(line.strip()[:200] for line in read_lines(path))


def _labels(values: list[int], classes: tuple[str, ...]) -> dict[int, Label]:
    """Return the label of each value; ids of their own where instances differ over all classes."""
    labels = {}
    for value in values:
        kind, instance = divmod(value, _INSTANCES)
        category = classes[kind - 1] if 0 < kind <= len(classes) else ""
        labels[value] = Label(f"class {kind} instance {instance}", instance, "", category)
    return labels


def _parse(line: str, where: str, info: VideoInfo) -> tuple[int, int, CocoRuns]:
    parts = line.split()
    try:
        if len(parts) != 6 or max(map(len, parts[:5])) > 9:
            raise ValueError("it has no six parts")
        frame, value, kind, height, width = (int(part) for part in parts[:5])
        if not 0 < value <= _MAX_VALUE or value // _INSTANCES != kind or frame < 0:
            raise ValueError("the id does not fit the class")
    except ValueError as error:
        raise AnnotationReadError(
            f"{where} is no MOTS line: {error}.", "It reads: frame id class height width counts."
        ) from error
    check_size(width, height, info, f"The mask in {where}")
    return frame, value, CocoRuns(parts[5], where)
