"""What a reader of a format would stumble over, said before the export."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np

from core.errors import VosError
from core.media.annotations.values import no_frame
from core.media.export.archives import ResultsZip
from core.media.export.base import ids_in, is_plain_name, sequence_name
from core.media.export.coco import YouTubeVis
from core.media.export.cvat import CvatVideo
from core.media.export.davis import Davis2016, Davis2017
from core.media.export.losses import counted, listed
from core.media.export.mots import MotsPng, MotsTxt
from core.media.export.object_masks import CutOuts
from core.media.export.overlay import AlphaMatte, OverlayVideo
from core.media.export.plain_masks import PlainMasks
from core.media.export.video_writer import H264, coded_size
from core.media.export.yolo import YoloSegmentation
from core.media.export.youtube_vos import YouTubeVos
from core.text import is_text
from core.types import MAX_OBJECT_ID, VOID

if TYPE_CHECKING:
    from core.jobs import CancelToken
    from core.media.annotations.values import AnnotationSource
    from core.media.export.base import Exporter

MAX_PROPOSALS = 20
"""Objects that the unsupervised DAVIS measure takes at most."""
_DAVIS = ("davis2017", "davis2016", "davis-zip")
_PALETTE = (Davis2017, YouTubeVos, PlainMasks, ResultsZip)
_BY_NAME = (CvatVideo, YoloSegmentation, CutOuts)


class Severity(Enum):
    """How bad a finding is."""

    ERROR = "error"
    """The export fails, or the result is of no use."""
    WARNING = "warning"
    """Readers may stumble, or something is lost."""
    INFO = "info"
    """Good to know."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a reader would stumble over.

    Attributes:
        frame_index: where, None for the whole export.
        object_id: which object, None for all.
        severity: how bad.
        text: one sentence.
    """

    frame_index: int | None
    object_id: int | None
    severity: Severity
    text: str


@dataclass(slots=True)
class _Walk:
    """What the label maps hold; see `losses.Survey`, but this one survives wrong label maps."""

    missing: list[int]
    void: list[int]
    first_seen: dict[int, int]
    findings: list[Finding]


def validate(
    source: AnnotationSource, exporter: Exporter, *, token: CancelToken | None = None
) -> tuple[Finding, ...]:
    """Look at a source with the eyes of a reader of one format, worst findings first.

    Args:
        source: what is to be exported.
        exporter: the format with its options.
        token: to stop early; all label maps are read once.

    Raises:
        Cancelled: the token was cancelled.
    """
    walk = _walk(source, token)
    found = [
        *walk.findings,
        *_frames(source, exporter, walk),
        *_ids(source, exporter, walk),
        *_objects(source, exporter, walk),
        *_first_frame(source, exporter, walk),
        *_names(source, exporter),
        *_sizes(source, exporter),
    ]
    rank = list(Severity)
    return tuple(sorted(found, key=lambda finding: rank.index(finding.severity)))


def _walk(source: AnnotationSource, token: CancelToken | None) -> _Walk:
    walk = _Walk([], [], {}, [])
    size = (source.video.height, source.video.width)
    known = {info.object_id for info in source.objects}
    for index in source.frames:
        if token is not None:
            token.check()
        try:
            label_map = source.label_map(index)
        except VosError as error:
            walk.findings.append(Finding(index, None, Severity.ERROR, error.message))
            continue
        if label_map is None:
            walk.missing.append(index)
            continue
        if label_map.shape != size:
            text = f"The label map is {label_map.shape[1]} x {label_map.shape[0]} pixels, not"
            text = f"{text} {size[1]} x {size[0]} as the video."
            walk.findings.append(Finding(index, None, Severity.ERROR, text))
            continue
        if bool(np.any(label_map == VOID)):
            walk.void.append(index)
        for object_id in ids_in(label_map):
            if object_id not in known and object_id not in walk.first_seen:
                text = f"Object {object_id} is in a label map but not in the list of objects."
                walk.findings.append(Finding(index, object_id, Severity.ERROR, text))
            walk.first_seen.setdefault(object_id, index)
    return walk


def _frames(source: AnnotationSource, exporter: Exporter, walk: _Walk) -> Iterator[Finding]:
    labeled = len(source.frames) - len(walk.missing)
    if labeled == 0:
        yield Finding(None, None, Severity.ERROR, "No frame has a label map.")
    elif walk.missing:
        what = "look empty" if isinstance(exporter, YouTubeVis | AlphaMatte) else "are left out"
        what = "are shown bare" if isinstance(exporter, OverlayVideo) else what
        text = f"Frames without a label map {what}: {listed(walk.missing)}."
        if exporter.name in _DAVIS:
            text += " Readers of DAVIS stop at a missing frame."
        yield Finding(walk.missing[0], None, Severity.WARNING, text)
    if isinstance(exporter, Davis2017 | Davis2016) and source.frames.start > 0:
        text = f"The first frame is {source.frames.start}: DAVIS counts from 00000 without gaps."
        yield Finding(source.frames.start, None, Severity.WARNING, text)


def _ids(source: AnnotationSource, exporter: Exporter, walk: _Walk) -> Iterator[Finding]:
    for info in source.objects:
        if not 1 <= info.object_id <= MAX_OBJECT_ID:
            text = (
                f"Id {info.object_id} is outside 1..{MAX_OBJECT_ID}: export one binary PNG for"
                " each object, or MOTS with 16 bits, or COCO."
            )
            yield Finding(None, info.object_id, Severity.ERROR, text)
    if walk.void:
        where = f"Void (255) on {counted(len(walk.void), 'frame')}: {listed(walk.void)}."
        if isinstance(exporter, Davis2017 | PlainMasks) and exporter.void:
            text = f"{where} Readers of results refuse it."
        elif isinstance(exporter, MotsPng | MotsTxt):
            text = f"{where} It is written as a region to ignore."
        else:
            text = f"{where} Results never hold it: it becomes background."
        yield Finding(walk.void[0], None, Severity.WARNING, text)
    ids = sorted(info.object_id for info in source.objects)
    if isinstance(exporter, _PALETTE) and ids != list(range(1, len(ids) + 1)):
        text = f"Ids have gaps: {len(ids)} objects, the last is {ids[-1]}. Some readers count up."
        yield Finding(None, None, Severity.WARNING, text)


def _objects(source: AnnotationSource, exporter: Exporter, walk: _Walk) -> Iterator[Finding]:
    for info in source.objects:
        if info.object_id not in walk.first_seen:
            text = f"{info.title} has no pixel on any frame."
            yield Finding(None, info.object_id, Severity.WARNING, text)
    count = len(walk.first_seen)
    if isinstance(exporter, Davis2017) and exporter.unsupervised and count > MAX_PROPOSALS:
        text = f"{count} objects; the unsupervised measure takes at most {MAX_PROPOSALS}."
        yield Finding(None, None, Severity.ERROR, text)
    if isinstance(exporter, Davis2016) and count > 1:
        text = f"{count} objects become one. DAVIS 2017 keeps them apart."
        yield Finding(None, None, Severity.WARNING, text)


def _first_frame(source: AnnotationSource, exporter: Exporter, walk: _Walk) -> Iterator[Finding]:
    """Yield the objects that come late: DAVIS counts objects on the first frame."""
    if not isinstance(exporter, Davis2017) and exporter.name != "davis-zip":
        return
    for object_id, index in sorted(walk.first_seen.items()):
        if index > source.frames.start:
            text = (
                f"Object {object_id} first appears on frame {index}: DAVIS counts objects on the"
                " first frame and does not see it. Export as YouTube-VOS."
            )
            yield Finding(index, object_id, Severity.WARNING, text)


def _names(source: AnnotationSource, exporter: Exporter) -> Iterator[Finding]:
    name = source.video.name
    if sequence_name(source) != name:
        text = f"The sequence is called {sequence_name(source)!r}, since {name!r} is no plain name."
        yield Finding(None, None, Severity.INFO, text)
    for index in range(len(source.video.stems)):
        stem = source.stem(index)
        if not is_plain_name(stem):
            text = f"The frame's name {stem!r} cannot be the name of a file."
            yield Finding(index, None, Severity.ERROR, text)
    yield from _numbered(source)
    doubled = [n for n, times in Counter(i.title for i in source.objects).items() if times > 1]
    if doubled and isinstance(exporter, _BY_NAME):
        for title in doubled:
            text = f"More than one object is called {title!r}."
            yield Finding(None, None, Severity.WARNING, text)


def _numbered(source: AnnotationSource) -> Iterator[Finding]:
    """Frames whose names are no text, and get their numbers for names."""
    stems = source.video.stems
    numbered = [index for index, stem in enumerate(stems) if not is_text(stem)]
    if numbered:
        text = f"The names of {len(numbered)} frames are no UTF-8: their numbers stand for them."
        yield Finding(None, None, Severity.INFO, text)
    taken = set(stems)
    for index in numbered:
        if source.stem(index) in taken:
            text = f"Another frame is called {source.stem(index)} already."
            yield Finding(index, None, Severity.ERROR, text)


def _sizes(source: AnnotationSource, exporter: Exporter) -> Iterator[Finding]:
    own = (source.video.width, source.video.height)
    coding = exporter.coding if isinstance(exporter, AlphaMatte) else H264
    if isinstance(exporter, OverlayVideo | AlphaMatte) and coded_size(*own, coding) != own:
        wide, high = coded_size(*own, coding)
        text = f"{own[0]} x {own[1]} is odd: pictures are extended to {wide} x {high}."
        yield Finding(None, None, Severity.WARNING, text)
    if exporter.shows_frames and source.frames and source.frame is no_frame:
        yield Finding(None, None, Severity.ERROR, "The pictures of the video are needed.")
