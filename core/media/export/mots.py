"""MOTS: 16-bit PNG with class * 1000 + instance, or one text file of run lengths."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from core.media.annotations.rle import encode_coco
from core.media.export import losses
from core.media.export.base import ids_in, mask_of
from core.media.export.categories import Catalog
from core.media.export.leftovers import FrameFolder
from core.media.export.pictures import encode_gray_png
from core.media.export.sequence import PutFrame, SequenceExport, Task
from core.types import VOID

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.jobs import CancelToken
    from core.media.annotations.values import AnnotationSource
    from core.types import LabelMap

INSTANCES = 1000
"""Values of one class: class * 1000 + instance."""
IGNORE = 10_000
"""Value of pixels that carry no statement; void here."""


@dataclass(frozen=True, slots=True)
class MotsPng(SequenceExport):
    """OUT/instances/SEQUENCE/00000.png, and OUT/instances/SEQUENCE/labels.txt with the classes."""

    name: ClassVar[str] = "mots-png"
    title: ClassVar[str] = "MOTS (16-bit PNG)"

    def _lost(
        self, source: AnnotationSource, found: losses.Survey, _token: CancelToken | None
    ) -> Iterable[str]:
        yield from losses.names_lost(source, categories=False)
        yield from losses.colors_lost(source, palette=False)
        yield from losses.unseen_lost(source, found)
        yield from losses.missing_frames(found)

    def _frame_folders(self, _source: AnnotationSource, sequence: str) -> Iterable[FrameFolder]:
        return (FrameFolder(("instances", sequence), ".png"),)

    @contextmanager
    def _open(self, task: Task) -> Iterator[PutFrame]:
        catalog = Catalog(task.source)
        place = ("instances", task.sequence)

        def put(index: int, label_map: LabelMap) -> None:
            png = encode_gray_png(_values(label_map, catalog))
            task.folder.write((*place, f"{task.source.stem(index)}.png"), png)

        yield put
        labels = "".join(f"{name}\n" for name in catalog.names)
        task.folder.write_text((*place, "labels.txt"), labels)


@dataclass(frozen=True, slots=True)
class MotsTxt(SequenceExport):
    """OUT/SEQUENCE.txt with lines `frame id class height width counts`.

    Attributes:
        first_frame: number of the first frame: 0 as in KITTI, 1 as in MOTSChallenge.
    """

    name: ClassVar[str] = "mots-txt"
    title: ClassVar[str] = "MOTS (text)"
    first_frame: int = 0

    def _lost(
        self, source: AnnotationSource, found: losses.Survey, _token: CancelToken | None
    ) -> Iterable[str]:
        void = set(found.void)
        found.empty = [index for index in found.empty if index not in void]
        yield from losses.names_lost(source)
        yield from losses.colors_lost(source, palette=False)
        yield from losses.unseen_lost(source, found)
        yield from losses.empty_as_missing(found)
        yield from losses.missing_frames(found)

    @contextmanager
    def _open(self, task: Task) -> Iterator[PutFrame]:
        catalog = Catalog(task.source)
        lines: list[str] = []

        def put(index: int, label_map: LabelMap) -> None:
            for object_id in ids_in(label_map):
                kind = catalog.number(object_id)
                value = kind * INSTANCES + object_id
                lines.append(self._line(index, mask_of(label_map, object_id), (value, kind)))
            if np.any(void := mask_of(label_map, VOID)):
                lines.append(self._line(index, void, (IGNORE, IGNORE // INSTANCES)))

        yield put
        text = "".join(f"{line}\n" for line in lines)
        task.folder.write_text((f"{task.sequence}.txt",), text)

    def _line(self, index: int, mask: NDArray[np.bool_], ids: tuple[int, int]) -> str:
        height, width = mask.shape
        number = index + self.first_frame
        return f"{number} {ids[0]} {ids[1]} {height} {width} {encode_coco(mask)}"


def _values(label_map: LabelMap, catalog: Catalog) -> NDArray[np.uint16]:
    table = np.zeros(256, np.uint16)
    for object_id in ids_in(label_map):
        table[object_id] = catalog.number(object_id) * INSTANCES + object_id
    table[VOID] = IGNORE
    return table[label_map]
