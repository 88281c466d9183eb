"""What a batch is drawn from: films and images by their weight, and a random generator a sample."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.data.frame_pack import FramePack
from core.errors import TrainingError


class Draws:
    """Packs to draw from, and generators that are a pure function of seed, step and sample."""

    def __init__(
        self,
        packs: list[FramePack],
        *,
        batch: int,
        seed: int,
        part: tuple[int, int] = (0, 1),
        stream: int | None = None,
    ) -> None:
        """Make it.

        Args:
            packs: films and images.
            batch: samples of a step, of all processes together.
            seed: of everything that is drawn.
            part: which process this is, and how many share a batch.
            stream: keeps apart what else is drawn with the same seed.

        Raises:
            TrainingError: the batch cannot be divided evenly.
        """
        self.packs = packs
        self.odds = _odds_of(packs)
        self._seed = seed
        self._places = _places_of(batch, part)
        self._stream = () if stream is None else (stream,)

    def generators(self, step: int) -> list[np.random.Generator]:
        """One for each sample of this process's part of a batch."""
        return [np.random.default_rng((self._seed, step, k, *self._stream)) for k in self._places]

    def pack(self, rng: np.random.Generator) -> FramePack:
        """A film, or images, by weight."""
        return self.packs[rng.choice(len(self.packs), p=self.odds)]


def _odds_of(packs: list[FramePack]) -> NDArray[np.float64]:
    """How often each pack is drawn, by its weight; the sum is 1."""
    weights = np.array([pack.weight for pack in packs])
    odds: NDArray[np.float64] = weights / weights.sum()
    return odds


def _places_of(batch: int, part: tuple[int, int]) -> range:
    """Which samples of a batch are one process's (`part`: its rank, and how many share a batch).

    Raises:
        TrainingError: the batch cannot be divided evenly.
    """
    rank, size = part
    if batch % size:
        msg = f"A batch of {batch} cannot be divided among {size} processes."
        # Twice as many: a stage may take half of it for samples of another kind.
        raise TrainingError(msg, f"Give --batch a multiple of {2 * size}.")
    return range(rank, batch, size)
