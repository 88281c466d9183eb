"""Target models: where each object is by its looks alone, learned along the walk (ADR 0038).

A matched cell says which memory cell it resembles; a target model says what tells an object from
everything else on its frames. It is learned on frozen features (the idea of Robinson et al. 2020,
FRTM, and Bhat et al. 2020, LWL), and its score is one more term beside what was read, never an
answer of its own.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from core.memory.bank import MemoryFrame
from core.tracking.config import TargetConfig
from core.tracking.target.state import sums_from_arrays, sums_to_arrays
from core.tracking.target.sums import (
    Sums,
    cells_of,
    planes_at,
    reweighed,
    solved,
    sums_of,
    walked_on,
)
from core.tracking.target.trust import kept_at, trust
from core.types import Arrays


class TargetModels:
    """The target models of all objects; a function of the keyframes and of the walk so far.

    What keyframes say is kept as long as they are there, with every cell of their background;
    what walked frames say counts by its confidence and is forgotten bit by bit. An object has a
    model while a keyframe shows it, and shows that it is not too thin for one.
    """

    def __init__(self, config: TargetConfig) -> None:
        self._config = config
        self._keyframes: dict[int, dict[int, Sums]] = {}
        self._kept: dict[int, dict[int, float]] = {}
        self._walked: dict[int, Sums] = {}

    def add_keyframe(self, keyframe: MemoryFrame, features: Tensor) -> None:
        """Learn what a keyframe asserts of each of its objects; replaces one of the same frame.

        Args:
            keyframe: `soft` with void as no part of anything. An object that it asserts without
                any cell is absent: all cells are negative. Of others it says nothing.
            features: D x h' x w' of its frame; their size divides that of `soft`.
        """
        cells, size = cells_of(features), (features.shape[1], features.shape[2])
        inside = planes_at(keyframe.soft, size)
        stated, balance = inside.sum(0).clamp(max=1), self._config.balance
        self._keyframes[keyframe.frame_index] = {
            object_id: sums_of(cells, plane, stated, balance=balance)
            for object_id, plane in zip(keyframe.object_ids, inside[1:], strict=True)
        }
        self._kept[keyframe.frame_index] = {
            object_id: kept_at(plane, size)
            for object_id, plane in zip(keyframe.object_ids, keyframe.soft[1:], strict=True)
            if plane.any()
        }

    def remove_keyframe(self, frame_index: int) -> None:
        """Forget a keyframe; nothing happens where there is none."""
        self._keyframes.pop(frame_index, None)
        self._kept.pop(frame_index, None)

    def start(self) -> None:
        """Begin a walk: forget all walked frames."""
        self._walked = {}

    def reweighed(self, joint: Tensor, features: Tensor, object_ids: tuple[int, ...]) -> Tensor:
        """What was read of a frame, with the models' scores as one more term.

        Args:
            joint: K x h x w probabilities, 0..1.
            features: D x h' x w' of the frame.
            object_ids: of the K objects.

        Returns:
            K x h x w probabilities; as they were where no object has a model.
        """
        if not any(self._has_model(object_id) for object_id in object_ids):
            return joint
        scores = self.scores(features, object_ids)
        size = (joint.shape[1], joint.shape[2])
        fine = F.interpolate(scores[None], size=size, mode="bilinear", align_corners=False)[0]
        return reweighed(joint, fine, gain=self._config.gain)

    def scores(self, features: Tensor, object_ids: tuple[int, ...]) -> Tensor:
        """K x h' x w' from -1 (something else) to 1 (the object); 0 for one without a model.

        Each is multiplied with what its object's model is trusted (`target.trust`).
        """
        cells = cells_of(features)
        planes = cells.new_zeros(len(object_ids), *features.shape[1:])
        for row, object_id in enumerate(object_ids):
            if self._has_model(object_id):
                weights = solved(self._sums(object_id), ridge=self._config.ridge)
                scores = (weights @ cells).view(features.shape[1:]).clamp(-1, 1)
                planes[row] = scores * self._trust(object_id)
        return planes

    def learn(
        self,
        soft: Tensor,
        features: Tensor,
        object_ids: tuple[int, ...],
        confidence: Mapping[int, float],
    ) -> None:
        """Learn of the next frame of the walk.

        Args:
            soft: (1 + K) x h x w probabilities of what was answered, which sum to 1.
            features: D x h' x w' of the frame.
            object_ids: of the K objects.
            confidence: 0..1 of each object that is to be learned here; of others, and of those
                without a model, the walk says no more than before.
        """
        wanted = [i for i in object_ids if i in confidence and self._has_model(i)]
        if not wanted:
            return
        cells = cells_of(features)
        inside = planes_at(soft[1:], (features.shape[1], features.shape[2]))
        stated = torch.ones_like(cells[0])
        for object_id in wanted:
            plane, weight = inside[object_ids.index(object_id)], confidence[object_id]
            frame = sums_of(cells, plane, stated, balance=self._config.balance)
            before = self._walked.get(object_id)
            self._walked[object_id] = walked_on(before, frame, weight, config=self._config)

    def to_arrays(self) -> Arrays:
        """The walk so far, without any loss."""
        return sums_to_arrays(self._walked)

    def restore(self, arrays: Mapping[str, NDArray[np.generic]], device: torch.device) -> None:
        """Go on with a walk; the keyframes must be the same.

        Raises:
            ValueError: the arrays make no sense.
        """
        walked = sums_from_arrays(arrays, device)
        known = [one for sums in (*self._keyframes.values(), walked) for one in sums.values()]
        if len({one.answers.shape for one in known}) > 1:
            msg = "The saved walk's target models are of other features than the keyframes'."
            raise ValueError(msg)
        self._walked = walked

    def _has_model(self, object_id: int) -> bool:
        return self._trust(object_id) > 0

    def _trust(self, object_id: int) -> float:
        ordered = (self._kept[index] for index in sorted(self._kept))
        return trust([kept[object_id] for kept in ordered if object_id in kept], self._config)

    def _sums(self, object_id: int) -> list[Sums]:
        """What is known of an object: keyframes by their index, so that order is no matter."""
        ordered = [self._keyframes[index] for index in sorted(self._keyframes)]
        found = [sums[object_id] for sums in ordered if object_id in sums]
        walked = self._walked.get(object_id)
        return found if walked is None else [*found, walked]
