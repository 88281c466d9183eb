"""What all exporters share: the protocol, the report, and files that are whole or not there."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from core.errors import OutputError
from core.jobs import CancelToken
from core.media.atomic import write_atomic
from core.media.input_file import read_input
from core.media.scratch import remove_leftovers, scratch_file
from core.types import MAX_OBJECT_ID, VOID

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.jobs import Job
    from core.media.annotations.values import AnnotationSource, ObjectInfo
    from core.types import LabelMap, VideoInfo

_RESERVED = frozenset(
    {"con", "prn", "aux", "nul", *(f"{kind}{n}" for kind in ("com", "lpt") for n in range(1, 10))}
)
_FORBIDDEN = re.compile(r'[\x00-\x1f<>:"/\\|?*]')
_HIDDEN = re.compile("[\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Controls, turned reading directions, and bytes of file names that are no text."""
_MAX_NAME = 100
_HINT = "Choose a folder that you may write to, on a disk with free space."


@dataclass(slots=True)
class ExportReport:
    """What an export did.

    Attributes:
        written: files that were written.
        unchanged: files that were there already with the same content.
        removed: files of an earlier export that were in the way.
        missing: frames without a label map; nothing was written for them, not even zeros.
    """

    written: int = 0
    unchanged: int = 0
    removed: int = 0
    missing: list[int] = field(default_factory=list)


class Exporter(Protocol):
    """One format with its options; a frozen dataclass, so that options are changed by `replace`."""

    @property
    def name(self) -> str:
        """Short name for commands: `davis2017`."""

    @property
    def title(self) -> str:
        """Name for people."""

    @property
    def own_folder(self) -> bool:
        """Its files lie in OUT/SEQUENCE, not below a folder that the format names."""

    @property
    def shows_frames(self) -> bool:
        """The pictures of the video are part of it, whatever its options."""

    def announce_losses(
        self, source: AnnotationSource, *, token: CancelToken | None = None
    ) -> tuple[str, ...]:
        """Say exactly what of this source the format cannot hold; looks at every frame.

        Raises:
            Cancelled: the token was cancelled.
        """

    def leftovers(
        self, source: AnnotationSource, out: Path, written: Iterable[int]
    ) -> tuple[Path, ...]:
        """Return files of an earlier export of the format that this one would not replace.

        Args:
            source: what is exported.
            out: the folder it goes to.
            written: the frames that have a label map.

        Raises:
            OutputError: a folder cannot be listed.
        """

    def export(
        self, source: AnnotationSource, out: Path, *, token: CancelToken | None = None
    ) -> Job[ExportReport]:
        """Write the source below the folder `out`, one step a frame.

        Started again after a stop it goes on: files of a folder that are there with the same
        content stay. What is one file (a video, a zip, JSON, XML, text) appears when it is whole
        and is written anew.

        Raises:
            OutputError: a file cannot be written, or the format cannot hold the source at all.
            Cancelled: the token was cancelled; whole files stay.
        """


class Folder:
    """Writes files below one folder and nowhere else.

    What exports that were killed have left in the folders that it comes to is removed.

    Args:
        root: the folder; made when the first file is written.
        report: counts what is written.
    """

    def __init__(self, root: Path, report: ExportReport) -> None:
        self.root = root
        self._report = report
        self._swept: set[Path] = set()

    def write(self, place: tuple[str, ...], data: bytes) -> None:
        """Write a file, whole or not at all; one that holds the same already is left alone.

        Args:
            place: folder names and file name below the root.
            data: its content.

        Raises:
            OutputError: it cannot be written, or a name leads out of the folder.
        """
        path = self.path(place)
        if _holds(path, data):
            self._report.unchanged += 1
            return
        write_atomic(path, data)
        self._report.written += 1

    def write_text(self, place: tuple[str, ...], text: str) -> None:
        """Write a text file in UTF-8; see `write`."""
        self.write(place, text.encode("utf-8", errors="replace"))

    def write_json(self, place: tuple[str, ...], value: object) -> None:
        """Write JSON, always in the same way; see `write`."""
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        self.write_text(place, text + "\n")

    @contextmanager
    def stream(self, place: tuple[str, ...]) -> Iterator[Path]:
        """Give a temporary path to write a large file to, and move it into place at the end.

        Raises:
            OutputError: it cannot be written.
        """
        path = self.path(place)
        try:
            with scratch_file(path, suffix=path.suffix) as temporary:
                yield temporary
                temporary.replace(path)
        except OSError as error:
            raise _cannot_write(path, error) from error
        self._report.written += 1

    def path(self, place: tuple[str, ...]) -> Path:
        """Return the path of a file below the root, and make its folder."""
        for name in place:
            if not is_plain_name(name):
                raise OutputError(
                    f"{name!r} cannot be the name of a file or folder.",
                    "Rename the frame, the sequence or the object.",
                )
        path = self.root.joinpath(*place)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _cannot_write(path, error) from error
        if path.parent not in self._swept:
            self._swept.add(path.parent)
            remove_leftovers(path.parent)
        return path


