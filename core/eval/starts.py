"""What a benchmark begins with: true masks, their boxes, or masks that are made of these boxes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING

from core.data.mask_boxes import boxes_in, filled
from core.engine.densify.job import feature_reader
from core.jobs import CancelToken
from core.media.annotations.values import Box
from core.prompts.boxes import boxes_to_keyframes
from core.types import Keyframe

if TYPE_CHECKING:
    from core.media.video import VideoSource
    from core.tracking.contract import TrackerRequest


class Start(Enum):
    """How the objects of a sequence are given to a system."""

    MASK = "mask"
    """As their true masks."""
    BOX = "box"
    """As the boxes around these, filled: what a network gets that takes boxes for masks."""
    PROMPT = "prompt"
    """As masks that are made of the boxes alone, as for somebody who draws boxes in the window."""


def started(
    keyframes: Sequence[Keyframe],
    start: Start,
    *,
    video: VideoSource,
    tracker: TrackerRequest,
    token: CancelToken,
    whole: Collection[int] = (),
) -> tuple[Keyframe, ...]:
    """Keyframes with true masks as a system is given them.

    Args:
        keyframes: with true masks.
        start: how.
        video: their frames.
        tracker: whose features answer boxes, where it has some.
        token: stops answering.
        whole: frame indices of those that stay as they are, since somebody corrected them.

    Raises:
        VosError: of the kinds that loading features names.
        Cancelled: by the token.
    """
    if start is Start.MASK:
        return tuple(keyframes)
    own = [k for k in keyframes if k.frame_index not in whole]
    if start is Start.BOX:
        made = [replace(k, label_map=filled(k.label_map)) for k in own]
    else:
        made = _answered(own, video, tracker, token)
    changed = {k.frame_index: k for k in made}
    return tuple(changed.get(k.frame_index, k) for k in keyframes)


def _answered(
    keyframes: Sequence[Keyframe], video: VideoSource, tracker: TrackerRequest, token: CancelToken
) -> list[Keyframe]:
    boxes = [
        Box(k.frame_index, object_id, *corners)
        for k in keyframes
        for object_id, corners in boxes_in(k.label_map).items()
    ]
    job = boxes_to_keyframes(boxes, token, read=video.frame, describe=feature_reader(tracker))
    masks = {k.frame_index: k.label_map for k in job if isinstance(k, Keyframe)}
    return [replace(k, label_map=masks.get(k.frame_index, k.label_map)) for k in keyframes]
