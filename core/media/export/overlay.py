"""Videos made from masks: the frames with objects in color, or cut out with transparency."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from core.media.export import losses
from core.media.export.base import chosen_objects
from core.media.export.leftovers import FrameFolder
from core.media.export.mattes import joint_alpha
from core.media.export.outlined import OutlinePainter
from core.media.export.pictures import encode_rgba_png
from core.media.export.sequence import PutFrame, SequenceExport, Task
from core.media.export.video_writer import (
    H264,
    PRORES_4444,
    VP9_ALPHA,
    Coding,
    coded_size,
    open_sequence_writer,
    read_times,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.jobs import CancelToken
    from core.media.annotations.values import AnnotationSource
    from core.types import LabelMap


@dataclass(frozen=True, slots=True)
class OverlayVideo(SequenceExport):
    """OUT/SEQUENCE_overlay.mp4: H.264 with the objects in their colors, for people to look at.

    Every frame is shown, also those without a label map, each at the source's own time. A video
    that was not finished is written anew.

    Attributes:
        opacity: of the colors, 0..1; outlines are always solid.
    """

    name: ClassVar[str] = "overlay"
    title: ClassVar[str] = "Overlay video (H.264)"
    shows_frames: ClassVar[bool] = True
    every_frame: ClassVar[bool] = True
    shown_colors: ClassVar[bool] = True
    """It is looked at beside the window, and so has its colors, not those of a palette."""
    opacity: float = 0.5

    def _lost(
        self, source: AnnotationSource, found: losses.Survey, _token: CancelToken | None
    ) -> Iterable[str]:
        yield "A picture for people: masks cannot be read back from it."
        yield from _padding(source, H264)
        yield from _bare(found)
        yield "Sound is not copied."

    @contextmanager
    def _open(self, task: Task) -> Iterator[PutFrame]:
        source, painter = task.source, OutlinePainter(task.source.objects, self.opacity)
        with open_sequence_writer(task, f"_overlay{H264.suffix}", H264) as writer:

            def put(index: int, label_map: LabelMap) -> None:
                writer.write(index, painter.paint(source.frame(index), label_map))

            yield put


@dataclass(frozen=True, slots=True)
class AlphaMatte(SequenceExport):
    """OUT/SEQUENCE_matte.mov or .webm: the frames with chosen objects, the rest transparent.

    Colors are not multiplied with alpha and go on under transparent pixels, so that no dark seam
    appears where the codec mixes neighbors. A video that was not finished is written anew.

    Attributes:
        object_ids: which objects; empty takes all.
        coding: `PRORES_4444` or `VP9_ALPHA`.
        hard: edges as sharp as the masks are; else as soft as the source knows them.
    """

    shows_frames: ClassVar[bool] = True
    every_frame: ClassVar[bool] = True
    object_ids: tuple[int, ...] = ()
    coding: Coding = PRORES_4444
    hard: bool = False

    @property
    def name(self) -> str:
        """Short name for commands."""
        return "matte-vp9" if self.coding is VP9_ALPHA else "matte-prores"

    @property
    def title(self) -> str:
        """Name for people."""
        kind = "VP9" if self.coding is VP9_ALPHA else "ProRes 4444"
        return f"Alpha matte ({kind})"

    def _lost(
        self, source: AnnotationSource, found: losses.Survey, _token: CancelToken | None
    ) -> Iterable[str]:
        yield from _matte_losses(source, self.object_ids, found)
        yield from _padding(source, self.coding)
        yield from losses.missing_as_empty(found)
        yield from _rounding(source, self.coding)
        yield "Sound is not copied."

    @contextmanager
    def _open(self, task: Task) -> Iterator[PutFrame]:
        source, chosen = task.source, chosen_objects(task.source, self.object_ids)
        with open_sequence_writer(task, f"_matte{self.coding.suffix}", self.coding) as writer:

            def put(index: int, label_map: LabelMap) -> None:
                alpha = _levels(joint_alpha(source, index, label_map, chosen, hard=self.hard))
                writer.write(index, np.dstack((source.frame(index), alpha)))

            yield put


@dataclass(frozen=True, slots=True)
class MatteFrames(SequenceExport):
    """OUT/SEQUENCE/00000.png with red, green, blue and alpha: the matte without any coding loss.

    Attributes:
        object_ids: which objects; empty takes all.
        hard: edges as sharp as the masks are; else as soft as the source knows them.
    """

    name: ClassVar[str] = "matte-png"
    title: ClassVar[str] = "Alpha matte (PNG sequence)"
    own_folder: ClassVar[bool] = True
    shows_frames: ClassVar[bool] = True
    object_ids: tuple[int, ...] = ()
    hard: bool = False

    def _lost(
        self, source: AnnotationSource, found: losses.Survey, _token: CancelToken | None
    ) -> Iterable[str]:
        yield from _matte_losses(source, self.object_ids, found)
        yield from losses.missing_frames(found)

    def _frame_folders(self, _source: AnnotationSource, sequence: str) -> Iterable[FrameFolder]:
        return (FrameFolder((sequence,), ".png"),)

    @contextmanager
    def _open(self, task: Task) -> Iterator[PutFrame]:
        source, chosen = task.source, chosen_objects(task.source, self.object_ids)

        def put(index: int, label_map: LabelMap) -> None:
            alpha = _levels(joint_alpha(source, index, label_map, chosen, hard=self.hard))
            rgba = np.dstack((source.frame(index), alpha))
            place = (task.sequence, f"{source.stem(index)}.png")
            task.folder.write(place, encode_rgba_png(rgba, source.video.pixel_aspect))

        yield put


def _levels(alpha: NDArray[np.float32]) -> NDArray[np.uint8]:
    levels: NDArray[np.uint8] = np.rint(alpha * np.float32(255)).astype(np.uint8)
    return levels


def _padding(source: AnnotationSource, coding: Coding) -> list[str]:
    own = (source.video.width, source.video.height)
    size = coded_size(*own, coding)
    if size == own:
        return []
    text = f"Pictures are extended from {own[0]} x {own[1]} to {size[0]} x {size[1]} pixels."
    return [text]


def _rounding(source: AnnotationSource, coding: Coding) -> list[str]:
    """Say that WebM counts time in milliseconds, where the frames' times are none."""
    if coding.suffix != ".webm":
        return []
    times = read_times(source)
    start = times.pts[source.frames.start] if source.frames else 0
    exact = all(((pts - start) * times.base * 1000).denominator == 1 for pts in times.pts)
    return [] if exact else ["Times of frames are rounded to milliseconds."]


def _bare(found: losses.Survey) -> list[str]:
    if not found.missing:
        return []
    return [f"Frames without a label map are shown bare: {losses.listed(found.missing)}."]


def _matte_losses(
    source: AnnotationSource, object_ids: tuple[int, ...], found: losses.Survey
) -> list[str]:
    chosen = [i for i in found.frames_of if not object_ids or i in object_ids]
    left_out = len(source.objects) - len(object_ids) if object_ids else 0
    sentences = []
    if left_out > 0:
        sentences.append(f"Objects left out, since they are not chosen: {left_out}.")
    if len(chosen) > 1:
        sentences.append(f"{len(chosen)} objects become one mask.")
    return [*sentences, *losses.void_lost(found)]
