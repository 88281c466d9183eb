"""How tracked masks agree with drawn boxes: what is validated on where nobody drew masks.

Each object begins as its filled box on the first frame on which it is seen, and is carried forward;
on each later frame with boxes the tight box of its mask is compared with the drawn one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.data.box_tables import DrawnBox
from core.data.dense_labels import agreement
from core.engine.densify.plan import find_clips
from core.engine.propagate import PropagationRequest, propagate
from core.engine.registry import build_tracker
from core.jobs import CancelToken, Job, Progress
from core.media.annotations.rectangles import area_of, clipped
from core.media.video import VideoSource, open_video
from core.tracking.contract import Tracker, TrackerRequest
from core.types import Direction, FrameResult, Keyframe, LabelMap

Boxes = tuple[DrawnBox, ...]


@dataclass(frozen=True, slots=True)
class ClipAgreement:
    """One clip.

    Attributes:
        overlaps: IoU 0..1 of tight and drawn box, of each object on each frame where it is seen.
        gone: of each object on each frame where it is not visible, whether its mask is gone.
    """

    overlaps: tuple[float, ...]
    gone: tuple[bool, ...]

    @property
    def mean(self) -> float:
        """The mean overlap; NaN where nothing was compared."""
        return float(np.mean(self.overlaps)) if self.overlaps else float("nan")


@dataclass(frozen=True, slots=True)
class Agreement:
    """All clips, by name."""

    clips: Mapping[str, ClipAgreement]

    @property
    def mean(self) -> float:
        """The mean over clips of their mean overlaps; NaN where nothing was compared."""
        means = [clip.mean for clip in self.clips.values() if clip.overlaps]
        return float(np.mean(means)) if means else float("nan")

    def table(self) -> str:
        """A line a clip, and one for all."""
        lines = [f"{c.mean:.4f}  {len(c.overlaps):3}  {name}" for name, c in self.clips.items()]
        gone = [g for clip in self.clips.values() for g in clip.gone]
        absent = f"; {sum(gone)} of {len(gone)} absent objects are gone" if gone else ""
        return "\n".join([*lines, f"{self.mean:.4f}  mean of {len(lines)} clips{absent}"])


def box_agreement(
    boxes: Mapping[str, Boxes], videos: Path, tracker: TrackerRequest, token: CancelToken
) -> Job[Agreement]:
    """Track all clips of a table and compare with its boxes.

    Args:
        boxes: of each clip (`core.data.box_tables.read_box_table`).
        videos: folder with the clips.
        tracker: the system and its weights.
        token: is looked at before each frame.

    Yields:
        A `Progress` after each clip.

    Raises:
        DatasetError: a video is missing, or there twice.
        VosError: of the kinds that `build_tracker` and `propagate` name.
        Cancelled: by the token.
    """
    found = find_clips(boxes, videos)
    clips = dict[str, ClipAgreement]()
    for clip, drawn in boxes.items():
        with open_video(found[clip]) as video:
            clips[clip] = clip_agreement(video, drawn, build_tracker(tracker), token)
        yield Progress(len(clips), len(boxes), f"{clip}: {clips[clip].mean:.4f}")
    return Agreement(clips)


def clip_agreement(
    video: VideoSource, boxes: Boxes, tracker: Tracker, token: CancelToken
) -> ClipAgreement:
    """Track one clip from the first box of each object on; arguments as of `box_agreement`."""
    keyframes = start_keyframes(boxes, (video.info.height, video.info.width))
    begun = {i: k for k in keyframes for i in k.object_ids}
    later = [b for b in boxes if b.object_id in begun]
    later = [b for b in later if b.frame_index > begun[b.object_id].frame_index]
    if not later:
        return ClipAgreement((), ())
    stop = min(video.info.frame_count, 1 + max(box.frame_index for box in later))
    request = PropagationRequest(keyframes, keyframes[0].frame_index, stop, (Direction.FORWARD,))
    overlaps, gone = list[float](), list[bool]()
    for item in propagate(video, tracker, request, token):
        if isinstance(item, FrameResult):
            for box in (b for b in later if b.frame_index == item.frame_index):
                first = begun[box.object_id].label_map == box.object_id
                mask = item.label_map == box.object_id
                agrees = agreement(mask, box.corners, begun=int(first.sum()))
                overlaps += [agrees] if box.corners else []
                gone += [] if box.corners else [bool(agrees)]
    return ClipAgreement(tuple(overlaps), tuple(gone))


def start_keyframes(boxes: Boxes, size: tuple[int, int]) -> tuple[Keyframe, ...]:
    """Keyframes with the filled box of each object where it is first seen, by frame.

    Args:
        boxes: of a clip, by frame.
        size: H and W of its frames.
    """
    starts = dict[int, DrawnBox]()
    for box in sorted(boxes, key=lambda box: box.frame_index):
        if box.corners and clipped(box.corners, size[1], size[0]):
            starts.setdefault(box.object_id, box)
    frames = sorted({box.frame_index for box in starts.values()})
    found = []
    for frame in frames:
        begun = [box for box in starts.values() if box.frame_index == frame]
        ids = tuple(sorted(box.object_id for box in begun))
        found.append(Keyframe(frame, ids, filled_map(begun, size)))
    return tuple(found)


def filled_map(boxes: Sequence[DrawnBox], size: tuple[int, int]) -> LabelMap:
    """Label map of filled boxes, smaller ones above larger ones."""
    label_map = np.zeros(size, np.uint8)
    cut = [(clipped(b.corners, size[1], size[0]), b.object_id) for b in boxes if b.corners]
    areas = [(area_of(c), c, object_id) for c, object_id in cut if c]
    for _, (left, top, right, bottom), object_id in sorted(areas, reverse=True):
        rows = slice(int(top), max(int(top) + 1, round(bottom)))
        label_map[rows, int(left) : max(int(left) + 1, round(right))] = object_id
    label_map.flags.writeable = False
    return label_map
