"""Single objects out of maps of all that is an object, over a whole video.

Frames are taken apart into proposals (`core.discovery.parts`), whose edges GrabCut finds; these
are linked by propagation (`core.engine.finding.linking`), and tracks are ranked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.discovery.boxed import boxed_proposals
from core.discovery.contract import Discoverer, ObjectTrack
from core.discovery.maps import Map
from core.discovery.masks import THRESHOLD, Mask, cut_map, working_frame
from core.discovery.parts import Proposal, proposals
from core.engine.finding.linking import GrowingTrack, Linker
from core.jobs import CancelToken, Job, Progress
from core.media.annotations.rectangles import Corners, mask_overlap
from core.media.video import VideoSource
from core.tracking.contract import Tracker
from core.types import Frame

FrameBoxes = Mapping[int, Sequence[Corners]]
"""Boxes by frame index."""
PHASE = "telling objects apart"


@dataclass(frozen=True, slots=True)
class RankConfig:
    """Which tracks are kept."""

    life: float = 0.25
    """Share of the frames that a track must be on."""
    same: float = 0.8
    """Overlap from which two masks are of one object."""
    together: float = 0.5
    """Share of the shorter track's frames on which they must be, to be one."""


class InstanceDiscoverer:
    """See `core.discovery.contract.Discoverer`; tells apart what another one finds."""

    def __init__(
        self,
        inner: Discoverer,
        make_tracker: Callable[[], Tracker],
        *,
        most: int,
        boxes: FrameBoxes | None = None,
    ) -> None:
        """Make one.

        Args:
            inner: finds what is an object.
            make_tracker: builds what carries masks from frame to frame.
            most: objects at most.
            boxes: of a detector, by frame index, in pixels of the frame: these tell objects apart
                in the place of connected parts and colors. None where there are none.
        """
        self._inner = inner
        self._make_tracker = make_tracker
        self._most, self._boxes = most, boxes

    def discover(
        self, video: VideoSource, frames: range, token: CancelToken
    ) -> Job[tuple[ObjectTrack, ...]]:
        """See `Discoverer.discover`."""
        whole = yield from self._inner.discover(video, frames, token)
        if not whole:
            return ()
        linker = Linker(self._make_tracker)
        read = video.frames(frames.start, frames.stop, frames.step)
        for done, (index, frame) in enumerate(zip(frames, read, strict=True)):
            token.check()
            plane = union_of(whole, index)
            small = working_frame(frame, plane)
            linker.add(index, small, sharpened(self._proposals(index, frame, plane), small))
            yield Progress(done + 1, len(frames), PHASE, phase=PHASE)
        return ranked(linker.finish(), len(frames), most=self._most)

    def _proposals(self, index: int, frame: Frame, plane: Map) -> list[Proposal]:
        if self._boxes is None:
            return proposals(plane, working_frame(frame, plane))
        scale = plane.shape[1] / frame.shape[1], plane.shape[0] / frame.shape[0]
        return boxed_proposals(plane, self._boxes.get(index, ()), scale)


def union_of(tracks: tuple[ObjectTrack, ...], index: int) -> Map:
    """What is an object of any of some tracks on a frame; zeros where none is."""
    found = [track.maps[index] for track in tracks if index in track.maps]
    if not found:
        first = tracks[0].maps
        return np.zeros_like(first[next(iter(first))])
    largest: Map = np.max(np.stack(found), 0)
    return largest


def sharpened(found: list[Proposal], small: Frame) -> list[Proposal]:
    """Proposals with the edges that GrabCut finds in and around them.

    What the cut leaves empty, or makes another thing of, stays as it was. Proposals do not
    overlap afterwards, either: the larger one gives way, as it comes first.
    """
    masks = [cut_map(one.mask.astype(np.float32), small) > 0 for one in found]
    for later, mask in enumerate(masks):
        for earlier in range(later):
            masks[earlier] = masks[earlier] & ~mask
    pairs = zip(found, masks, strict=True)
    return [Proposal(mask, one.score) for one, mask in pairs if mask.any()]


def ranked(
    tracks: list[GrowingTrack], frames: int, *, most: int, config: RankConfig | None = None
) -> tuple[ObjectTrack, ...]:
    """The tracks that are kept, the best first.

    The score is the mean of a track's scores, times the share of the frames that it is on, times
    how central it is (1 in the middle of the picture, 0 in a corner).

    Args:
        tracks: all that were grown.
        frames: how many were looked at.
        most: objects at most.
        config: which are kept.
    """
    config = config or RankConfig()
    lasting = [t for t in tracks if len(t.masks) >= max(1.0, config.life * frames)]
    lasting.sort(key=lambda track: -_score(track, frames))
    kept = list[GrowingTrack]()
    for track in lasting:
        if not any(_are_one(track, other, config) for other in kept):
            kept.append(track)
    return tuple(ObjectTrack(t.masks, _every_score(t), _score(t, frames)) for t in kept[:most])


def _score(track: GrowingTrack, frames: int) -> float:
    mean = sum(track.scores.values()) / len(track.scores)
    central = np.mean([_central(track.masks[index] > THRESHOLD) for index in track.masks])
    return float(mean * min(1.0, len(track.masks) / frames) * central)


def _central(mask: Mask) -> float:
    """1 for a mask around the middle of the picture, 0 for one in its corner."""
    if not mask.any():
        return 0.0
    half = np.array(mask.shape) / 2
    middle = np.argwhere(mask).mean(0) + 0.5
    return float(1 - np.linalg.norm((middle - half) / half) / np.sqrt(2))


def _every_score(track: GrowingTrack) -> dict[int, float]:
    """Scores of all frames: half the mean where the object was only carried."""
    mean = sum(track.scores.values()) / len(track.scores)
    return {index: track.scores.get(index, mean / 2) for index in track.masks}


def _are_one(first: GrowingTrack, second: GrowingTrack, config: RankConfig) -> bool:
    common = set(first.masks) & set(second.masks)
    needed = config.together * min(len(first.masks), len(second.masks))
    if len(common) < needed:
        return False
    alike = sum(
        mask_overlap(first.masks[i] > THRESHOLD, second.masks[i] > THRESHOLD) > config.same
        for i in common
    )
    return alike >= max(1.0, needed)
