"""Learning a video from its lessons, and labeling its frames with what was learned."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from core.jobs import CancelToken, Job
from core.nn.unet import UNet
from core.tracking.adaptation.learning import AdaptConfig, predict, train
from core.tracking.adaptation.samples import Probabilities, Sample, sample_of, varied
from core.tracking.adaptation.trust import network_weights
from core.tracking.contract import Adaptation, Lesson, Refiner, StepResult
from core.tracking.overlap import soft_overlap
from core.types import Frame, Keyframe

KEY_STRIDE = 4
"""Pixels to a cell of the keys that the network of a video is given, whatever the tracker's are."""
FLOOR = 1e-3
"""Least probability in a geometric mean, so that neither side can rule a label out."""


@dataclass(frozen=True, slots=True)
class FeatureSource:
    """Where the features of frames come from.

    Attributes:
        shrink: an image at the size that the network of a video works at.
        look: keys of a frame of the video, by its index; the tracker may remember them.
        encode: keys of any image at that size.
        device: where networks run.
    """

    shrink: Callable[[Frame], Frame]
    look: Callable[[int, Frame], Tensor]
    encode: Callable[[Frame], Tensor]
    device: torch.device


def learn(
    source: FeatureSource,
    lessons: Iterable[Lesson],
    object_ids: tuple[int, ...],
    *,
    config: AdaptConfig,
    adaptation: Adaptation,
    token: CancelToken,
) -> Job[Refiner]:
    """Train a network on lessons; see `Adaptable.adapt`.

    Args:
        source: the tracker's.
        lessons: read once.
        object_ids: all objects of the run, ascending.
        config: of the system; `adaptation` overrides what it names.
        adaptation: what the caller wants.
        token: is looked at between two lessons and two steps.
    """
    alone = adaptation.paper_mode
    config = replace(config, seconds=adaptation.seconds, seed=adaptation.seed)
    samples, shown = [], []
    for lesson in lessons:
        token.check()
        samples.append(_sample(source, lesson, object_ids, config))
        if lesson.keyframe is not None:
            shown.append(_drawn(lesson.keyframe))
    steps = adaptation.iterations
    if steps is None:
        steps = steps_for(shown, object_ids, config)
    config = replace(config, iterations=steps)
    for sample in _variants(source, samples, config):
        token.check()
        samples.append(sample)
    net = yield from train(samples, config, source.device, token)
    weights = network_weights(net, samples, config.say)
    return LearnedVideo(source, net, object_ids, weights=None if alone else weights)


def steps_for(shown: list[frozenset[int]], object_ids: tuple[int, ...], config: AdaptConfig) -> int:
    """How long a video is learned: by the keyframes of the object that has the fewest.

    Args:
        shown: for each keyframe, the objects that the user drew on it.
        object_ids: all objects of the run.
        config: steps a keyframe, and how many keyframes count.
    """
    fewest = min((sum(i in ids for ids in shown) for i in object_ids), default=1)
    return config.iterations * min(max(1, fewest), config.rounds)


def _drawn(keyframe: Keyframe) -> frozenset[int]:
    """The objects that a keyframe shows; others on its frame were propagated there."""
    return frozenset(i for i in keyframe.object_ids if (keyframe.label_map == i).any())


