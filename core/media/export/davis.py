"""DAVIS: palette PNG for 2017, black and white for 2016, with frames and lists of sequences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from core.errors import OutputError
from core.media.export import losses
from core.media.export.base import refuse_large_ids, without_void
from core.media.export.leftovers import FrameFolder
from core.media.export.pictures import (
    davis_size,
    encode_gray_png,
    frame_jpeg,
)
from core.media.export.sequence import PutFrame, SequenceExport, Task
from core.media.input_file import read_input_text
from core.media.label_map import encode_label_map, resize_label_map
from core.types import VOID

if TYPE_CHECKING:
    from core.jobs import CancelToken
    from core.media.annotations.values import AnnotationSource
    from core.types import LabelMap

_RESOLUTION = "480p"
MAX_LIST_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Davis2017(SequenceExport):
    """OUT/Annotations/480p/SEQUENCE/00000.png, with JPEGImages and ImageSets beside it.

    Frames keep the names of an image folder. The folder is called 480p whatever the size, since
    readers look there.

    Attributes:
        resize_480p: resize to 480 lines, masks by the nearest pixel.
        images: write the frames as well.
        void: keep 255; readers of results refuse it.
        unsupervised: write to `Annotations_unsupervised`.
        split: list of ImageSets/2017 that gets the sequence's name.
    """

    name: ClassVar[str] = "davis2017"
    title: ClassVar[str] = "DAVIS 2017"
    resize_480p: bool = False
    images: bool = True
    void: bool = False
    unsupervised: bool = False
    split: str = "val"

    def _lost(
        self, source: AnnotationSource, found: losses.Survey, _token: CancelToken | None
    ) -> Iterable[str]:
        yield from _resizing(source, self._size(source))
        yield from losses.palette_lost(source, found, void=self.void)

    def _frame_folders(self, _source: AnnotationSource, sequence: str) -> Iterable[FrameFolder]:
        tree = "Annotations_unsupervised" if self.unsupervised else "Annotations"
        return _tree_folders(tree, sequence, images=self.images)

    @contextmanager
    def _open(self, task: Task) -> Iterator[PutFrame]:
        refuse_large_ids(task.source, self.title)
        tree = "Annotations_unsupervised" if self.unsupervised else "Annotations"
        writer = _TreeWriter(task, size=self._size(task.source), images=self.images)

        def put(index: int, label_map: LabelMap) -> None:
            shown = label_map if self.void else without_void(label_map)
            writer.write(tree, index, encode_label_map(writer.resized(shown)))

        yield put
        writer.list_sequence("2017", self.split)

    def _size(self, source: AnnotationSource) -> tuple[int, int] | None:
        own = (source.video.width, source.video.height)
        wanted = davis_size(*own)
        return wanted if self.resize_480p and wanted != own else None


@dataclass(frozen=True, slots=True)
class Davis2016(SequenceExport):
    """The DAVIS tree with one object: 0 and 255 in 8-bit gray, all objects in one mask.

    Attributes:
        images: write the frames as well.
        split: list of ImageSets/2016 that gets the sequence's name.
    """

    name: ClassVar[str] = "davis2016"
    title: ClassVar[str] = "DAVIS 2016"
    images: bool = True
    split: str = "val"

    def _lost(
        self, source: AnnotationSource, found: losses.Survey, _token: CancelToken | None
    ) -> Iterable[str]:
        count = len(found.frames_of)
        merged = [f"{count} objects become one, called 1."] if count > 1 else []
        if count == 1 and 1 not in found.frames_of:
            merged = [f"Object {next(iter(found.frames_of))} becomes object 1."]
        yield from merged
        yield from losses.names_lost(source)
        yield from losses.colors_lost(source, palette=False)
        yield from losses.void_lost(found)
        yield from losses.unseen_lost(source, found)
        yield from losses.missing_frames(found)

    def _frame_folders(self, _source: AnnotationSource, sequence: str) -> Iterable[FrameFolder]:
        return _tree_folders("Annotations", sequence, images=self.images)

    @contextmanager
    def _open(self, task: Task) -> Iterator[PutFrame]:
        writer = _TreeWriter(task, size=None, images=self.images)

        def put(index: int, label_map: LabelMap) -> None:
            inside = (label_map > 0) & (label_map != VOID)
            writer.write("Annotations", index, encode_gray_png(np.uint8(255) * inside))

        yield put
        writer.list_sequence("2016", self.split)


def _tree_folders(tree: str, sequence: str, *, images: bool) -> list[FrameFolder]:
    masks = FrameFolder((tree, _RESOLUTION, sequence), ".png")
    frames = FrameFolder(("JPEGImages", _RESOLUTION, sequence), ".jpg")
    return [masks, frames] if images else [masks]


class _TreeWriter:
    """Writes masks and frames of one sequence into a DAVIS tree."""

    def __init__(self, task: Task, *, size: tuple[int, int] | None, images: bool) -> None:
        self._source = task.source
        self._folder = task.folder
        self._sequence = task.sequence
        self._size = size
        self._images = images

    def resized(self, label_map: LabelMap) -> LabelMap:
        return label_map if self._size is None else resize_label_map(label_map, self._size)

    def write(self, tree: str, index: int, png: bytes) -> None:
        """Write one mask, and its frame before it: a mask on disk means that both are there."""
        stem = self._source.stem(index)
        if self._images:
            jpeg = frame_jpeg(self._source, index, size=self._size)
            self._folder.write(("JPEGImages", _RESOLUTION, self._sequence, f"{stem}.jpg"), jpeg)
        self._folder.write((tree, _RESOLUTION, self._sequence, f"{stem}.png"), png)

    def list_sequence(self, year: str, split: str) -> None:
        """Add the sequence to a list of ImageSets, behind those that are there already."""
        place = ("ImageSets", year, f"{split}.txt")
        path = self._folder.path(place)
        try:
            there = read_input_text(path, limit=MAX_LIST_BYTES) if path.exists() else ""
        except (OSError, UnicodeDecodeError) as error:
            raise OutputError(f"{path} is there already and cannot be read: {error}.") from error
        lines = there.splitlines()
        if self._sequence not in lines:
            lines.append(self._sequence)
        self._folder.write_text(place, "".join(f"{line}\n" for line in lines))


def _resizing(source: AnnotationSource, size: tuple[int, int] | None) -> list[str]:
    if size is None:
        return []
    own = f"{source.video.width} x {source.video.height}"
    return [f"Masks are resized from {own} to {size[0]} x {size[1]} pixels."]
