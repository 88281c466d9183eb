"""What a keyframe asserts of its objects, in cells of the features."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.types import Keyframe


def label_probabilities(keyframe: Keyframe, size: tuple[int, int]) -> NDArray[np.float32]:
    """(1 + n) x h x w: the part of each cell that background and asserted objects cover."""
    masks = [keyframe.label_map == label for label in (0, *keyframe.object_ids)]
    planes = [
        cv2.resize(mask.astype(np.float32), size[::-1], interpolation=cv2.INTER_AREA)
        for mask in masks
    ]
    return np.stack(planes).astype(np.float32)


def overruled(soft: Tensor, object_ids: tuple[int, ...], keyframe: Keyframe) -> Tensor:
    """Probabilities (1 + K) x h x w in which a keyframe's objects are as it asserts them."""
    own = torch.from_numpy(label_probabilities(keyframe, (soft.shape[1], soft.shape[2]))).to(soft)
    result = soft.clone()
    covered = torch.zeros_like(soft[0])
    for index, object_id in enumerate(keyframe.object_ids):
        if object_id in object_ids:
            result[1 + object_ids.index(object_id)] = own[1 + index]
        covered += own[1 + index]
    others = [1 + i for i, o in enumerate(object_ids) if o not in keyframe.object_ids]
    result[others] = torch.minimum(result[others], (1 - covered).clamp(min=0))
    result[0] = (1 - result[1:].sum(0)).clamp(min=0)
    return result
