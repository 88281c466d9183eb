"""The way every format is written: frame by frame, in one job that can be stopped."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from core.jobs import CancelToken, Progress
from core.media.export import losses
from core.media.export.base import ExportReport, Folder, labeled_frames, sequence_name
from core.media.export.leftovers import FrameFolder, find_leftovers

if TYPE_CHECKING:
    from core.jobs import Job
    from core.media.annotations.values import AnnotationSource
    from core.types import LabelMap

PutFrame = Callable[[int, "LabelMap"], None]
"""Writes, or keeps for the end, one frame: its index and its H x W label map."""


@dataclass(frozen=True, slots=True)
class Task:
    """One export that is going on.

    Attributes:
        source: what is exported.
        folder: where it goes.
        sequence: the video's name in datasets.
        token: for further walks over the label maps.
    """

    source: AnnotationSource
    folder: Folder
    sequence: str
    token: CancelToken | None


class SequenceExport(ABC):
    """Base of the formats: a format says what it loses, and what to do with a frame.

    See `core.media.export.base.Exporter` for what it promises.
    """

    __slots__ = ()
    own_folder: ClassVar[bool] = False
    """See `core.media.export.base.Exporter`."""
    shows_frames: ClassVar[bool] = False
    """See `core.media.export.base.Exporter`."""
    every_frame: ClassVar[bool] = False
    """Frames without a label map have their place in the format; they look as if empty."""

    def announce_losses(
        self, source: AnnotationSource, *, token: CancelToken | None = None
    ) -> tuple[str, ...]:
        """See `core.media.export.base.Exporter`."""
        found = losses.survey(self._thinned(source), token=token)
        return tuple(self._lost(source, found, token))

    def export(
        self, source: AnnotationSource, out: Path, *, token: CancelToken | None = None
    ) -> Job[ExportReport]:
        """See `core.media.export.base.Exporter`."""
        report = ExportReport()
        chosen = self._thinned(source)
        task = Task(chosen, Folder(out, report), sequence_name(chosen), token)
        blank = np.zeros((source.video.height, source.video.width), np.uint8)
        text, total = f"exporting {source.video.name}", len(chosen.frames)
        with self._open(task) as put:
            for done, (index, label_map) in enumerate(labeled_frames(chosen, token=token), 1):
                if label_map is None:
                    report.missing.append(index)
                if label_map is not None or self.every_frame:
                    put(index, blank if label_map is None else label_map)
                yield Progress(done, total, text)
        return report

    def leftovers(
        self, source: AnnotationSource, out: Path, written: Iterable[int]
    ) -> tuple[Path, ...]:
        """See `core.media.export.base.Exporter`."""
        chosen = self._thinned(source)
        frames = chosen.frames if self.every_frame else set(written) & set(chosen.frames)
        folders = self._frame_folders(chosen, sequence_name(chosen))
        return find_leftovers(out, folders, chosen, frames)

    def _frame_folders(self, _source: AnnotationSource, _sequence: str) -> Iterable[FrameFolder]:
        """Return the folders with a file for each frame; a format that is one file has none."""
        return ()

    @abstractmethod
    def _lost(
        self, source: AnnotationSource, found: losses.Survey, token: CancelToken | None
    ) -> Iterable[str]:
        """Yield sentences on what the format cannot hold."""

    @abstractmethod
    def _open(self, task: Task) -> AbstractContextManager[PutFrame]:
        """Return what writes the frames; left without an error, it completes the export."""

    def _thinned(self, source: AnnotationSource) -> AnnotationSource:
        """Return the part of the source that is written."""
        return source
