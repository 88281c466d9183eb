"""Consistency over a clip: the surest frames are propagated over all others, which vote.

Discovery looks at each frame alone, and is wrong on some. A propagation from a frame on which it
was sure brings what it saw there to all frames; several of them, and the maps themselves, make up
the answer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.discovery.contract import Discoverer, ObjectTrack
from core.discovery.maps import PackedMaps
from core.discovery.masks import THRESHOLD, Refinement, label_map_of
from core.engine.propagate import PropagationRequest, propagate
from core.jobs import CancelToken, Job, Progress
from core.media.video import VideoSource
from core.tracking.contract import Tracker
from core.types import FrameResult, Keyframe

PHASE = "voting"


@dataclass(frozen=True, slots=True)
class VoteConfig:
    """Who votes."""

    voters: int = 3
    """Frames that are propagated, at most."""
    own: float = 1.0
    """What the map of a frame itself counts beside one voter."""


class VotingDiscoverer:
    """See `core.discovery.contract.Discoverer`; makes what another one finds consistent."""

    def __init__(
        self,
        inner: Discoverer,
        make_tracker: Callable[[], Tracker],
        *,
        refinement: Refinement,
        config: VoteConfig | None = None,
    ) -> None:
        """Make one.

        Args:
            inner: finds objects.
            make_tracker: builds what carries masks.
            refinement: how masks that are carried follow edges.
            config: who votes.
        """
        self._refinement = refinement
        self._inner = inner
        self._make_tracker = make_tracker
        self._config = config or VoteConfig()

    def discover(
        self, video: VideoSource, frames: range, token: CancelToken
    ) -> Job[tuple[ObjectTrack, ...]]:
        """See `Discoverer.discover`; frames are voted on within their first and last.

        What no frame has a majority for is dropped.
        """
        tracks = yield from self._inner.discover(video, frames, token)
        if len(frames) < 2 or not tracks:
            return tracks
        tracker, found = self._make_tracker(), list[ObjectTrack]()
        for number, track in enumerate(tracks):
            told = f"voting on object {number + 1} of {len(tracks)}"
            voted = yield from self._voted(track, video, frames, tracker, told=told, token=token)
            if voted.scores:
                found.append(voted)
        return tuple(sorted(found, key=lambda track: -track.score))

    def _voted(
        self,
        track: ObjectTrack,
        video: VideoSource,
        frames: range,
        tracker: Tracker,
        *,
        told: str,
        token: CancelToken,
    ) -> Job[ObjectTrack]:
        voters = surest(track, self._config.voters)
        votes = PackedMaps()
        for done, voter in enumerate(voters):
            mask = label_map_of([track.maps[voter]], video.frame(voter), self._refinement)
            mask.flags.writeable = False
            request = PropagationRequest(
                (Keyframe(voter, (1,), mask),), frames.start, frames[-1] + 1
            )
            for item in propagate(video, tracker, request, token):
                if isinstance(item, FrameResult) and item.frame_index in frames:
                    vote = _small(item.label_map == 1, track.maps[voter].shape) / len(voters)
                    votes.add(item.frame_index, votes.get(item.frame_index, 0) + vote)
                yield Progress(done, len(voters), told, phase=PHASE)
        return _counted(track, votes, len(voters), self._config.own)


def surest(track: ObjectTrack, count: int) -> list[int]:
    """The frames that discovery is surest of, apart from each other, the surest first.

    Each is the surest among those that lie further from the ones before than a span of the
    track's frames divided by `count`, halved.
    """
    left = sorted(track.scores, key=lambda index: (-track.scores[index], index))
    far = (max(left) - min(left) + 1) / (2 * count)
    chosen = list[int]()
    for index in left:
        if len(chosen) < count and all(abs(index - other) >= far for other in chosen):
            chosen.append(index)
    return chosen


def _small(mask: NDArray[np.bool_], size: tuple[int, ...]) -> NDArray[np.float32]:
    shrunk = cv2.resize(mask.astype(np.float32), (size[1], size[0]), interpolation=cv2.INTER_AREA)
    return np.asarray(shrunk, np.float32)


def _counted(track: ObjectTrack, votes: PackedMaps, voters: int, own: float) -> ObjectTrack:
    maps, scores = PackedMaps(), dict[int, float]()
    for index in votes:
        plane = (voters * votes[index] + own * track.maps.get(index, 0)) / (voters + own)
        inside = plane > THRESHOLD
        if inside.any():
            maps.add(index, plane)
            scores[index] = float(plane[inside].mean())
    return ObjectTrack(maps, scores, sum(scores.values()) / len(votes))
