"""Results as one zip file, as the evaluation servers of DAVIS and YouTube-VOS want them."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.media.export import losses
from core.media.export.base import (
    ExportReport,
    Folder,
    refuse_large_ids,
    sequence_name,
    steps,
    without_void,
)
from core.media.label_map import encode_label_map

if TYPE_CHECKING:
    from core.jobs import CancelToken
    from core.media.annotations.values import AnnotationSource, Job


@dataclass(frozen=True, slots=True)
class ResultsZip:
    """OUT/SEQUENCE.zip with palette PNG.

    Attributes:
        folder: folder inside the zip that holds the sequences: none for DAVIS, `Annotations` for
            YouTube-VOS.
    """

    folder: str = ""

    @property
    def name(self) -> str:
        """Short name for commands."""
        return "youtube-vos-zip" if self.folder else "davis-zip"

    @property
    def title(self) -> str:
        """Name for people."""
        return f"{'YouTube-VOS' if self.folder else 'DAVIS'} results (zip)"

    def announce_losses(
        self, source: AnnotationSource, *, token: CancelToken | None = None
    ) -> tuple[str, ...]:
        """See `core.media.export.base.Exporter`."""
        found = losses.survey(source, token=token)
        return (
            *losses.names_lost(source),
            *losses.colors_lost(source),
            *losses.void_lost(found),
            *losses.unseen_lost(source, found),
            *losses.missing_frames(found),
        )

    def export(
        self, source: AnnotationSource, out: Path, *, token: CancelToken | None = None
    ) -> Job[ExportReport]:
        """See `core.media.export.base.Exporter`. A zip that was not finished starts anew."""
        refuse_large_ids(source, self.title)
        report = ExportReport()
        sequence = sequence_name(source)
        inside = f"{self.folder}/{sequence}" if self.folder else sequence
        with (
            Folder(out, report).stream((f"{sequence}.zip",)) as path,
            zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive,
        ):
            for index, label_map, progress in steps(source, report, token=token):
                # A fixed date: the same results always give the same bytes.
                entry = zipfile.ZipInfo(f"{inside}/{source.stem(index)}.png", (1980, 1, 1, 0, 0, 0))
                archive.writestr(entry, encode_label_map(without_void(label_map)))
                yield progress
        return report
