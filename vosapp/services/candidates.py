"""Objects that were found, as the window offers them: masks at full size, scores, small pictures.

No torch is imported here; what finds the objects loads it. Nothing of a project is changed.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from core.jobs import CancelToken, Job, Progress
from core.types import Frame, LabelMap

if TYPE_CHECKING:
    from core.discovery.contract import Discoverer, ObjectTrack
    from core.media.video import VideoSource

PICTURE_HEIGHT = 96
"""Pixels of a candidate's picture: twice what is shown, for dense screens."""
DIMMED = 0.35
"""How bright the rest of such a picture is."""
MARGIN = 0.25
"""How much of a picture lies around the object, as a share of its box."""
PHASE = "drawing outlines"


@dataclass(frozen=True, slots=True)
class FindOrder:
    """What is to be looked for, and where.

    Attributes:
        video: where the frames are.
        start, stop: frames that are looked at: `start` up to but without `stop`.
        system: finds the objects.
        weights: of it; None for those that are bundled.
        adapt_steps: steps of learning the video first; 0 for none.
        device: "auto", "cpu", "cuda" or "mps".
        most: objects at most.
    """

    video: Path
    start: int
    stop: int
    system: str
    weights: Path | None = None
    adapt_steps: int = 0
    device: str = "auto"
    most: int = 20


@dataclass(frozen=True, slots=True)
class Candidate:
    """What may be an object.

    Attributes:
        number: from 1 on, the surest first; its label in the maps.
        score: 0..1.
        frames: on which it was found, ascending.
        best: of these the one on which it is surest.
        picture: h x w x 3 uint8, a small one of that frame with the object.
    """

    number: int
    score: float
    frames: tuple[int, ...]
    best: int
    picture: Frame


@dataclass(frozen=True, slots=True)
class Found:
    """All candidates of a search.

    Attributes:
        candidates: the surest first.
        maps: by frame, a label map of the candidates' numbers, compressed.
        size: height and width of the video.
    """

    candidates: tuple[Candidate, ...]
    maps: Mapping[int, bytes]
    size: tuple[int, int]

    def label_map(self, frame_index: int) -> LabelMap | None:
        """The candidates' numbers on a frame, H x W uint8; None where it was not looked at."""
        data = self.maps.get(frame_index)
        if data is None:
            return None
        return np.frombuffer(zlib.decompress(data), np.uint8).reshape(self.size)


def find_candidates(order: FindOrder, finder: Discoverer, token: CancelToken) -> Job[Found]:
    """Find objects and draw them at full size.

    Args:
        order: where they are looked for.
        finder: finds them.
        token: is looked at between frames.

    Yields:
        `Progress`.

    Raises:
        VosError: of the kinds that `Discoverer.discover` names.
        Cancelled: by the token.
    """
    from core.media.video import open_video

    with open_video(order.video, cache_bytes=8 << 20) as video:
        frames = range(order.start, order.stop)
        tracks = yield from finder.discover(video, frames, token)
        maps = yield from _maps(tracks, video, frames, token)
        size = (video.info.height, video.info.width)
        found = Found((), maps, size)
        shown = [_candidate(n, track, found, video) for n, track in enumerate(tracks, start=1)]
        return Found(tuple(one for one in shown if one is not None), maps, size)


def _maps(
    tracks: tuple[ObjectTrack, ...], video: VideoSource, frames: range, token: CancelToken
) -> Job[dict[int, bytes]]:
    from core.discovery.masks import Refinement
    from core.engine.finding.frames import label_map_of_tracks

    maps = dict[int, bytes]()
    for index, frame in zip(frames, video.frames(frames.start, frames.stop), strict=True):
        token.check()
        labels = label_map_of_tracks(tracks, index, frame, Refinement.GUIDED)
        maps[index] = zlib.compress(labels.tobytes(), 1)
        yield Progress(len(maps), len(frames), "drawing outlines", phase=PHASE)
    return maps


def _candidate(
    number: int, track: ObjectTrack, found: Found, video: VideoSource
) -> Candidate | None:
    """A track with what is shown of it; None where no pixel of it is left at full size."""
    areas = {index: _area(found, index, number) for index in sorted(track.scores)}
    frames = tuple(index for index, area in areas.items() if area)
    if not frames:
        return None
    best = max(frames, key=lambda index: (track.scores[index], areas[index]))
    labels = found.label_map(best)
    if labels is None:
        return None
    picture = _picture(video.frame(best), labels == number)
    return Candidate(number, track.score, frames, best, picture)


def _area(found: Found, index: int, number: int) -> int:
    labels = found.label_map(index)
    return 0 if labels is None else int(np.count_nonzero(labels == number))


def _picture(frame: Frame, mask: NDArray[np.bool_]) -> Frame:
    """The object and what is around it, the rest darker."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    down, right = (int(MARGIN * (x[-1] + 1 - x[0])) + 2 for x in (rows, columns))
    part = (
        slice(max(0, int(rows[0]) - down), int(rows[-1]) + 1 + down),
        slice(max(0, int(columns[0]) - right), int(columns[-1]) + 1 + right),
    )
    shown = np.where(mask[part][..., None], frame[part], DIMMED * frame[part]).astype(np.uint8)
    height, width = shown.shape[:2]
    size = (max(1, min(4 * PICTURE_HEIGHT, round(width * PICTURE_HEIGHT / height))), PICTURE_HEIGHT)
    small = np.array(cv2.resize(shown, size, interpolation=cv2.INTER_AREA), np.uint8)
    small.flags.writeable = False
    return small
