"""Results as one zip file, as the evaluation servers of DAVIS and YouTube-VOS want them."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.media.export import losses
from core.media.export.base import refuse_large_ids, without_void
from core.media.export.sequence import PutFrame, SequenceExport, Task
from core.media.label_map import encode_label_map

if TYPE_CHECKING:
    from core.jobs import CancelToken
    from core.media.annotations.values import AnnotationSource
    from core.types import LabelMap


@dataclass(frozen=True, slots=True)
class ResultsZip(SequenceExport):
    """OUT/SEQUENCE.zip with palette PNG. One that was not finished is written anew.

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

    def _lost(
        self, source: AnnotationSource, found: losses.Survey, _token: CancelToken | None
    ) -> Iterable[str]:
        yield from losses.palette_lost(source, found)

    @contextmanager
    def _open(self, task: Task) -> Iterator[PutFrame]:
        refuse_large_ids(task.source, self.title)
        inside = f"{self.folder}/{task.sequence}" if self.folder else task.sequence
        with (
            task.folder.stream((f"{task.sequence}.zip",)) as path,
            zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive,
        ):

            def put(index: int, label_map: LabelMap) -> None:
                # A fixed date: the same results always give the same bytes.
                name = f"{inside}/{task.source.stem(index)}.png"
                entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
                archive.writestr(entry, encode_label_map(without_void(label_map)))

            yield put
