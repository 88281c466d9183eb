"""Operations on label maps."""

from __future__ import annotations

import numpy as np

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
