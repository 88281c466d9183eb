"""Videos made from masks: the frames with objects in color, or cut out with transparency."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import cv2
import numpy as np

from core.errors import OutputError
from core.media.export import losses
from core.media.export.base import ExportReport, Folder, all_steps, sequence_name, steps
from core.media.export.pictures import encode_rgba_png
from core.media.export.video_writer import (
    H264,
    PRORES_4444,
    VP9_ALPHA,
    Coding,
    coded_size,
    open_writer,
    read_times,
)
from core.types import VOID

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.jobs import CancelToken
    from core.media.annotations.values import AnnotationSource, Job
    from core.types import Frame, LabelMap


@dataclass(frozen=True, slots=True)
class OverlayVideo:
    """OUT/SEQUENCE_overlay.mp4: H.264 with the objects in their colors, for people to look at.

    Every frame is shown, also those without a label map, each at the source's own time.

    Attributes:
        opacity: of the colors, 0..1; outlines are always solid.
    """

    name: ClassVar[str] = "overlay"
    title: ClassVar[str] = "Overlay video (H.264)"
    opacity: float = 0.5

    def announce_losses(
        self, source: AnnotationSource, *, token: CancelToken | None = None
    ) -> tuple[str, ...]:
        """See `core.media.export.base.Exporter`."""
        found = losses.survey(source, token=token)
        return (
            "A picture for people: masks cannot be read back from it.",
            *_padding(source, H264),
            *_bare(found),
            "Sound is not copied.",
        )

    def export(
        self, source: AnnotationSource, out: Path, *, token: CancelToken | None = None
    ) -> Job[ExportReport]:
        """See `core.media.export.base.Exporter`. A video that was not finished starts anew."""
        report = ExportReport()
        place = (f"{sequence_name(source)}_overlay{H264.suffix}",)
        colors = _color_table(source)
        times = read_times(source)
        with (
            Folder(out, report).stream(place) as path,
            open_writer(path, source.video, times=times, coding=H264) as writer,
        ):
            for index, label_map, progress in all_steps(source, report, token=token):
                frame = source.frame(index)
                if label_map is not None:
                    frame = paint(frame, label_map, colors, opacity=self.opacity)
                writer.write(index, frame)
                yield progress
        return report


@dataclass(frozen=True, slots=True)
class AlphaMatte:
    """OUT/SEQUENCE_matte.mov or .webm: the frames with chosen objects solid, the rest transparent.

    Colors are not multiplied with alpha and go on under transparent pixels, so that no dark seam
    appears where the codec mixes neighbors.

    Attributes:
        object_ids: which objects; empty takes all.
        coding: `PRORES_4444` or `VP9_ALPHA`.
    """

    object_ids: tuple[int, ...] = ()
    coding: Coding = PRORES_4444

    @property
    def name(self) -> str:
        """Short name for commands."""
        return "matte-vp9" if self.coding is VP9_ALPHA else "matte-prores"

    @property
    def title(self) -> str:
        """Name for people."""
        kind = "VP9" if self.coding is VP9_ALPHA else "ProRes 4444"
        return f"Alpha matte ({kind})"

    def announce_losses(
        self, source: AnnotationSource, *, token: CancelToken | None = None
    ) -> tuple[str, ...]:
        """See `core.media.export.base.Exporter`."""
        found = losses.survey(source, token=token)
        return (
            *_matte_losses(source, self.object_ids, found),
            *_padding(source, self.coding),
            *losses.missing_as_empty(found),
            *_rounding(source, self.coding),
            "Sound is not copied.",
        )

    def export(
        self, source: AnnotationSource, out: Path, *, token: CancelToken | None = None
    ) -> Job[ExportReport]:
        """See `core.media.export.base.Exporter`. A video that was not finished starts anew."""
        report = ExportReport()
        place = (f"{sequence_name(source)}_matte{self.coding.suffix}",)
        table = _alpha_table(source, self.object_ids)
        times = read_times(source)
        with (
            Folder(out, report).stream(place) as path,
            open_writer(path, source.video, times=times, coding=self.coding) as writer,
        ):
            for index, label_map, progress in all_steps(source, report, token=token):
                shape = (source.video.height, source.video.width)
                alpha = np.zeros(shape, np.uint8) if label_map is None else table[label_map]
                writer.write(index, np.dstack((source.frame(index), alpha)))
                yield progress
        return report


@dataclass(frozen=True, slots=True)
class MatteFrames:
    """OUT/SEQUENCE/00000.png with red, green, blue and alpha: the matte without any coding loss.

    Attributes:
        object_ids: which objects; empty takes all.
    """

    name: ClassVar[str] = "matte-png"
    title: ClassVar[str] = "Alpha matte (PNG sequence)"
    object_ids: tuple[int, ...] = ()

    def announce_losses(
        self, source: AnnotationSource, *, token: CancelToken | None = None
    ) -> tuple[str, ...]:
        """See `core.media.export.base.Exporter`."""
        found = losses.survey(source, token=token)
        return (
            *_matte_losses(source, self.object_ids, found),
            *losses.missing_frames(found),
        )

    def export(
        self, source: AnnotationSource, out: Path, *, token: CancelToken | None = None
    ) -> Job[ExportReport]:
        """See `core.media.export.base.Exporter`."""
        report = ExportReport()
        folder = Folder(out, report)
        table = _alpha_table(source, self.object_ids)
        for index, label_map, progress in steps(source, report, token=token):
            rgba = np.dstack((source.frame(index), table[label_map]))
            place = (sequence_name(source), f"{source.stem(index)}.png")
            folder.write(place, encode_rgba_png(rgba))
            yield progress
        return report


def paint(frame: Frame, label_map: LabelMap, colors: NDArray[np.uint8], *, opacity: float) -> Frame:
    """Return a copy of a frame with its objects in color and their outlines solid.

    Args:
        frame: H x W x 3 RGB.
        label_map: H x W; background and void stay as they are.
        colors: 256 x 3, red, green, blue by object id.
        opacity: 0..1.
    """
    inside = (label_map > 0) & (label_map != VOID)
    painted = frame.copy()
    color = colors[label_map[inside]]
    mixed = painted[inside] * (1 - opacity) + color * opacity
    painted[inside] = np.clip(np.rint(mixed), 0, 255).astype(np.uint8)
    ground = np.ones((3, 3), np.uint8)
    edge = inside & (cv2.dilate(label_map, ground) != cv2.erode(label_map, ground))
    painted[edge] = colors[label_map[edge]]
    return painted


def _color_table(source: AnnotationSource) -> NDArray[np.uint8]:
    table = np.full((256, 3), 255, np.uint8)
    for info in source.objects:
        if info.object_id < VOID:
            table[info.object_id] = info.color
    return table


def _alpha_table(source: AnnotationSource, object_ids: tuple[int, ...]) -> NDArray[np.uint8]:
    known = {info.object_id for info in source.objects}
    unknown = sorted(set(object_ids) - known)
    if unknown:
        raise OutputError(
            f"There is no object {unknown[0]} to cut out.",
            f"The objects are {', '.join(str(i) for i in sorted(known)) or 'none'}.",
        )
    table = np.zeros(256, np.uint8)
    table[list(object_ids) or slice(1, VOID)] = 255
    return table


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
