"""Inference: keyframes are a permanent memory, all else is memorized on the way."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.ops.aggregate import aggregate
from core.ops.anisotropic import as_memory
from core.systems.box_supervised.config import CALIBRATION, MemoryTrackingConfig
from core.systems.box_supervised.keyframes import Given, Keyframes, given_by
from core.systems.box_supervised.looks import Look, looks_of
from core.systems.box_supervised.model import MemoryNetwork
from core.systems.box_supervised.propagation import Propagation
from core.tracking.config import Calibration, ReadConfig
from core.tracking.judging.judge import Judge, Judgment
from core.tracking.mask_tracker import MaskTracker, Scene, corrected
from core.types import Arrays, Keyframe


class BoxSupervisedTracker(MaskTracker[Look, Given]):
    """Tracks with the memory network (ADR 0034 says how it meets the contract)."""

    def __init__(
        self,
        network: MemoryNetwork,
        config: MemoryTrackingConfig,
        device: torch.device,
        *,
        calibration: Calibration = CALIBRATION,
    ) -> None:
        """Make a tracker without keyframes.

        Args:
            network: ready for inference, on the device.
            config: working resolution and memory.
            device: where it computes.
            calibration: what cues are worth with these weights.
        """
        self._keyframes = Keyframes(config.top_k)
        judge = Judge(ReadConfig(config.top_k, 1.0), calibration)
        super().__init__(looks_of(network, config.short_side, device), self._keyframes, judge)
        self._network = network
        self._config = config
        self._device = device
        self._walk = Propagation(network, config.memory, top_k=config.top_k)
        self._memorized: int | None = None

    def _given_by(self, keyframe: Keyframe, look: Look) -> Given:
        return given_by(keyframe, look, network=self._network, config=self._config)

    def _replaced(self, frame_index: int) -> None:
        self._walk.stepped.pop(frame_index, None)

    def _begin(self) -> None:
        self._walk.start()
        self._memorized = None

    def _sought_in(self, look: Look) -> Tensor:
        keys = as_memory(look.key, look.shrinkage).T
        return torch.unflatten(keys, 1, look.cells).contiguous()

    def _far(
        self, look: Look, object_ids: tuple[int, ...]
    ) -> tuple[Tensor, dict[int, tuple[int, ...]]]:
        return self._keyframes.read_labels(look, object_ids)

    def _walk_arrays(self) -> Arrays:
        """Working, long-term and sensory memory."""
        arrays: Arrays = {}
        if self._memorized is not None:
            arrays["memorized"] = np.array(self._memorized)
        return arrays | self._walk.to_arrays()

    def _restore(self, arrays: Mapping[str, NDArray[np.generic]]) -> None:
        self._memorized = int(arrays["memorized"]) if "memorized" in arrays else None
        self._walk.restore(arrays, self._device)

    def _meet(self, scene: Scene[Look, Given]) -> frozenset[int]:
        """Let objects begin that the walk has not met, from the last keyframe that it has passed.

        Returns:
            Those that it had met before.
        """
        met = frozenset(self._walk.sensory)
        passed = self._keyframes.passed(scene.index, self._direction)
        for object_id in scene.shown:
            states = (given.sensory for given in passed)
            nearest = next((state for state in states if object_id in state), None)
            if nearest is not None:
                self._walk.begin({object_id: nearest[object_id]})
        if self._memorized is None and scene.shown:
            self._memorized = passed[0].keyframe.frame_index if passed else scene.index
        return met

    def _is_due(self, scene: Scene[Look, Given]) -> bool:
        """Whether a frame is to be memorized."""
        last = self._memorized
        late = last is not None and abs(scene.index - last) >= self._config.every
        return scene.given is not None or late

    def _segment(self, scene: Scene[Look, Given]) -> Tensor:
        """See `MaskTracker._segment`.

        Where a user asserts all of them nothing is looked for, and what begins here neither.
        """
        met = self._meet(scene)
        look, shown = scene.look, scene.shown
        planes = look.image.new_zeros(len(shown), *look.size)
        if set(shown) <= scene.asserted.keys():
            return planes
        permanent = self._keyframes.permanent(self._walk.stepped, but=scene.index)
        seen = (i for i in shown if i in met or i not in scene.asserted)
        known = tuple(i for i in seen if self._walk.memory.known(permanent, i))
        found = self._walk.segment(look, permanent, known, update=not self._is_due(scene))
        planes[[shown.index(i) for i in known]] = found
        return planes

    def _remember(self, scene: Scene[Look, Given], soft: Tensor, judgment: Judgment) -> None:
        """Remember a frame: one that a user has drawn on for good, as the walk sees it."""
        if not self._is_due(scene):
            return
        if scene.asserted:
            soft = aggregate(corrected(soft[1:], scene.asserted, scene.shown))
        tokens = self._walk.memorize(scene.look, scene.shown, soft[1:])
        self._memorized = scene.index
        if scene.given is not None:
            if len(scene.given.tokens) == len(tokens):
                self._walk.stepped[scene.index] = tokens
            return
        certain = [i for i in scene.shown if i not in judgment.doubtful]
        if certain:
            self._walk.memory.add(tokens.of_objects(certain))
