"""A memory in layers: permanent frames, recent frames, and prototypes of what was longer ago.

Cheng & Schwing 2022 (XMem), section 3.3. What a user asserts is permanent: it is handed in when
the memory is read, and is never consolidated. All else is memorized by the tracker itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from core.memory.consolidation import consolidate
from core.memory.limits import MemoryLimits
from core.memory.reading import CellReading
from core.memory.tokens import Tokens, together

YOUNG = 1e-7
"""Life of a cell that was never read: its usage is 0 and not 0 / 0."""


@dataclass(slots=True)
class Cells:
    """Cells of the memory with how they were read.

    Attributes:
        tokens: the cells.
        used: N, the sum of all that was read of each.
        life: N, how often each could have been read.
    """

    tokens: Tokens
    used: Tensor
    life: Tensor

    @classmethod
    def new(cls, tokens: Tokens) -> Cells:
        """Cells that were never read."""
        none = tokens.key.new_zeros(len(tokens))
        return cls(tokens, none, none + YOUNG)

    def joined(self, other: Cells) -> Cells:
        """These cells and then others."""
        used, life = torch.cat([self.used, other.used]), torch.cat([self.life, other.life])
        return Cells(self.tokens.joined(other.tokens), used, life)

    @property
    def rate(self) -> Tensor:
        """N, how much of each cell was read in each step of its life."""
        return self.used / self.life


class LayeredMemory:
    """What a walk remembers besides what the user asserts."""

    def __init__(self, limits: MemoryLimits, *, top_k: int) -> None:
        """Make an empty memory.

        Args:
            limits: how much it keeps.
            top_k: cells that each query reads.
        """
        self._limits = limits
        self._top_k = top_k
        self.working: list[Cells] = []
        self.long_term: list[Cells] = []

    def clear(self) -> None:
        """Forget all."""
        self.working, self.long_term = [], []

    @property
    def long_term_size(self) -> int:
        """Cells of the long-term memory."""
        return sum(len(cells.tokens) for cells in self.long_term)

    def add(self, tokens: Tokens) -> None:
        """Memorize a frame; where the working memory is full, its oldest frames are consolidated.

        A permanent frame counts as one of it, however many there are.
        """
        self.working.append(Cells.new(tokens))
        limits = self._limits
        if len(self.working) + 1 < limits.most:
            return
        if self.long_term_size >= limits.long_term - limits.prototypes:
            self._forget(limits.long_term - limits.prototypes)
        count = limits.most - limits.least
        leaving, self.working = self.working[:count], self.working[count:]
        rates = together([cells.rate for cells in leaving])
        frames = [cells.tokens for cells in leaving]
        for prototypes in consolidate(frames, rates, count=limits.prototypes):
            self._keep(Cells.new(prototypes))

    def _keep(self, cells: Cells) -> None:
        """Put prototypes to those that know the same objects."""
        for number, others in enumerate(self.long_term):
            if others.tokens.values.keys() == cells.tokens.values.keys():
                self.long_term[number] = others.joined(cells)
                return
        self.long_term.append(cells)

    def _forget(self, size: int) -> None:
        """Forget the least used prototypes: those that are used no more than the best of the rest.

        So cells that are all used alike go together; fewer than `size` may be left.
        """
        surplus = self.long_term_size - size
        if surplus <= 0:
            return
        rates = together([cells.rate for cells in self.long_term])
        border = rates.topk(surplus, largest=False).values[-1]
        left = list[Cells]()
        for cells in self.long_term:
            kept = cells.rate > border
            if bool(kept.any()):
                left.append(Cells(cells.tokens.chosen(kept), cells.used[kept], cells.life[kept]))
        self.long_term = left

    def known(self, permanent: Sequence[Tokens], object_id: int) -> bool:
        """Whether anything is remembered of an object."""
        return any(tokens.knows(object_id) for tokens in self._all(permanent))

    def _all(self, permanent: Sequence[Tokens]) -> list[Tokens]:
        old, recent = ([cells.tokens for cells in own] for own in (self.long_term, self.working))
        return [*old, *permanent, *recent]

    def read(
        self,
        permanent: Sequence[Tokens],
        key: Tensor,
        selection: Tensor,
        object_ids: tuple[int, ...],
    ) -> dict[int, Tensor]:
        """What is known of objects where the memory resembles a frame; see `CellReading`.

        Args:
            permanent: what the user asserts.
            key: N x C_k of the frame.
            selection: N x C_k.
            object_ids: all known somewhere.

        Returns:
            N x C_v of each object.
        """
        if not object_ids:
            return {}
        parts = self._all(permanent)
        reading = CellReading(parts, object_ids)
        found = reading.read(key, selection, self._top_k)
        used = torch.split(reading.used, [len(part) for part in parts])
        count = len(self.long_term)
        own = (*used[:count], *used[count + len(permanent) :])
        for cells, amount in zip((*self.long_term, *self.working), own, strict=True):
            cells.used = cells.used + amount
            cells.life = cells.life + 1
        return found
