"""Labels are carried from memory to each frame by resemblance of keys.

Restricted attention over a memory bank (Lai et al. 2020, section 3; Zhu et al. 2020). A system that
tracks so brings what makes keys of a frame, an `Encode`, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.jobs import CancelToken, Job
from core.memory.bank import MemoryBank, MemoryFrame
from core.memory.bank_state import frames_from_arrays, frames_to_arrays
from core.memory.tokens import alike
from core.ops.guided import GuidedConfig, guided_labels
from core.tracking.adaptation.learning import AdaptConfig
from core.tracking.adaptation.video import FeatureSource, learn
from core.tracking.asserted import label_probabilities, overruled
from core.tracking.config import SEARCH_BYTES, Calibration, TrackingConfig
from core.tracking.contract import Adaptation, FeatureStore, Lesson, Refiner, StepResult
from core.tracking.feedback import Feedback
from core.tracking.found import FoundBefore
from core.tracking.judging.judge import Judge, Reading, without
from core.tracking.kept_features import FeatureCache
from core.tracking.searches import Searches
from core.tracking.sizes import shrunk
from core.tracking.target.model import TargetModels
from core.tracking.walk_state import pack, unpack
from core.types import Direction, Frame, Keyframe, LabelMap

Encode = Callable[[Frame], Tensor]
"""Keys C x h x w float32 of a frame at working size, on the device that is to match."""
EncodeBoth = Callable[[Frame], tuple[Tensor, Tensor]]
"""The same keys, and features D x h' x w' of the same frame that are not learned here; h' divides
h, w' divides w."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """What is kept of a frame, rounded to half precision.

    Attributes:
        keys: C x h x w.
        features: D x h' x w'; None where no target models are learned.
    """

    keys: Tensor
    features: Tensor | None = None

    @property
    def nbytes(self) -> int:
        """Bytes of both."""
        return sum(tensor.nbytes for tensor in self.named().values())

    def named(self) -> dict[str, Tensor]:
        """The tensors that there are, by name."""
        both = {"keys": self.keys, "features": self.features}
        return {name: tensor for name, tensor in both.items() if tensor is not None}

    @classmethod
    def from_named(cls, tensors: Mapping[str, Tensor]) -> Encoded:
        """What `named` was asked of."""
        return cls(tensors["keys"], tensors.get("features"))


class MatchingTracker:
    """Matches each frame with a memory bank of keyframes and recent frames.

    Keyframes are searched over the whole frame, so that objects that went out of the window, or
    out of sight, are found again, but what is near is preferred; other frames within a window.
    Probabilities stay at the size of the features; a guided filter takes them to the size of the
    frame.
    """

    def __init__(
        self,
        encode: Encode,
        config: TrackingConfig,
        device: torch.device,
        *,
        stride: int,
        calibration: Calibration,
        encode_both: EncodeBoth | None = None,
    ) -> None:
        """Make a tracker without keyframes.

        Args:
            encode: makes keys.
            config: working resolution and search.
            device: where `encode` leaves its keys.
            stride: pixels of a frame at working size to a cell of its keys.
            calibration: what cues are worth with these keys.
            encode_both: makes keys and features of a frame at once, in place of `encode`; with it
                target models are learned (`core.tracking.target`). None learns none.
        """
        self._encode = encode
        self._encode_both = encode_both
        self._target = None if encode_both is None else TargetModels(config.target)
        self._config = config
        self._device = device
        self._stride = stride
        self._bank = MemoryBank(recent=config.recent, anchors=config.anchors)
        self._judge = Judge(config.reading, calibration)
        self._feedback = Feedback(config.feedback)
        names = ("keys",) if encode_both is None else ("keys", "features")
        self._known = FeatureCache(Encoded, names, device)
        self._found = FoundBefore(SEARCH_BYTES)
        self._keyframes: dict[int, Keyframe] = {}
        self._step = 0

    def keep_features(self, store: FeatureStore | None) -> None:
        """See `KeepsFeatures.keep_features`."""
        self._known.store = store

    @property
    def cues(self) -> Judge:
        """See `core.tracking.judging.sightings.Judged`."""
        return self._judge

    def add_keyframe(self, keyframe: Keyframe, frame: Frame) -> None:
        """See `Tracker.add_keyframe`."""
        small = self._shrink(frame)
        encoded = self._encoded(keyframe.frame_index, small)
        keys = encoded.keys.float()
        probabilities = label_probabilities(keyframe, (keys.shape[1], keys.shape[2]))
        soft = torch.from_numpy(probabilities).to(self._device)
        memory = MemoryFrame(
            keyframe.frame_index, keys, soft, keyframe.object_ids, keyframe.reference
        )
        self._found.keyframes_change()
        self._bank.add_keyframe(memory)
        self._judge.add_keyframe(memory)
        self._feedback.add_keyframe(memory, small)
        if self._target is not None and encoded.features is not None:
            self._target.add_keyframe(memory, encoded.features)
        self._keyframes[keyframe.frame_index] = keyframe

    def remove_keyframe(self, frame_index: int) -> None:
        """See `Tracker.remove_keyframe`."""
        self._found.keyframes_change()
        self._bank.remove_keyframe(frame_index)
        self._judge.remove_keyframe(frame_index)
        self._feedback.remove_keyframe(frame_index)
        if self._target is not None:
            self._target.remove_keyframe(frame_index)
        self._keyframes.pop(frame_index, None)

    def start(self, direction: Direction) -> None:  # noqa: ARG002 - both ways are alike here
        """See `Tracker.start`."""
        self._bank.start_run()
        self._judge.start()
        if self._target is not None:
            self._target.start()
        self._step = 0

    @torch.inference_mode()
    def step(self, frame_index: int, frame: Frame, object_ids: tuple[int, ...]) -> StepResult:
        """See `Tracker.step`."""
        small = self._shrink(frame)
        encoded = self._encoded(frame_index, small)
        keys = encoded.keys.float()
        reading = self._propagate(frame_index, keys, object_ids)
        if self._target is not None and encoded.features is not None:
            joint = self._target.reweighed(reading.joint, encoded.features, object_ids)
            reading = replace(reading, joint=joint)
        judgment = self._judge.judge(frame_index, keys, reading, object_ids)
        # Sharp before two walks are fused: where they disagree each would claim a place of its own.
        answer = self._feedback.sharp(judgment.soft)
        keyframe = self._keyframes.get(frame_index)
        if keyframe is None:
            labels = self._feedback.labels(judgment.soft, answer, small, object_ids)
        else:
            labels = overruled(judgment.soft, object_ids, keyframe)
            answer = overruled(answer, object_ids, keyframe)
            judgment = self._judge.overrule(judgment, frame_index, labels)
        kept = without(labels, object_ids, judgment.doubtful)
        self._bank.add_labeled(self._step, MemoryFrame(frame_index, keys, kept, object_ids))
        self._step += 1
        if self._target is not None and encoded.features is not None:
            known = () if keyframe is None else keyframe.object_ids
            trusted = judgment.trusted(but=known)
            self._target.learn(answer, encoded.features, object_ids, trusted)
        probabilities = answer.cpu().numpy()
        return StepResult(probabilities, object_ids, judgment.confidence, judgment.absent)

    def render(
        self, probabilities: NDArray[np.float32], frame: Frame, object_ids: tuple[int, ...]
    ) -> LabelMap:
        """See `Tracker.render`."""
        index_map = guided_labels(probabilities[1:], self._shrink(frame), frame, GuidedConfig())
        return np.array([0, *object_ids], np.uint8)[index_map]

    def adapt(
        self,
        lessons: Iterable[Lesson],
        object_ids: tuple[int, ...],
        adaptation: Adaptation,
        token: CancelToken,
    ) -> Job[Refiner]:
        """See `Adaptable.adapt`."""
        config = AdaptConfig()
        short_side = min(config.short_side, self._config.short_side)
        source = FeatureSource(
            partial(shrunk, short_side=short_side, stride=self._stride),
            self._features,
            self._encode,
            self._device,
        )
        return learn(source, lessons, object_ids, config=config, adaptation=adaptation, token=token)

    def save_state(self) -> bytes:
        """See `Resumable.save_state`: the few labeled frames of the memory."""
        frames = frames_to_arrays(self._bank.labeled)
        target = {} if self._target is None else self._target.to_arrays()
        return pack({"step": np.array(self._step), **frames, **self._judge.to_arrays(), **target})

    def load_state(self, state: bytes) -> None:
        """See `Resumable.load_state`."""
        arrays = unpack(state)
        if "step" not in arrays:
            msg = "The saved walk has no step."
            raise ValueError(msg)
        self._bank.restore_run(frames_from_arrays(arrays, self._device))
        self._judge.restore(arrays)
        if self._target is not None:
            self._target.restore(arrays, self._device)
        self._step = int(arrays["step"])

    def _propagate(self, frame_index: int, keys: Tensor, object_ids: tuple[int, ...]) -> Reading:
        """What the memory says of each object on a frame.

        A frame that knows nothing of an object may show it in its background; such objects are
        read from the other frames alone. Each frame is searched once for all of them.
        """
        recent = self._bank.recent(self._step)
        planes = keys.new_zeros(3, len(object_ids), *keys.shape[1:])
        sources: dict[int, tuple[int, ...]] = {}
        searches = Searches(frame_index, keys, self._config, before=self._found)
        for ids, _ in alike(object_ids, (*self._bank.keyframes, *recent)):
            near = self._bank.nearby_keyframes(frame_index, keys, ids[0])
            late = [memory for memory in recent if memory.knows(ids[0])]
            if near or late:
                rows = [object_ids.index(object_id) for object_id in ids]
                planes[:, rows] = searches.read(near, late, ids)
            sources |= dict.fromkeys(ids, tuple(memory.frame_index for memory in near))
        return Reading(planes[0], planes[1], planes[2], sources)

    def _features(self, frame_index: int, frame: Frame) -> Tensor:
        """Keys C x h x w float32 of a frame of any size, rounded as `Encoded` has them."""
        return self._encoded(frame_index, self._shrink(frame)).keys.float()

    def _encoded(self, frame_index: int, small: Frame) -> Encoded:
        """Keys and features of a frame at working size, made together and once."""
        return self._known.get(frame_index, partial(self._newly_encoded, small))

    def _newly_encoded(self, small: Frame) -> Encoded:
        if self._encode_both is None:
            return Encoded(self._encode(small).half())
        keys, features = self._encode_both(small)
        return Encoded(keys.half(), features.half())

    def _shrink(self, frame: Frame) -> Frame:
        return shrunk(frame, self._config.short_side, stride=self._stride)
