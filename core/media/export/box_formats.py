"""What the formats of box labels share, and those that are plain text: CSV and MOTChallenge."""

from __future__ import annotations

import csv
import io
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from core.jobs import CancelToken, Progress
from core.media.export import losses
from core.media.export.base import ExportReport, Folder, sequence_name
from core.media.export.categories import Catalog
from core.media.export.leftovers import FrameFolder, find_leftovers
from core.media.export.sequence import Task

if TYPE_CHECKING:
    from collections.abc import Iterator

    from core.jobs import Job
    from core.media.annotations.values import AnnotationSource, Box

PutBoxes = Callable[[int, tuple["Box", ...]], None]
"""Writes, or keeps for the end, the boxes of one frame."""
CSV_COLUMNS = ("frame", "id", "name", "category", "x", "y", "w", "h", "drawn")
_DIGITS = 6


class BoxExport(ABC):
    """Base of the formats of box labels; masks are not looked at.

    See `core.media.export.base.Exporter` for what it promises. `ExportReport.missing` are frames
    without any box that the format can hold.
    """

    __slots__ = ()
    own_folder: ClassVar[bool] = False
    """Its files lie in OUT/SEQUENCE, not below a folder that the format names."""
    shows_frames: ClassVar[bool] = False
    """The pictures of the video are part of it, whatever its options."""
    unseen: ClassVar[bool] = False
    """The format can say that an object is not visible."""
    tells_drawn: ClassVar[bool] = False
    """The format can say which boxes were interpolated."""

    def announce_losses(
        self, source: AnnotationSource, *, token: CancelToken | None = None
    ) -> tuple[str, ...]:
        """See `core.media.export.base.Exporter`."""
        if token is not None:
            token.check()
        unseen = sum(not box.visible for box in source.boxes)
        between = sum(not box.drawn for box in source.boxes)
        lost = list(self._lost(source))
        if unseen and not self.unseen:
            lost.append(f"Not written: that objects are not visible ({unseen} times).")
        if between and not self.tells_drawn:
            lost.append(f"Not written: which boxes were interpolated ({between}).")
        return tuple(lost)

    def leftovers(
        self, source: AnnotationSource, out: Path, _written: Iterable[int]
    ) -> tuple[Path, ...]:
        """See `core.media.export.base.Exporter`; the frames are those with boxes."""
        frames = {box.frame_index for box in self._boxes(source)}
        return find_leftovers(out, self._frame_folders(sequence_name(source)), source, frames)

    def export(
        self, source: AnnotationSource, out: Path, *, token: CancelToken | None = None
    ) -> Job[ExportReport]:
        """See `core.media.export.base.Exporter`."""
        report = ExportReport()
        task = Task(source, Folder(out, report), sequence_name(source), token)
        by_frame = groupby(self._boxes(source), key=attrgetter("frame_index"))
        boxes = {frame: tuple(group) for frame, group in by_frame}
        report.missing = [index for index in source.frames if index not in boxes]
        with self._open(task) as put:
            for done, (frame, group) in enumerate(boxes.items(), 1):
                if token is not None:
                    token.check()
                put(frame, group)
                yield Progress(done, len(boxes), f"exporting {source.video.name}")
        return report

    def _boxes(self, source: AnnotationSource) -> tuple[Box, ...]:
        """The boxes that are written, by frame."""
        frames = source.frames
        return tuple(
            b for b in source.boxes if b.frame_index in frames and (b.visible or self.unseen)
        )

    def _frame_folders(self, _sequence: str) -> Iterable[FrameFolder]:
        """Return the folders with a file for each frame; a format that is one file has none."""
        return ()

    @abstractmethod
    def _lost(self, source: AnnotationSource) -> Iterable[str]:
        """Yield sentences on what the format cannot hold."""

    @abstractmethod
    def _open(self, task: Task) -> AbstractContextManager[PutBoxes]:
        """Return what writes the frames; left without an error, it completes the export."""


@dataclass(frozen=True, slots=True)
class BoxesCsv(BoxExport):
    """OUT/SEQUENCE.csv with the columns `CSV_COLUMNS`; frames count from 0.

    x, y, w, h are empty where the object is not visible; drawn is 0 for interpolated boxes.
    """

    name: ClassVar[str] = "boxes-csv"
    title: ClassVar[str] = "Boxes (CSV)"
    unseen: ClassVar[bool] = True
    tells_drawn: ClassVar[bool] = True

    def _lost(self, source: AnnotationSource) -> Iterable[str]:
        yield from losses.colors_lost(source, palette=False)

    @contextmanager
    def _open(self, task: Task) -> Iterator[PutBoxes]:
        catalog, text = Catalog(task.source), io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(CSV_COLUMNS)

        def put(frame: int, boxes: tuple[Box, ...]) -> None:
            for box in boxes:
                info = catalog.info(box.object_id)
                places = tuple(map(number, corner_and_size(box))) if box.visible else ("",) * 4
                about = (frame, box.object_id, info.name, info.category)
                writer.writerow((*about, *places, int(box.drawn)))

        yield put
        task.folder.write_text((f"{task.sequence}.csv",), text.getvalue())


@dataclass(frozen=True, slots=True)
class MotBoxes(BoxExport):
    """OUT/SEQUENCE/gt/gt.txt, gt/labels.txt and seqinfo.ini, as MOTChallenge has them.

    Lines are `frame, id, left, top, width, height, 1, class, 1`; frames and classes count from 1.
    """

    name: ClassVar[str] = "boxes-mot"
    title: ClassVar[str] = "Boxes (MOTChallenge)"
    own_folder: ClassVar[bool] = True

    def _lost(self, source: AnnotationSource) -> Iterable[str]:
        yield from losses.names_lost(source, categories=False)
        yield from losses.colors_lost(source, palette=False)

    @contextmanager
    def _open(self, task: Task) -> Iterator[PutBoxes]:
        catalog = Catalog(task.source)
        lines: list[str] = []

        def put(frame: int, boxes: tuple[Box, ...]) -> None:
            for box in boxes:
                places = ",".join(map(number, corner_and_size(box)))
                kind = catalog.number(box.object_id)
                lines.append(f"{frame + 1},{box.object_id},{places},1,{kind},1\n")

        yield put
        labels = "".join(f"{name}\n" for name in catalog.names)
        task.folder.write_text((task.sequence, "gt", "labels.txt"), labels)
        task.folder.write_text((task.sequence, "seqinfo.ini"), _seqinfo(task))
        task.folder.write_text((task.sequence, "gt", "gt.txt"), "".join(lines))


def corner_and_size(box: Box) -> tuple[float, float, float, float]:
    """Left, top, width and height of a box in pixels."""
    return box.left, box.top, box.right - box.left, box.bottom - box.top


def number(value: float) -> str:
    """A number of pixels, to a millionth."""
    return f"{round(value, _DIGITS):.10g}"


def _seqinfo(task: Task) -> str:
    video = task.source.video
    return (
        f"[Sequence]\nname={task.sequence}\nimDir=img1\nframeRate={float(video.fps):g}\n"
        f"seqLength={video.frame_count}\nimWidth={video.width}\nimHeight={video.height}\n"
        "imExt=.jpg\n"
    )
