"""What is kept of the work on one video with one system: walks, features, and what was made.

Walks are named by all that they depend on besides: their span, and every keyframe that governs it
(ADR 0014), pixel by pixel. So a correction finds nothing where it changes anything, and what is
taken back is found again.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterable

import numpy as np

from core.cleaning import NONE, Cleaning
from core.engine.conditioning import governing
from core.engine.kept_room import KeptEntry
from core.engine.kept_walk import KeptWalk, StoredWalk
from core.engine.plans import PropagationRequest, Walk, plan
from core.engine.run_settings import digest, statement
from core.engine.spans import Span
from core.media.plain_file import OPENING
from core.tracking.walk_state import pack, unpack
from core.types import Arrays, Direction, FrameResult, Keyframe, LabelMap

_DONE = struct.Struct("<II")
"""A frame, and the CRC-32 of its result's label map."""
WALKS = 0.25
"""Share of the budget that features leave to walks: without those a run begins anew."""


class KeptFeatures:
    """Features of frames in an entry; see `core.tracking.contract.FeatureStore`."""

    def __init__(self, entry: KeptEntry) -> None:
        self._entry = entry

    def get(self, frame_index: int) -> Arrays | None:
        """What was put; None where it is not there, or not whole."""
        data = self._entry.read(_feature_file(frame_index))
        if data is None:
            return None
        try:
            return unpack(data)
        except ValueError:
            return None

    def put(self, frame_index: int, arrays: Arrays) -> None:
        """Keep features of a frame, where there is room."""
        self._entry.write(_feature_file(frame_index), pack(arrays), spare=WALKS)


class Done:
    """Which results of a span have been made, as checksums of their label maps."""

    def __init__(self, entry: KeptEntry, name: str) -> None:
        self._entry, self._name = entry, name

    def note(self, result: FrameResult) -> None:
        """A result has been made."""
        data = _DONE.pack(result.frame_index, checksum(result.label_map))
        if not self._entry.make_room(len(data)):
            return
        self._entry.use(self._name)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | OPENING
        try:
            with os.fdopen(os.open(self._entry.folder / self._name, flags, 0o600), "ab") as file:
                file.write(data)
        except OSError:
            return

    def read(self) -> dict[int, int]:
        """The checksum of each frame's last result."""
        data = self._entry.read(self._name) or b""
        return dict(_DONE.iter_unpack(data[: len(data) // _DONE.size * _DONE.size]))


class KeptSpan:
    """What is kept of the walks through one span, and what will be.

    Args:
        entry: where it lies.
        span: which.
        keyframes: those that govern it.
    """

    def __init__(self, entry: KeptEntry, span: Span, keyframes: Iterable[Keyframe]) -> None:
        self._entry, self._span, self._key = entry, span, _key(span, keyframes)

    def walk(self, walk: Walk) -> KeptWalk:
        """A walk through the span, or through its first part."""
        span = self._span
        end = span.last if walk.direction is Direction.FORWARD else span.first
        return StoredWalk(walk, self._entry, self._key, end=end)

    def done(self, request: PropagationRequest) -> Done:
        """Which results were made by walks in the ways of a request, cleaned up as it says."""
        names = "-".join(sorted(way.name.lower() for way in request.ways))
        # Raw ones keep the name that they always had.
        cleaning = "" if request.cleaning == NONE else f"-{_cleaned(request.cleaning)}"
        return Done(self._entry, f"{self._key[:40]}-{names}{cleaning}.done")


class KeptWork:
    """One entry of the room, as the engine uses it.

    Attributes:
        features: for the tracker.
    """

    def __init__(self, entry: KeptEntry) -> None:
        self._entry = entry
        self.features = KeptFeatures(entry)

    def span(self, span: Span, keyframes: tuple[Keyframe, ...]) -> KeptSpan:
        """What is kept of a span, among all keyframes of a run."""
        return KeptSpan(self._entry, span, governing(span, keyframes))

    def results(self, request: PropagationRequest, frame_count: int) -> dict[int, int]:
        """Checksums of the results that were made of what a request would compute, by frame."""
        found: dict[int, int] = {}
        for part in plan(request, frame_count):
            found |= self.span(part.span, request.keyframes).done(request).read()
        return found


def checksum(label_map: LabelMap) -> int:
    """CRC-32 of a label map, as `KeptWork.results` has it."""
    return zlib.crc32(np.ascontiguousarray(label_map).tobytes())


def _cleaned(cleaning: Cleaning) -> str:
    return digest(repr(cleaning).encode())[:12]


def _feature_file(frame_index: int) -> str:
    return f"{frame_index:08d}.features"


def _key(span: Span, keyframes: Iterable[Keyframe]) -> str:
    ends = [None if k is None else k.frame_index for k in (span.before, span.after)]
    inside = [k.frame_index for k in span.inside]
    place = f"{span.first} {span.last} {ends} {inside}".encode()
    return digest(place, *(part for keyframe in keyframes for part in statement(keyframe)))
