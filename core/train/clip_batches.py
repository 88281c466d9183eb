"""Batches of short clips with masks or boxes; a batch is a function of the seed and the step."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.data import Dataset

from core.data.clips.drawn import drawn_sample
from core.data.clips.films import BoxedFilm, odds_of_films
from core.data.clips.made import composite_sample
from core.data.clips.sample import ClipConfig, ClipSample, jittered
from core.data.draws import Draws
from core.data.frame_pack import FramePack
from core.train.mask_loss import Supervision

STREAM = 2
"""Tells these random numbers from those of other batches, which have the same seed."""


@dataclass(frozen=True, slots=True)
class ClipBatch:
    """B clips of T frames with up to K objects.

    Attributes:
        frames: B x T x 3 x S x S float32, sRGB 0..1.
        known: what is known of them. All objects are on the first frame, but for padding.
        by_box: B bool, clips that begin with filled boxes although there is a label map.
        seed: of what is drawn for the whole batch; the same for all processes.
    """

    frames: Tensor
    known: Supervision
    by_box: Tensor
    seed: int

    def to(self, device: torch.device) -> ClipBatch:
        """The same batch on a device."""
        frames, by_box = (x.to(device, non_blocking=True) for x in (self.frames, self.by_box))
        return ClipBatch(frames, self.known.to(device), by_box, self.seed)


class ClipDataset(Dataset[ClipBatch]):
    """Item k is the batch of step k, or one process's part of it."""

    def __init__(
        self,
        packs: list[FramePack],
        config: ClipConfig,
        *,
        films: list[BoxedFilm] | None = None,
        seed: int,
        part: tuple[int, int] = (0, 1),
    ) -> None:
        """Make a dataset.

        Args:
            packs: films and images that composites are made of.
            config: how clips are drawn.
            films: those with drawn boxes; None makes composites alone.
            seed: of everything that is drawn.
            part: which process this is, and how many share a batch.

        Raises:
            TrainingError: the batch cannot be divided evenly.
        """
        self._config = config
        self._seed = seed
        self._draws = Draws(packs, batch=config.batch, seed=seed, part=part, stream=STREAM)
        self._films = films or []
        self._film_odds = odds_of_films(self._films) if films else None
        self._composite = partial(composite_sample, packs, self._draws.odds, config)

    def __getitem__(self, step: int) -> ClipBatch:
        generators = self._draws.generators(step)
        samples = [self._sample(rng) for rng in generators]
        colors = [jittered(x.frames, rng) for x, rng in zip(samples, generators, strict=True)]
        by_box = [bool(rng.random() < self._config.starts) for rng in generators]
        frames = torch.from_numpy(np.stack(colors)).permute(0, 1, 4, 2, 3).contiguous()
        whole = int(np.random.default_rng((self._seed, step)).integers(1 << 62))
        return ClipBatch(frames, supervision_of(samples), torch.tensor(by_box), whole)

    def _sample(self, rng: np.random.Generator) -> ClipSample:
        if not self._films or rng.random() < self._config.mixture:
            return self._composite(rng)
        film = self._films[int(rng.choice(len(self._films), p=self._film_odds))]
        return drawn_sample(film, self._config, rng)


def supervision_of(samples: list[ClipSample]) -> Supervision:
    """What is known of clips that have different numbers of objects; padding has unknown boxes."""
    count = max(1, *(sample.count for sample in samples))
    boxes = [
        F.pad(torch.from_numpy(x.boxes), (0, 0, 0, count - x.count), value=torch.nan)
        for x in samples
    ]
    maps, masked = (
        torch.from_numpy(np.stack(x))
        for x in ([x.label_maps for x in samples], [x.masked for x in samples])
    )
    crowd = torch.tensor([x.crowd for x in samples])
    return Supervision(torch.stack(boxes), maps, masked, crowd)
