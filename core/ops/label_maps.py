"""Operations on label maps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.types import VOID, Keyframe, LabelMap


def merge_keyframe(label_map: LabelMap, keyframe: Keyframe) -> LabelMap:
    """A keyframe's statement over a propagated label map, both H x W.

    Pixels of asserted objects are the keyframe's; objects it says nothing of stay where the
    keyframe leaves background; void counts as background.
    """
    asserted = np.isin(label_map, keyframe.object_ids)
    rest = np.where(asserted, 0, label_map)
    own = np.where(keyframe.label_map == VOID, 0, keyframe.label_map)
    return np.where(own > 0, own, rest).astype(np.uint8)


def asserted_map(keyframe: Keyframe) -> LabelMap:
    """A keyframe's label map with void as background, as results show it."""
    return np.where(keyframe.label_map == VOID, 0, keyframe.label_map).astype(np.uint8)


def absent_ids(keyframe: Keyframe) -> frozenset[int]:
    """The objects that a keyframe asserts to be absent: asserted, and without a pixel."""
    return frozenset(keyframe.object_ids) - {int(i) for i in np.unique(keyframe.label_map)}


def one_hot(label_map: LabelMap, object_ids: tuple[int, ...]) -> NDArray[np.float32]:
    """(1 + K) x H x W float32: 1 where a pixel is background or the object, background first."""
    planes = [label_map == object_id for object_id in object_ids]
    background = ~np.logical_or.reduce(planes) if planes else np.ones(label_map.shape, bool)
    return np.stack([background, *planes]).astype(np.float32)


def largest_label(probabilities: NDArray[np.float32], object_ids: tuple[int, ...]) -> LabelMap:
    """H x W uint8: the most probable label; ties go to the background, then the lower."""
    labels: LabelMap = np.array([0, *object_ids], np.uint8)[probabilities.argmax(0)]
    return labels
