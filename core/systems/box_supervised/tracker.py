"""Inference: keyframes are a permanent memory, all else is memorized on the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.ops.aggregate import aggregate
from core.ops.anisotropic import as_memory
from core.systems.box_supervised.config import CALIBRATION, STRIDE, MemoryTrackingConfig
from core.systems.box_supervised.keyframes import Given, Keyframes, given_by
from core.systems.box_supervised.looks import Look, Looks
from core.systems.box_supervised.model import MemoryNetwork
from core.systems.box_supervised.propagation import Propagation
from core.tracking.asserted import overruled
from core.tracking.config import Calibration, ReadConfig
from core.tracking.contract import FeatureStore, StepResult
from core.tracking.judging.judge import Judge, Judgment, Reading
from core.tracking.padded import bilinear_labels, in_cells
from core.tracking.walk_state import direction_of, pack, unpack
from core.types import Arrays, Direction, Frame, Keyframe, LabelMap


@dataclass(frozen=True, slots=True)
class _Scene:
    """A frame of the walk, and who is on it.

    Attributes:
        index: of the frame.
        look: the frame as the network sees it.
        object_ids: those that are asked for.
        shown: those of them that some keyframe shows; of others nothing is known.
        given: the keyframe on this very frame.
        asserted: H x W masks that it asserts of those that are shown.
    """

    index: int
    look: Look
    object_ids: tuple[int, ...]
    shown: tuple[int, ...]
    given: Given | None
    asserted: dict[int, Tensor]


class BoxSupervisedTracker:
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
        self._network = network
        self._config = config
        self._device = device
        self._looks = Looks(network, config.short_side, device)
        self._keyframes = Keyframes(config.top_k)
        self._walk = Propagation(network, config.memory, top_k=config.top_k)
        self._judge = Judge(ReadConfig(config.top_k, 1.0), calibration)
        self._direction = Direction.FORWARD
        self._memorized: int | None = None

    @property
    def cues(self) -> Judge:
        """See `core.tracking.judging.sightings.Judged`."""
        return self._judge

    def keep_features(self, store: FeatureStore | None) -> None:
        """See `KeepsFeatures.keep_features`."""
        self._looks.features.store = store

    @torch.inference_mode()
    def add_keyframe(self, keyframe: Keyframe, frame: Frame) -> None:
        """See `Tracker.add_keyframe`."""
        look = self._looks.at(keyframe.frame_index, frame)
        given = given_by(keyframe, look, network=self._network, config=self._config)
        self._keyframes.add(given)
        self._walk.stepped.pop(keyframe.frame_index, None)
        self._judge.add_keyframe(given.probed)

    def remove_keyframe(self, frame_index: int) -> None:
        """See `Tracker.remove_keyframe`; a saved walk still has what it saw there."""
        self._keyframes.remove(frame_index)
        self._judge.remove_keyframe(frame_index)

    def start(self, direction: Direction) -> None:
        """See `Tracker.start`."""
        self._walk.start()
        self._judge.start()
        self._direction = direction
        self._memorized = None

    @torch.inference_mode()
    def step(self, frame_index: int, frame: Frame, object_ids: tuple[int, ...]) -> StepResult:
        """See `Tracker.step`."""
        scene = self._scene(frame_index, frame, object_ids)
        met = self._meet(scene)
        due = scene.given is not None or self._is_due(frame_index)
        objects = self._segment(scene, met, update=not due)
        soft = aggregate(objects)
        judgment = self._judged(scene, objects, soft)
        gone = [row for row, i in enumerate(scene.shown) if i in judgment.absent]
        if gone:
            objects[gone] = 0
            soft = aggregate(objects)
        if due and scene.shown:
            self._memorize(scene, soft, judgment)
        return self._answer(scene, soft, judgment)

    def render(
        self, probabilities: NDArray[np.float32], frame: Frame, object_ids: tuple[int, ...]
    ) -> LabelMap:
        """See `Tracker.render`: bilinear, and the most probable label wins."""
        return bilinear_labels(probabilities, frame.shape[:2], object_ids)

    def save_state(self) -> bytes:
        """See `Resumable.save_state`: working, long-term and sensory memory."""
        arrays: Arrays = {"direction": np.array(self._direction.value)}
        if self._memorized is not None:
            arrays["memorized"] = np.array(self._memorized)
        return pack(arrays | self._walk.to_arrays() | self._judge.to_arrays())

    def load_state(self, state: bytes) -> None:
        """See `Resumable.load_state`."""
        arrays = unpack(state)
        self.start(direction_of(arrays))
        self._memorized = int(arrays["memorized"]) if "memorized" in arrays else None
        self._walk.restore(arrays, self._device)
        self._judge.restore(arrays)

    def _scene(self, frame_index: int, frame: Frame, object_ids: tuple[int, ...]) -> _Scene:
        look, given = self._looks.at(frame_index, frame), self._keyframes.get(frame_index)
        shown, asserted = self._keyframes.shown(object_ids), dict[int, Tensor]()
        if given is not None:
            masks, _ = look.asserted(given.keyframe)
            pairs = zip(given.keyframe.object_ids, masks, strict=True)
            asserted = {i: mask for i, mask in pairs if i in shown}
        return _Scene(frame_index, look, object_ids, shown, given, asserted)

    def _meet(self, scene: _Scene) -> frozenset[int]:
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

    def _is_due(self, frame_index: int) -> bool:
        """Whether a frame is to be memorized."""
        last = self._memorized
        return last is not None and abs(frame_index - last) >= self._config.every

    def _segment(self, scene: _Scene, met: frozenset[int], *, update: bool) -> Tensor:
        """K x H x W masks of objects apart; empty for those that nothing is known of.

        Where a user asserts all of them nothing is looked for, and what begins here neither.
        """
        look, shown = scene.look, scene.shown
        planes = look.image.new_zeros(len(shown), *look.size)
        if set(shown) <= scene.asserted.keys():
            return planes
        permanent = self._keyframes.permanent(self._walk.stepped, but=scene.index)
        seen = (i for i in shown if i in met or i not in scene.asserted)
        known = tuple(i for i in seen if self._walk.memory.known(permanent, i))
        found = self._walk.segment(look, permanent, known, update=update)
        planes[[shown.index(i) for i in known]] = found
        return planes

    def _judged(self, scene: _Scene, objects: Tensor, soft: Tensor) -> Judgment:
        """What confidence and absence the frame speaks for, from planes of cells.

        Args:
            scene: the frame.
            objects: K x H x W, see `_segment`.
            soft: (1 + K) x H x W, these aggregated.
        """
        look, cells = scene.look, in_cells(soft[1:], STRIDE)
        joint = look.image.new_zeros(len(scene.object_ids), *look.cells)
        for row, object_id in enumerate(scene.shown):
            unseen = object_id in scene.asserted and not bool(objects[row].any())
            plane = in_cells(scene.asserted[object_id], STRIDE) if unseen else cells[row]
            joint[scene.object_ids.index(object_id)] = plane
        far, sources = self._keyframes.read_labels(look, scene.object_ids)
        keys = torch.unflatten(as_memory(look.key, look.shrinkage).T, 1, look.cells).contiguous()
        reading = Reading(joint, far, joint, sources)
        return self._judge.judge(scene.index, keys, reading, scene.object_ids)

    def _memorize(self, scene: _Scene, soft: Tensor, judgment: Judgment) -> None:
        """Remember a frame: one that a user has drawn on for good, as the walk sees it."""
        if scene.asserted:
            soft = aggregate(_corrected(soft[1:], scene.asserted, scene.shown))
        tokens = self._walk.memorize(scene.look, scene.shown, soft[1:])
        self._memorized = scene.index
        if scene.given is not None:
            if len(scene.given.tokens) == len(tokens):
                self._walk.stepped[scene.index] = tokens
            return
        certain = [i for i in scene.shown if i not in judgment.doubtful]
        if certain:
            self._walk.memory.add(tokens.of_objects(certain))

    def _answer(self, scene: _Scene, soft: Tensor, judgment: Judgment) -> StepResult:
        ids, seen = scene.object_ids, scene.look.padding.crop(soft).cpu()
        answer = seen.new_zeros(1 + len(ids), *seen.shape[1:])
        answer[[0, *(1 + ids.index(i) for i in scene.shown)]] = seen
        if scene.given is not None:
            answer = overruled(answer, ids, scene.given.keyframe)
            judgment = self._judge.overrule(judgment, scene.index, answer)
        return StepResult(answer.numpy(), ids, judgment.confidence, judgment.absent)


def _corrected(masks: Tensor, asserted: dict[int, Tensor], shown: Sequence[int]) -> Tensor:
    """K x H x W masks in which some objects are as a user asserts them, above all others."""
    covered = torch.stack(list(asserted.values())).sum(0) > 0.5
    result = torch.where(covered, 0, masks)
    for object_id, mask in asserted.items():
        result[shown.index(object_id)] = mask
    return result
