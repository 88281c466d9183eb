"""Boxes on many frames, as trackers and annotation files have them, to masks: a job."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from core.jobs import CancelToken, Progress
from core.prompts.request import BoxPrompt, PromptMethod, SegmentRequest
from core.prompts.segment import segment
from core.types import Keyframe

if TYPE_CHECKING:
    from core.media.annotations.values import Box
    from core.prompts.request import FrameFeatures
    from core.types import Frame


def boxes_to_keyframes(
    boxes: Sequence[Box],
    token: CancelToken,
    *,
    read: Callable[[int], Frame],
    describe: Callable[[Frame], FrameFeatures] | None = None,
    method: PromptMethod = PromptMethod.AUTO,
) -> Iterator[Progress | Keyframe]:
    """Answer each box; a frame's masks make one keyframe.

    Where masks meet, the smaller box has the pixel: it is more often in front.

    Args:
        boxes: in any order; of two boxes for one object on one frame the last one counts.
        token: looked at before each box.
        read: gives a frame by its index.
        describe: gives a frame's features; None goes without.
        method: how boxes are answered.

    Yields:
        A `Progress` in boxes before each frame and at the end, and a `Keyframe` for each frame
        with boxes, ascending; it asserts the objects that have a box there.

    Raises:
        PromptError: a box without area.
        Cancelled: by the token.
    """
    frames: dict[int, dict[int, Box]] = {}
    for box in boxes:
        frames.setdefault(box.frame_index, {})[box.object_id] = box
    done, total = 0, sum(map(len, frames.values()))
    for index in sorted(frames):
        yield Progress(done, total, "masks from boxes")
        frame = read(index)
        features = None if describe is None else describe(frame)
        label_map = np.zeros(frame.shape[:2], np.uint8)
        for box in sorted(frames[index].values(), key=_area):
            token.check()
            request = SegmentRequest(
                frame,
                box=BoxPrompt((box.left, box.top, box.right, box.bottom)),
                protected=label_map > 0,
                features=features,
                method=method,
            )
            label_map[segment(request)] = box.object_id
            done += 1
        yield Keyframe(index, tuple(sorted(frames[index])), label_map)
    yield Progress(done, total, "masks from boxes")


def _area(box: Box) -> float:
    return (box.right - box.left) * (box.bottom - box.top)
