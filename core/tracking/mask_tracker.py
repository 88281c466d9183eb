"""What trackers share that find each object's mask by itself, and judge all of them in cells.

A step looks at the frame, finds masks, lets them compete (`core.ops.aggregate`), judges them, and
remembers the frame. Systems say how masks are found and what is remembered.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.ops.aggregate import aggregate
from core.tracking.asserted import overruled
from core.tracking.contract import FeatureStore, StepResult
from core.tracking.drawn import DrawnFrames, Given
from core.tracking.judging.judge import Judge, Judgment, Reading
from core.tracking.looks import Looks, SomeLook
from core.tracking.padded import bilinear_labels, in_cells
from core.tracking.walk_state import direction_of, pack, unpack
from core.types import Arrays, Direction, Frame, Keyframe, LabelMap


@dataclass(frozen=True, slots=True)
class Scene(Generic[SomeLook, Given]):
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
    look: SomeLook
    object_ids: tuple[int, ...]
    shown: tuple[int, ...]
    given: Given | None
    asserted: dict[int, Tensor]


class MaskTracker(ABC, Generic[SomeLook, Given]):
    """A tracker by masks of objects; see `core.tracking.contract.Tracker`."""

    def __init__(
        self, looks: Looks[Any, SomeLook], keyframes: DrawnFrames[Given], judge: Judge
    ) -> None:
        """Make a tracker.

        Args:
            looks: makes looks of frames.
            keyframes: none yet.
            judge: of the system's weights.
        """
        self._looks = looks
        self._drawn = keyframes
        self._judge = judge
        self._direction = Direction.FORWARD

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
        given = self._given_by(keyframe, self._looks.at(keyframe.frame_index, frame))
        self._drawn.add(given)
        self._replaced(keyframe.frame_index)
        self._judge.add_keyframe(given.probed)

    def remove_keyframe(self, frame_index: int) -> None:
        """See `Tracker.remove_keyframe`; a saved walk still has what it saw there."""
        self._drawn.remove(frame_index)
        self._judge.remove_keyframe(frame_index)

    def start(self, direction: Direction) -> None:
        """See `Tracker.start`."""
        self._begin()
        self._judge.start()
        self._direction = direction

    @torch.inference_mode()
    def step(self, frame_index: int, frame: Frame, object_ids: tuple[int, ...]) -> StepResult:
        """See `Tracker.step`."""
        scene = self._scene(frame_index, frame, object_ids)
        objects = self._segment(scene)
        soft = aggregate(objects)
        judgment = self._judged(scene, objects, soft)
        gone = [row for row, i in enumerate(scene.shown) if i in judgment.absent]
        if gone:
            objects[gone] = 0
            soft = aggregate(objects)
        if scene.shown:
            self._remember(scene, soft, judgment)
        return self._answer(scene, soft, judgment)

    def render(
        self, probabilities: NDArray[np.float32], frame: Frame, object_ids: tuple[int, ...]
    ) -> LabelMap:
        """See `Tracker.render`: bilinear, and the most probable label wins."""
        return bilinear_labels(probabilities, frame.shape[:2], object_ids)

    def save_state(self) -> bytes:
        """See `Resumable.save_state`."""
        arrays: Arrays = {"direction": np.array(self._direction.value)}
        return pack(arrays | self._walk_arrays() | self._judge.to_arrays())

    def load_state(self, state: bytes) -> None:
        """See `Resumable.load_state`."""
        arrays = unpack(state)
        self.start(direction_of(arrays))
        self._restore(arrays)
        self._judge.restore(arrays)

    @abstractmethod
    def _given_by(self, keyframe: Keyframe, look: SomeLook) -> Given:
        """What a keyframe contributes."""

    @abstractmethod
    def _replaced(self, frame_index: int) -> None:
        """Forget what the walk saw on a keyframe that is given anew."""

    @abstractmethod
    def _begin(self) -> None:
        """Forget the walk."""

    @abstractmethod
    def _segment(self, scene: Scene[SomeLook, Given]) -> Tensor:
        """K x h x w masks of objects apart, 0..1; all 0 for those that nothing is known of.

        They may be smaller than the image, by a whole number.
        """

    @abstractmethod
    def _remember(self, scene: Scene[SomeLook, Given], soft: Tensor, judgment: Judgment) -> None:
        """Remember a frame that shows objects, from (1 + K) x h x w probabilities."""

    @abstractmethod
    def _sought_in(self, look: SomeLook) -> Tensor:
        """C x h x w, the frame's cells as the judge searches them."""

    @abstractmethod
    def _far(
        self, look: SomeLook, object_ids: tuple[int, ...]
    ) -> tuple[Tensor, dict[int, tuple[int, ...]]]:
        """What keyframes alone say of a frame, and which of them know each object.

        Returns:
            K x h x w shares of cells, 0 for objects that none knows, and frame indices by object.
        """

    @abstractmethod
    def _walk_arrays(self) -> Arrays:
        """All that the walk knows."""

    @abstractmethod
    def _restore(self, arrays: Mapping[str, NDArray[np.generic]]) -> None:
        """Go on with a walk; `ValueError` where an array is missing."""

    def _scene(
        self, frame_index: int, frame: Frame, object_ids: tuple[int, ...]
    ) -> Scene[SomeLook, Given]:
        look, given = self._looks.at(frame_index, frame), self._drawn.get(frame_index)
        shown, asserted = self._drawn.shown(object_ids), dict[int, Tensor]()
        if given is not None:
            masks, _ = look.asserted(given.keyframe)
            pairs = zip(given.keyframe.object_ids, masks, strict=True)
            asserted = {i: mask for i, mask in pairs if i in shown}
        return Scene(frame_index, look, object_ids, shown, given, asserted)

    def _judged(self, scene: Scene[SomeLook, Given], objects: Tensor, soft: Tensor) -> Judgment:
        """What confidence and absence the frame speaks for, from planes of cells.

        Args:
            scene: the frame.
            objects: see `_segment`.
            soft: (1 + K) x h x w, these aggregated.
        """
        look = scene.look
        width = look.cells[1]
        cells = in_cells(soft[1:], soft.shape[-1] // width)
        joint = look.image.new_zeros(len(scene.object_ids), *look.cells)
        for row, object_id in enumerate(scene.shown):
            plane = cells[row]
            if object_id in scene.asserted and not bool(objects[row].any()):
                drawn = scene.asserted[object_id]
                plane = in_cells(drawn, drawn.shape[-1] // width)
            joint[scene.object_ids.index(object_id)] = plane
        far, sources = self._far(look, scene.object_ids)
        reading = Reading(joint, far, joint, sources)
        return self._judge.judge(scene.index, self._sought_in(look), reading, scene.object_ids)

    def _answer(
        self, scene: Scene[SomeLook, Given], soft: Tensor, judgment: Judgment
    ) -> StepResult:
        ids, seen = scene.object_ids, scene.look.padding.crop(soft).cpu()
        answer = seen.new_zeros(1 + len(ids), *seen.shape[1:])
        answer[[0, *(1 + ids.index(i) for i in scene.shown)]] = seen
        if scene.given is not None:
            answer = overruled(answer, ids, scene.given.keyframe)
            judgment = self._judge.overrule(judgment, scene.index, answer)
        return StepResult(answer.numpy(), ids, judgment.confidence, judgment.absent)


def corrected(masks: Tensor, asserted: Mapping[int, Tensor], shown: Sequence[int]) -> Tensor:
    """K x H x W masks in which some objects are as a user asserts them, above all others."""
    covered = torch.stack(list(asserted.values())).sum(0) > 0.5
    result = torch.where(covered, 0, masks)
    for object_id, mask in asserted.items():
        result[shown.index(object_id)] = mask
    return result
