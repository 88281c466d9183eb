"""Masks alone: palette PNG in one folder, as `vosapp propagate` writes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from core.media.export import losses
from core.media.export.base import refuse_large_ids, without_void
from core.media.export.leftovers import FrameFolder
from core.media.export.sequence import PutFrame, SequenceExport, Task
from core.media.label_map import encode_label_map

if TYPE_CHECKING:
    from core.jobs import CancelToken
    from core.media.annotations.values import AnnotationSource
    from core.types import LabelMap


@dataclass(frozen=True, slots=True)
class PlainMasks(SequenceExport):
    """OUT/SEQUENCE/00000.png, palette PNG; frames keep the names of an image folder.

    Attributes:
        void: keep 255; readers of results refuse it.
    """

    name: ClassVar[str] = "masks"
    title: ClassVar[str] = "Masks (palette PNG)"
    own_folder: ClassVar[bool] = True
    void: bool = False

    def _lost(
        self, source: AnnotationSource, found: losses.Survey, _token: CancelToken | None
    ) -> Iterable[str]:
        yield from losses.palette_lost(source, found, void=self.void)

    def _frame_folders(self, _source: AnnotationSource, sequence: str) -> Iterable[FrameFolder]:
        return (FrameFolder((sequence,), ".png"),)

    @contextmanager
    def _open(self, task: Task) -> Iterator[PutFrame]:
        refuse_large_ids(task.source, self.title)

        def put(index: int, label_map: LabelMap) -> None:
            shown = label_map if self.void else without_void(label_map)
            place = (task.sequence, f"{task.source.stem(index)}.png")
            task.folder.write(place, encode_label_map(shown))

        yield put