class LearnedVideo:
    """A network of one video beside the propagation; see `Refiner`.

    Args:
        source: the tracker's.
        net: knows the background and `object_ids`, in this order.
        object_ids: ascending.
        weights: of the network against propagation, by object; None lets it decide alone.
    """

    def __init__(
        self,
        source: FeatureSource,
        net: UNet,
        object_ids: tuple[int, ...],
        *,
        weights: NDArray[np.float32] | None,
    ) -> None:
        self._eyes = source
        self._net = net
        self._ids = object_ids
        self._weights = weights

    def refine(self, frame_index: int, frame: Frame, step: StepResult) -> StepResult:
        """See `Refiner.refine`."""
        weights = self._of(step.object_ids)
        if weights is not None and not weights.any():
            return step
        image = self._eyes.shrink(frame)
        keys = _fitted(self._eyes.look(frame_index, frame), image)
        learned = _of_objects(predict(self._net, image, keys), self._ids, step.object_ids)
        rows, columns = (
            max(pair) for pair in zip(learned.shape[1:], step.probabilities.shape[1:], strict=True)
        )
        carried = resized(step.probabilities, (rows, columns))
        learned = resized(learned, (rows, columns))
        probabilities = learned if weights is None else fused(carried, learned, weights)
        gone = [1 + row for row, i in enumerate(step.object_ids) if i in step.absent]
        probabilities[0] += probabilities[gone].sum(0)
        probabilities[gone] = 0
        confidence = {
            object_id: step.confidence.get(object_id, 1.0)
            * soft_overlap(carried[row], learned[row])
            for row, object_id in enumerate(step.object_ids, start=1)
        }
        return StepResult(probabilities, step.object_ids, confidence, step.absent)

    def _of(self, object_ids: tuple[int, ...]) -> NDArray[np.float32] | None:
        if self._weights is None:
            return None
        return self._weights[[self._ids.index(object_id) for object_id in object_ids]]


def fused(
    carried: Probabilities, learned: Probabilities, weights: NDArray[np.float32]
) -> Probabilities:
    """Weighted geometric mean of two soft labelings of one size, (1 + K) x h x w.

    Args:
        carried: of propagation.
        learned: of the network.
        weights: of the network for each of the K objects, 0..1; the background has their mean.
    """
    say = np.concatenate([[weights.mean()], weights]).astype(np.float32)[:, None, None]
    logs = (1 - say) * np.log(carried + FLOOR) + say * np.log(learned + FLOOR)
    raised = np.exp(logs - logs.max(0))
    mean: Probabilities = raised / raised.sum(0)
    return mean


def resized(planes: Probabilities, size: tuple[int, int]) -> Probabilities:
    """Planes at another size (rows, columns)."""
    if planes.shape[1:] == size:
        return planes
    return np.stack([cv2.resize(p, size[::-1], interpolation=cv2.INTER_LINEAR) for p in planes])


def _of_objects(
    probabilities: Probabilities, known: tuple[int, ...], wanted: tuple[int, ...]
) -> Probabilities:
    """Probabilities of some objects and the background, which add up to 1 again."""
    rows = probabilities[[0, *(1 + known.index(object_id) for object_id in wanted)]]
    among: Probabilities = rows / np.maximum(rows.sum(0), FLOOR)
    return among


def _sample(
    source: FeatureSource, lesson: Lesson, object_ids: tuple[int, ...], config: AdaptConfig
) -> Sample:
    image = source.shrink(lesson.frame)
    keys = _fitted(source.look(lesson.frame_index, lesson.frame), image)
    return sample_of(lesson, object_ids, image, keys, certain=config.certain)


def _variants(
    source: FeatureSource, samples: list[Sample], config: AdaptConfig
) -> Iterator[Sample]:
    """Half of keyframes, half of propagated frames, by their odds."""
    rng = np.random.default_rng(config.seed + 1)
    kinds = [[s for s in samples if s.is_keyframe == is_keyframe] for is_keyframe in (True, False)]
    for number in range(config.variants):
        pool = kinds[number % 2] or samples
        odds = np.array([s.odds for s in pool])
        chosen = pool[rng.choice(len(pool), p=odds / odds.sum())]
        yield varied(chosen, _encoder(source), rng, certain=config.certain)


def _encoder(source: FeatureSource) -> Callable[[Frame], Tensor]:
    return lambda image: _fitted(source.encode(image), image)


def _fitted(keys: Tensor, image: Frame) -> Tensor:
    """Keys at a quarter of an image's size, on the processor."""
    size = (image.shape[0] // KEY_STRIDE, image.shape[1] // KEY_STRIDE)
    keys = keys.float().cpu().clone()
    if tuple(keys.shape[1:]) == size:
        return keys
    return F.interpolate(keys[None], size, mode="bilinear", antialias=True)[0]
