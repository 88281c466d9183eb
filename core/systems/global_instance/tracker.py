"""Inference: all objects read the support set with one similarity, and are drawn together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.ops.aggregate import aggregate
from core.systems.global_instance.config import CALIBRATION, FINEST, SupportConfig
from core.systems.global_instance.keyframes import Given, Keyframes, given_by, nearest
from core.systems.global_instance.looks import Look, looks_of
from core.systems.global_instance.model import GlobalInstanceNetwork
from core.systems.global_instance.reading import Places, SharedReading, places_of
from core.systems.global_instance.support import Support, Walked, support_from, support_of
from core.tracking.config import Calibration, ReadConfig
from core.tracking.judging.judge import Judge, Judgment
from core.tracking.mask_tracker import MaskTracker, Scene, corrected
from core.tracking.padded import in_cells
from core.types import Arrays, Keyframe


@dataclass(frozen=True, slots=True)
class _Read:
    """What a frame has read.

    Attributes:
        reading: of the support set.
        drawn: the keyframes in it, at its first places.
        support: all of it.
    """

    reading: SharedReading
    drawn: list[Given]
    support: list[Support]


class GlobalInstanceTracker(MaskTracker[Look, Given]):
    """Tracks with global and instance embeddings (ADR 0052 says how it meets the contract)."""

    def __init__(
        self,
        network: GlobalInstanceNetwork,
        config: SupportConfig,
        device: torch.device,
        *,
        calibration: Calibration = CALIBRATION,
    ) -> None:
        """Make a tracker without keyframes.

        Args:
            network: ready for inference, on the device.
            config: working resolution, form and support set.
            device: where it computes.
            calibration: what cues are worth with these weights.
        """
        self._keyframes = Keyframes()
        judge = Judge(ReadConfig(config.top_k, 1.0), calibration)
        super().__init__(looks_of(network, config.short_side, device), self._keyframes, judge)
        self._network = network
        self._config = config
        self._device = device
        self._walked = Walked(config.support - 1)
        self._stepped: dict[int, Support] = {}
        self._read: _Read | None = None

    def _given_by(self, keyframe: Keyframe, look: Look) -> Given:
        return given_by(keyframe, look, network=self._network)

    def _replaced(self, frame_index: int) -> None:
        self._stepped.pop(frame_index, None)

    def _begin(self) -> None:
        self._walked = Walked(self._config.support - 1)
        self._stepped = {}

    def _sought_in(self, look: Look) -> Tensor:
        return look.features.key[0].contiguous()

    def _walk_arrays(self) -> Arrays:
        arrays = self._walked.to_arrays()
        for index, support in self._stepped.items():
            arrays |= support.to_arrays(f"stepped.{index}")
        return arrays

    def _restore(self, arrays: Mapping[str, NDArray[np.generic]]) -> None:
        self._walked.restore(arrays, self._device)
        for name in arrays:
            kind, _, rest = name.partition(".")
            if kind == "stepped" and rest.endswith(".key"):
                index = int(rest.removesuffix(".key"))
                self._stepped[index] = support_from(arrays, f"stepped.{index}", self._device)

    def _segment(self, scene: Scene[Look, Given]) -> Tensor:
        """See `MaskTracker._segment`. Where a user asserts all objects nothing is looked for."""
        look, shown = scene.look, scene.shown
        height, width = look.size
        size = (height, width) if self._refines else (height // FINEST, width // FINEST)
        planes = look.image.new_zeros(len(shown), *size)
        self._read = read = self._search(scene)
        if read is None or set(shown) <= scene.asserted.keys():
            return planes
        known = tuple(i for i in shown if places_of(read.support, i))
        if known:
            planes[[shown.index(i) for i in known]] = self._draw(look, read, known, size)
        return planes

    @property
    def _refines(self) -> bool:
        return self._config.refine and self._network.refine is not None

    def _search(self, scene: Scene[Look, Given]) -> _Read | None:
        """Search the support set once, for all that will be read; None where it is empty."""
        pairs = self._keyframes.support(self._stepped, but=scene.index)
        if not pairs:
            return None
        drawn, asserted = [given for given, _ in pairs], [support for _, support in pairs]
        support = [*asserted, *self._walked.chosen()]
        query, keys = scene.look.key, [one.key for one in support]
        first = nearest(asserted, scene.index)
        weights = self._network.weigh(first.key, keys, query)
        wanted = {tuple(range(len(support)))}
        for object_id in scene.object_ids:
            wanted |= {places_of(support, object_id), _told(drawn, object_id)}
        reading = SharedReading(
            support, query, weights, wanted=sorted(wanted - {()}), top_k=self._config.top_k
        )
        return _Read(reading, drawn, support)

    def _draw(
        self, look: Look, read: _Read, known: tuple[int, ...], size: tuple[int, int]
    ) -> Tensor:
        """K x H x W masks of objects that the support set knows."""
        support = read.support
        shared = read.reading.read(tuple(range(len(support))), [one.value for one in support])
        own = list[Tensor]()
        for i in known:
            places = places_of(support, i)
            own.append(read.reading.read(places, [support[n].objects[i] for n in places]))
        planes = [_in_cells(values, look.cells) for values in (shared, *own)]
        of_all, of_each = planes[0][None], torch.stack(planes[1:])[None]
        found = self._network.draw(look.features, of_all, of_each, refine=self._refines)
        return found.masks(size, refined=self._refines)[0]

    def _far(
        self, look: Look, object_ids: tuple[int, ...]
    ) -> tuple[Tensor, dict[int, tuple[int, ...]]]:
        """See `MaskTracker._far`: with the similarity that the frame was read with."""
        planes = look.image.new_zeros(len(object_ids), *look.cells)
        sources = dict.fromkeys(object_ids, tuple[int, ...]())
        read = self._read
        if read is None:
            return planes, sources
        for row, i in enumerate(object_ids):
            told = _told(read.drawn, i)
            sources[i] = tuple(read.drawn[n].keyframe.frame_index for n in told)
            if told:
                found = read.reading.read(told, [read.drawn[n].labels[i] for n in told])
                planes[row] = _in_cells(found, look.cells)[0]
        return planes, sources

    def _remember(self, scene: Scene[Look, Given], soft: Tensor, judgment: Judgment) -> None:
        """Remember the frame: one that a user has drawn on for good, as the walk sees it."""
        if scene.given is None and not self._walked.wanted:
            return
        masks = soft[1:]
        if scene.asserted:
            times = scene.look.size[1] // masks.shape[-1]
            drawn = {i: in_cells(mask, times) for i, mask in scene.asserted.items()}
            masks = aggregate(corrected(masks, drawn, scene.shown))[1:]
        found = self._network.encode_support(scene.look.image, scene.look.features, masks[None])
        support = support_of(scene.index, found, scene.shown)
        if scene.given is not None:
            if len(scene.given.support) == len(support):
                self._stepped[scene.index] = support
            return
        certain = [i for i in scene.shown if i not in judgment.doubtful]
        if certain:
            self._walked.add(support.of_objects(certain))


def _told(drawn: list[Given], object_id: int) -> Places:
    """The keyframes that assert an object."""
    return tuple(n for n, given in enumerate(drawn) if object_id in given.labels)


def _in_cells(read: Tensor, cells: tuple[int, int]) -> Tensor:
    """N x V that was read -> V x h x w."""
    return torch.unflatten(read.T, 1, cells)
