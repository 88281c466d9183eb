"""Boxes of many frames become keyframes."""

from __future__ import annotations

import numpy as np
import pytest

from core.jobs import Cancelled, CancelToken, Progress
from core.media.annotations.values import Box
from core.prompts.boxes import boxes_to_keyframes
from core.types import Keyframe


def box(frame_index, object_id, center, radius):
    x, y = center
    return Box(frame_index, object_id, x - radius, y - radius, x + radius, y + radius)


def test_boxes_become_keyframes(disk, scene, iou):
    first, second = disk((120, 200), (50, 60), 30), disk((120, 200), (150, 60), 20)
    frames = {3: scene(first | second), 7: scene(second)}
    boxes = [box(7, 2, (150, 60), 20), box(3, 1, (50, 60), 30), box(3, 2, (150, 60), 20)]
    steps = list(boxes_to_keyframes(boxes, CancelToken(), read=frames.__getitem__))
    keyframes = [step for step in steps if isinstance(step, Keyframe)]
    assert [(k.frame_index, k.object_ids) for k in keyframes] == [(3, (1, 2)), (7, (2,))]
    assert iou(keyframes[0].label_map == 1, first) > 0.85
    assert iou(keyframes[0].label_map == 2, second) > 0.85
    assert steps[-1] == Progress(3, 3, "masks from boxes")


def test_the_smaller_box_has_the_pixels_where_boxes_meet(disk, scene):
    large = disk((120, 200), (100, 60), 50)
    boxes = [box(0, 1, (100, 60), 50), box(0, 2, (100, 60), 10)]
    steps = list(boxes_to_keyframes(boxes, CancelToken(), read=lambda _: scene(large)))
    label_map = next(step for step in steps if isinstance(step, Keyframe)).label_map
    assert (label_map == 2).any()
    assert (label_map == 1).any()
    assert not (label_map[:, :90] == 2).any()


def test_it_can_be_stopped(disk, scene):
    token = CancelToken()
    frame = scene(disk((60, 60), (30, 30), 10))
    steps = boxes_to_keyframes([box(0, 1, (30, 30), 10)], token, read=lambda _: frame)
    next(steps)
    token.cancel()
    with pytest.raises(Cancelled):
        list(steps)


def test_features_are_made_once_a_frame(disk, scene):
    seen = []
    frame = scene(disk((60, 60), (30, 30), 10))

    def describe(given):
        seen.append(given)
        from core.prompts.request import FrameFeatures

        return FrameFeatures(np.zeros((4, 15, 15), np.float16), 4)

    boxes = [box(0, 1, (30, 30), 10), box(0, 2, (10, 10), 5)]
    list(boxes_to_keyframes(boxes, CancelToken(), read=lambda _: frame, describe=describe))
    assert len(seen) == 1
