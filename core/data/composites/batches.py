"""Batches of composite clips, alone and together with pairs of raw frames.

As in `core.data.pairs`, a batch is a pure function of the seed, the step and the place in it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from core.data.composites.clip import CompositeClip, draw_clip
from core.data.draws import Draws
from core.data.frame_pack import FramePack
from core.data.pairs import PairBatch, PairConfig, PairDataset, jitter
from core.ops.color import rgb_to_lab

LENGTHS = (4, 8)
"""Fewest and most frames of a clip."""
NEIGHBORS = 0.6
"""Share of clips whose second reference is the frame before the query; else it is one earlier,
where the first one leaves room."""
SHOWN = 0.004
"""Share of a frame that objects have to cover, on the query and on the reference before it."""
TRIES = 50
"""Clips that are drawn until one shows enough; the last is taken as it is."""
STREAM = 1
"""Tells the random numbers of clips from those of pairs, which have the same seed."""


@dataclass(frozen=True, slots=True)
class LabelBatch:
    """A batch of composite clips of T frames: first frame, one before the query, query.

    Attributes:
        inputs: B x T x 3 x S x S float32 normalized Lab, no channel hidden.
        label_maps: B x T x S x S uint8, 0 background, 1 to 3 objects.
    """

    inputs: Tensor
    label_maps: Tensor

    def to(self, device: torch.device) -> LabelBatch:
        """The same batch on a device."""
        moved = (x.to(device, non_blocking=True) for x in (self.inputs, self.label_maps))
        return LabelBatch(*moved)


@dataclass(frozen=True, slots=True)
class MixedBatch:
    """Pairs of raw frames, and composite clips."""

    pairs: PairBatch
    labels: LabelBatch

    def to(self, device: torch.device) -> MixedBatch:
        """The same batch on a device."""
        return MixedBatch(self.pairs.to(device), self.labels.to(device))


class LabelDataset(Dataset[LabelBatch]):
    """Item k is the batch of step k, or one process's part of it."""

    def __init__(
        self,
        packs: list[FramePack],
        config: PairConfig,
        *,
        seed: int,
        part: tuple[int, int] = (0, 1),
    ) -> None:
        """Make a dataset.

        Args:
            packs: films and images.
            config: its batch (of all processes together) and crop count here.
            seed: of everything that is drawn.
            part: which process this is, and how many share a batch.

        Raises:
            TrainingError: the batch cannot be divided evenly.
        """
        self._side = config.crop
        self._draws = Draws(packs, batch=config.batch, seed=seed, part=part, stream=STREAM)

    def __getitem__(self, step: int) -> LabelBatch:
        drawn = [self._sample(rng) for rng in self._draws.generators(step)]
        inputs, label_maps = (torch.from_numpy(np.stack(x)) for x in zip(*drawn, strict=True))
        return LabelBatch(inputs, label_maps)

    def _sample(self, rng: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
        clip = self._clip(rng)
        lab = np.stack([rgb_to_lab(x) for x in clip.frames]).transpose(0, 3, 1, 2)
        return np.ascontiguousarray(jitter(lab, rng)), np.stack(clip.label_maps)

    def _clip(self, rng: np.random.Generator) -> CompositeClip:
        size = (self._side, self._side)
        for _ in range(TRIES):
            count = int(rng.integers(LENGTHS[0], LENGTHS[1] + 1))
            shown = pick_frames(count, rng)
            clip = draw_clip(
                self._draws.packs, self._draws.odds, count=count, shown=shown, size=size, rng=rng
            )
            if all((x > 0).mean() > SHOWN for x in clip.label_maps[1:]):
                break
        return clip


def pick_frames(count: int, rng: np.random.Generator) -> tuple[int, int, int]:
    """Numbers of the first reference, the second one and the query, which is the last frame."""
    first = int(rng.integers(count - 2))
    near = rng.random() < NEIGHBORS or first >= count - 3
    return first, count - 2 if near else count - 3, count - 1


class MixedDataset(Dataset[MixedBatch]):
    """Item k holds the pairs and the clips of step k."""

    def __init__(
        self,
        packs: list[FramePack],
        config: PairConfig,
        *,
        seed: int,
        part: tuple[int, int] = (0, 1),
    ) -> None:
        """Make a dataset; as many clips as pairs. Arguments and errors as of `PairDataset`."""
        self._pairs = PairDataset(packs, config, seed=seed, part=part)
        self._labels = LabelDataset(packs, config, seed=seed, part=part)

    def __getitem__(self, step: int) -> MixedBatch:
        return MixedBatch(self._pairs[step], self._labels[step])
