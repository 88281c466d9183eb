"""MOTS: 16-bit PNG with class * 1000 + instance, or one text file of run lengths."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from core.media.annotations.rle import encode_coco
from core.media.export import losses
from core.media.export.base import ExportReport, Folder, ids_in, mask_of, sequence_name, steps
from core.media.export.categories import Catalog
from core.media.export.pictures import encode_gray_png
from core.types import VOID

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.jobs import CancelToken
    from core.media.annotations.values import AnnotationSource, Job
    from core.types import LabelMap

INSTANCES = 1000
"""Values of one class: class * 1000 + instance."""
IGNORE = 10_000
"""Value of pixels that carry no statement; void here."""


@dataclass(frozen=True, slots=True)
class MotsPng:
    """OUT/instances/SEQUENCE/00000.png, and OUT/instances/SEQUENCE/labels.txt with the classes."""

    name: ClassVar[str] = "mots-png"
    title: ClassVar[str] = "MOTS (16-bit PNG)"

    def announce_losses(
        self, source: AnnotationSource, *, token: CancelToken | None = None
    ) -> tuple[str, ...]:
        """See `core.media.export.base.Exporter`."""
        found = losses.survey(source, token=token)
        return (
            *losses.names_lost(source, categories=False),
            *losses.colors_lost(source, palette=False),
            *losses.unseen_lost(source, found),
            *losses.missing_frames(found),
        )

    def export(
        self, source: AnnotationSource, out: Path, *, token: CancelToken | None = None
    ) -> Job[ExportReport]:
        """See `core.media.export.base.Exporter`."""
        report = ExportReport()
        folder = Folder(out, report)
        catalog = Catalog(source)
        place = ("instances", sequence_name(source))
        for index, label_map, progress in steps(source, report, token=token):
            png = encode_gray_png(_values(label_map, catalog))
            folder.write((*place, f"{source.stem(index)}.png"), png)
            yield progress
        folder.write_text((*place, "labels.txt"), "".join(f"{name}\n" for name in catalog.names))
        return report


@dataclass(frozen=True, slots=True)
class MotsTxt:
    """OUT/SEQUENCE.txt with lines `frame id class height width counts`.

    Attributes:
        first_frame: number of the first frame: 0 as in KITTI, 1 as in MOTSChallenge.
    """

    name: ClassVar[str] = "mots-txt"
    title: ClassVar[str] = "MOTS (text)"
    first_frame: int = 0

    def announce_losses(
        self, source: AnnotationSource, *, token: CancelToken | None = None
    ) -> tuple[str, ...]:
        """See `core.media.export.base.Exporter`."""
        found = losses.survey(source, token=token)
        void = set(found.void)
        found.empty = [index for index in found.empty if index not in void]
        return (
            *losses.names_lost(source),
            *losses.colors_lost(source, palette=False),
            *losses.unseen_lost(source, found),
            *losses.empty_as_missing(found),
            *losses.missing_frames(found),
        )

    def export(
        self, source: AnnotationSource, out: Path, *, token: CancelToken | None = None
    ) -> Job[ExportReport]:
        """See `core.media.export.base.Exporter`."""
        report = ExportReport()
        catalog = Catalog(source)
        lines: list[str] = []
        for index, label_map, progress in steps(source, report, token=token):
            for object_id in ids_in(label_map):
                kind = catalog.number(object_id)
                value = kind * INSTANCES + object_id
                lines.append(self._line(index, mask_of(label_map, object_id), (value, kind)))
            if np.any(void := mask_of(label_map, VOID)):
                lines.append(self._line(index, void, (IGNORE, IGNORE // INSTANCES)))
            yield progress
        text = "".join(f"{line}\n" for line in lines)
        Folder(out, report).write_text((f"{sequence_name(source)}.txt",), text)
        return report

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
