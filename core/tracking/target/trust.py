"""How much a target model may say of an object: what of its outline its coarse cells can hold.

Features have cells of eight pixels. Of what is thin, no cell is the object's whole: its model
learns the background's looks along with its own, and its score eats the object away. Whether an
object is such a one shows at its keyframes, where its mask is known.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor

from core.tracking.config import TargetConfig


def kept_at(plane: Tensor, size: tuple[int, int]) -> float:
    """Intersection over union, 0..1, of a mask and of what is left of it in coarser cells.

    Args:
        plane: h x w, 0..1; the mask is where it exceeds a half.
        size: of the coarser cells, h' x w'; they are brought back by bilinear interpolation.
    """
    whole = plane[None, None]
    coarse = F.interpolate(whole, size=size, mode="area")
    again = F.interpolate(coarse, size=plane.shape, mode="bilinear", align_corners=False)
    before, after = whole > 0.5, again > 0.5
    union = int((before | after).sum())
    return int((before & after).sum()) / union if union else 0.0


def trust(kept: Sequence[float], config: TargetConfig) -> float:
    """What a score is multiplied with, 0..1.

    Args:
        kept: `kept_at` of each keyframe that shows the object; their mean counts.
        config: `frail` and `sturdy` count.
    """
    if not kept:
        return 0.0
    mean = sum(kept) / len(kept)
    return min(1.0, max(0.0, (mean - config.frail) / (config.sturdy - config.frail)))
