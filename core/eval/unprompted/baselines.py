"""What finds objects without having learned to, to compare with. No torch before it runs."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from core.discovery.contract import Discoverer, ObjectTrack
from core.discovery.maps import Map, PackedMaps
from core.discovery.masks import largest_parts
from core.discovery.single_track import SingleTrack
from core.jobs import CancelToken, Job, Progress
from core.media.video import VideoSource
from core.nn.lite0_file import find_backbone
from core.ops.dense_flow import FAST, DenseFlow, Flow, gray_of
from core.ops.otsu import above_otsu
from core.ops.saliency import ranked_saliency
from core.types import Frame

SHORT_SIDE = 240
"""Working size in pixels."""
BOX_SHARE = 0.5
"""Sides of the box in the middle, as a share of the picture's."""
SMOOTH = 0.02
"""Blur of differences, as a share of the short side."""
GRID = 8
"""Pixels between the points that global motion is fitted to."""
REACH = 1.0
"""Pixels by which a point may miss the global motion and still belong to it."""

Measure = Callable[[Frame, Frame], Map]
"""From a frame and a neighbor, both at working size, to how much moves: h x w, 0 or more."""


class CenterBox:
    """A box in the middle of each frame."""

    def discover(
        self, video: VideoSource, frames: range, token: CancelToken
    ) -> Job[tuple[ObjectTrack, ...]]:
        """See `core.discovery.contract.Discoverer`."""
        height, width = _working_size(video.info.height, video.info.width)
        plane = np.zeros((height, width), np.float32)
        down, right = (round(n * (1 - BOX_SHARE) / 2) for n in (height, width))
        plane[down : height - down, right : width - right] = 1
        maps = PackedMaps()
        for index in frames:
            token.check()
            maps.add(index, plane)
            yield Progress(len(maps), len(frames), "looking for objects")
        return (ObjectTrack(maps, dict.fromkeys(frames, 1.0), 1.0),)


class StandsOut:
    """What stands out of each frame by itself: a map, cut at Otsu's threshold by a mean field."""

    def __init__(self, soft: Callable[[Frame], Map]) -> None:
        """Make one of a function from a frame to h x w, 0 or more."""
        self._soft = soft

    def discover(
        self, video: VideoSource, frames: range, token: CancelToken
    ) -> Job[tuple[ObjectTrack, ...]]:
        """See `core.discovery.contract.Discoverer`."""
        from core.ops.foreground import foreground

        track = SingleTrack()
        for done, index in enumerate(frames):
            token.check()
            frame = video.frame(index)
            track.add(index, largest_parts(foreground(self._soft(frame), frame)))
            yield Progress(done + 1, len(frames), "looking for objects")
        return track.tracks(len(frames))


def _classes() -> Discoverer:
    """What the ImageNet classifier sees (`core.nn.class_maps`); needs torch and the backbone."""
    from core.nn.class_maps import ClassMaps

    return StandsOut(ClassMaps(find_backbone()))


class MotionBaseline:
    """What moves more than the rest: a measure of motion, cut at Otsu's threshold."""

    def __init__(self, measure: Measure) -> None:
        self._measure = measure

    def discover(
        self, video: VideoSource, frames: range, token: CancelToken
    ) -> Job[tuple[ObjectTrack, ...]]:
        """See `core.discovery.contract.Discoverer`; the last frame is compared with its neighbor
        before, all others with that after.
        """
        track = SingleTrack()
        for index in frames:
            token.check()
            other = index + 1 if index + 1 < frames.stop else index - 1
            if 0 <= other < video.info.frame_count:
                pair = (_small(video.frame(i)) for i in (index, other))
                track.add(index, largest_parts(above_otsu(self._measure(*pair))))
            yield Progress(index - frames.start + 1, len(frames), "looking for objects")
        return track.tracks(len(frames))


def frame_difference(frame: Frame, other: Frame) -> Map:
    """How much gray levels change, h x w."""
    a, b = (gray_of(x).astype(np.float32) for x in (frame, other))
    return _smooth(np.abs(a - b))


def flow_magnitude(frame: Frame, other: Frame) -> Map:
    """How far pixels move apart from the global motion, h x w pixels: DIS flow less a homography
    that most of it agrees with.
    """
    flow = DenseFlow(FAST).between(gray_of(frame), gray_of(other))
    apart = np.linalg.norm(flow - global_motion(flow), axis=-1)
    return _smooth(apart.astype(np.float32))


def global_motion(flow: Flow) -> Flow:
    """The motion of the camera, H x W x 2: a homography fitted to a flow (RANSAC)."""
    height, width = flow.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    place = np.stack([x, y], -1)
    points = place[::GRID, ::GRID].reshape(-1, 2)
    targets = points + flow[::GRID, ::GRID].reshape(-1, 2)
    # The seed belongs to this thread; without it the points are drawn at random.
    cv2.setRNGSeed(0)
    matrix = cv2.findHomography(points, targets, cv2.RANSAC, REACH)[0]
    if matrix is None:
        return np.broadcast_to(np.median(flow, (0, 1)), flow.shape).astype(np.float32)
    moved = cv2.perspectiveTransform(place.reshape(1, -1, 2), matrix)
    return np.asarray(moved.reshape(height, width, 2) - place, np.float32)


BASELINES: dict[str, Callable[[], Discoverer]] = {
    "center-box": CenterBox,
    "frame-difference": lambda: MotionBaseline(frame_difference),
    "flow-magnitude": lambda: MotionBaseline(flow_magnitude),
    "saliency": lambda: StandsOut(ranked_saliency),
    "class-activation": _classes,
}
"""By their names in tables."""
WITH_BACKBONE = frozenset({"class-activation"})
"""Those that need the ImageNet backbone (ADR 0032)."""


def _working_size(height: int, width: int) -> tuple[int, int]:
    scale = min(1.0, SHORT_SIDE / min(height, width))
    return max(1, round(height * scale)), max(1, round(width * scale))


def _small(frame: Frame) -> Frame:
    height, width = _working_size(*frame.shape[:2])
    return cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA)  # type: ignore[return-value]


def _smooth(plane: Map) -> Map:
    sigma = max(0.5, SMOOTH * min(plane.shape))
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), sigma), np.float32)
