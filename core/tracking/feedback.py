"""What of a frame's answer later frames read: sharpened, and in part moved onto the frame's edges.

Labels that are read from memory are wider and paler than what was read, and the next frame reads
them again. Left alone that is most of the drift of a walk. Sharpening takes the paleness away;
following the edges of the frame takes the shift away, but erodes what is thinner than the filter
sees. How an object stands the filter shows at its keyframes, where its true mask is known.
"""

from __future__ import annotations

import torch
from torch import Tensor

from core.memory.bank import MemoryFrame
from core.ops.guided import GuidedConfig, guided_probabilities
from core.ops.probabilities import with_background
from core.ops.sharpen import sharpened
from core.tracking.config import FeedbackConfig
from core.tracking.judging.confidence import soft_iou
from core.types import Frame


class Feedback:
    """Makes labels ready for the memory; a function of the keyframes and the frame alone."""

    def __init__(self, config: FeedbackConfig) -> None:
        self._config = config
        self._overlaps: dict[int, dict[int, float]] = {}

    def add_keyframe(self, keyframe: MemoryFrame, small: Frame) -> None:
        """Learn how each object that it shows stands the filter.

        Args:
            keyframe: labels as the user has them; replaces one of the same frame.
            small: h' x w' x 3 uint8, its frame at working size.
        """
        filtered = self._guided(keyframe.soft, small)
        self._overlaps[keyframe.frame_index] = {
            object_id: soft_iou(keyframe.soft[row], filtered[row])
            for row, object_id in enumerate(keyframe.object_ids, start=1)
            if keyframe.soft[row].any()
        }

    def remove_keyframe(self, frame_index: int) -> None:
        """Forget a keyframe; nothing happens where there is none."""
        self._overlaps.pop(frame_index, None)

    def sharp(self, soft: Tensor) -> Tensor:
        """What is answered, and the unfiltered part of what is remembered: sharpened."""
        return sharpened(soft, self._config.power)

    def labels(
        self, soft: Tensor, sharp: Tensor, small: Frame, object_ids: tuple[int, ...]
    ) -> Tensor:
        """What is to be remembered of a frame.

        Args:
            soft: (1 + K) x h x w probabilities as they were read.
            sharp: the same, sharpened.
            small: h' x w' x 3 uint8, the frame at working size.
            object_ids: of the K objects.

        Returns:
            (1 + K) x h x w probabilities that sum to 1.
        """
        weights = torch.tensor([self._weight(i) for i in object_ids]).view(-1, 1, 1).to(soft)
        if not weights.any():
            return sharp
        rows = [0, *(1 + row for row, weight in enumerate(weights.flatten()) if weight)]
        filtered = sharp.clone()
        filtered[rows] = self._guided(soft[rows], small)
        return with_background(torch.lerp(sharp[1:], filtered[1:], weights))

    def _guided(self, soft: Tensor, small: Frame) -> Tensor:
        """Labels on the frame's edges, each object with the mass that it had."""
        planes = guided_probabilities(soft[1:].cpu().numpy(), small, GuidedConfig())
        objects = torch.from_numpy(planes).to(soft)
        return sharpened(torch.cat([soft[:1], objects]), self._config.power, like=soft)

    def _weight(self, object_id: int) -> float:
        """Share of filtered labels in an object's memory, 0 to `FeedbackConfig.guided`."""
        # In the order of the video: sums must not tell in which order keyframes came.
        overlaps = [self._overlaps[index] for index in sorted(self._overlaps)]
        seen = [known[object_id] for known in overlaps if object_id in known]
        if not seen:
            return 0.0
        config = self._config
        stands = (sum(seen) / len(seen) - config.frail) / (config.sturdy - config.frail)
        return config.guided * min(1.0, max(0.0, stands))