def is_plain_name(name: str) -> bool:
    """Tell whether a name can be that of one file or folder, here and on other systems."""
    return (
        0 < len(name) <= 255
        and not _FORBIDDEN.search(name)
        and name == name.strip(" ")
        and not name.endswith(".")
        and name.partition(".")[0].lower() not in _RESERVED
    )


def file_name_for(text: str, *, fallback: str) -> str:
    """Turn any text into a plain name of at most 100 characters."""
    plain = _HIDDEN.sub("_", _FORBIDDEN.sub("_", text))
    name = plain.strip(" .")[:_MAX_NAME].strip(" .")
    return name if is_plain_name(name) else fallback


def sequence_name(source: AnnotationSource) -> str:
    """Return the name that the video has in datasets; see `dataset_name`."""
    return dataset_name(source.video)


def dataset_name(video: VideoInfo) -> str:
    """Return the name of a video in datasets: one word, since lists are split at blanks."""
    name = (
        video.name if video.name not in ("", ".", "..") else Path(os.path.realpath(video.path)).name
    )
    return file_name_for("_".join(name.split()), fallback="video")


def labeled_frames(
    source: AnnotationSource, *, token: CancelToken | None
) -> Iterator[tuple[int, LabelMap | None]]:
    """Yield each frame of the source with its label map, looking at the token before each.

    Raises:
        Cancelled: the token was cancelled.
        OutputError: a label map has another size than the video.
    """
    size = (source.video.height, source.video.width)
    for index in source.frames:
        if token is not None:
            token.check()
        label_map = source.label_map(index)
        if label_map is not None and label_map.shape != size:
            raise OutputError(
                f"The label map of frame {index} is {label_map.shape[1]} x {label_map.shape[0]}"
                f" pixels, but the video is {size[1]} x {size[0]}.",
                "Import or propagate this frame again.",
            )
        yield index, label_map


def ids_in(label_map: LabelMap) -> tuple[int, ...]:
    """Return the object ids that have a pixel, ascending, without void."""
    present = np.flatnonzero(np.bincount(label_map.ravel(), minlength=256))
    return tuple(int(i) for i in present if 0 < i <= MAX_OBJECT_ID)


def mask_of(label_map: LabelMap, object_id: int) -> NDArray[np.bool_]:
    """Return the H x W mask of one object."""
    return np.equal(label_map, object_id)


def labeled_masks(
    source: AnnotationSource, *, token: CancelToken | None
) -> Iterator[tuple[int, NDArray[np.bool_]]]:
    """Yield the id and mask of each object on each frame that shows it; see `labeled_frames`."""
    for _, label_map in labeled_frames(source, token=token):
        if label_map is not None:
            for object_id in ids_in(label_map):
                yield object_id, mask_of(label_map, object_id)


def without_void(label_map: LabelMap) -> LabelMap:
    """Return the label map with void made background."""
    return np.where(label_map == VOID, np.uint8(0), label_map)


def chosen_objects(source: AnnotationSource, object_ids: tuple[int, ...]) -> tuple[ObjectInfo, ...]:
    """Return the objects of some ids; no ids stand for all.

    Raises:
        OutputError: there is no object of an id.
    """
    known = {info.object_id: info for info in source.objects}
    unknown = sorted(set(object_ids) - known.keys())
    if unknown:
        raise OutputError(
            f"There is no object {unknown[0]} to cut out.",
            f"The objects are {', '.join(str(i) for i in sorted(known)) or 'none'}.",
        )
    return tuple(i for i in source.objects if not object_ids or i.object_id in object_ids)


def refuse_large_ids(source: AnnotationSource, title: str) -> None:
    """Refuse a source with more objects than 8 bits hold.

    Raises:
        OutputError: says which other formats there are.
    """
    largest = max((info.object_id for info in source.objects), default=0)
    if largest > MAX_OBJECT_ID or len(source.objects) > MAX_OBJECT_ID:
        count = len(source.objects)
        raise OutputError(
            f"{title} holds object ids 1 to {MAX_OBJECT_ID}, but there are {count} objects with"
            f" ids up to {largest}.",
            "Export one binary PNG for each object, or MOTS with 16 bits, or COCO.",
        )


def _holds(path: Path, data: bytes) -> bool:
    try:
        return path.stat().st_size == len(data) and read_input(path, limit=len(data)) == data
    except OSError:
        return False


def _cannot_write(path: Path, error: OSError) -> OutputError:
    return OutputError(f"Cannot write {path}: {error.strerror or error}.", _HINT)
