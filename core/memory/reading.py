"""Reading what memory cells know of objects, each object from the cells that know it."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from core.memory.tokens import Tokens, alike, together
from core.ops.anisotropic import as_memory, as_query, best, read_best, usage

IN_CACHE, ELSEWHERE = 16 << 20, 512 << 20
"""Bytes of similarities that are computed at a time, on a processor and on other devices."""


class CellReading:
    """One look at all parts of a memory, for all groups of objects that the same parts know.

    Each object is read from the cells that know it. How much a cell was read is counted for the
    first group of objects that it is read for.

    Attributes:
        used: how much each cell was read.
    """

    def __init__(self, parts: Sequence[Tokens], object_ids: tuple[int, ...]) -> None:
        """Prepare the look.

        Args:
            parts: one or more.
            object_ids: one or more; each is known to some part.
        """
        key = together([part.key for part in parts])
        self._memory = as_memory(key, together([part.shrinkage for part in parts])).T
        self.used = key.new_zeros(len(key))
        self._groups = list[_Group]()
        open_cells = torch.ones_like(self.used)
        for ids, places in alike(object_ids, parts):
            group = _Group(parts, ids, places, open_cells.clone())
            open_cells[group.cells] = 0
            self._groups.append(group)

    def read(self, key: Tensor, selection: Tensor, top_k: int) -> dict[int, Tensor]:
        """What is known of objects where the memory resembles a frame.

        A few queries are read at a time, so that a long memory fits.

        Args:
            key: N x C_k of the frame.
            selection: N x C_k.
            top_k: cells that each query reads.

        Returns:
            N x C_v of each object.
        """
        room = IN_CACHE if key.device.type == "cpu" else ELSEWHERE
        count = max(1, room // (4 * len(self.used)))
        queries = torch.split(as_query(key, selection), count)
        parts = [self._read_rows(some, top_k) for some in queries]
        return {i: together([part[i] for part in parts]) for i in parts[0]}

    def _read_rows(self, queries: Tensor, top_k: int) -> dict[int, Tensor]:
        found = queries @ self._memory
        read = dict[int, Tensor]()
        for group in self._groups:
            whole = len(group.cells) == len(self.used)
            affinity = best(found if whole else found[:, group.cells], k=top_k)
            self.used[group.cells] += usage(affinity, len(group.cells)) * group.counted
            values = read_best(affinity, group.values).chunk(len(group.object_ids), 1)
            read |= dict(zip(group.object_ids, values, strict=True))
        return read


class _Group:
    """Objects that the same cells know.

    Attributes:
        object_ids: the objects.
        cells: M indices of these cells.
        counted: M, 1 for cells whose reading is counted here, else 0.
        values: M x (n C_v), object after object.
    """

    def __init__(
        self,
        parts: Sequence[Tokens],
        object_ids: tuple[int, ...],
        places: tuple[bool, ...],
        open_cells: Tensor,
    ) -> None:
        knowing = [part for part, known in zip(parts, places, strict=True) if known]
        sizes = torch.tensor([len(part) for part in parts])
        every = torch.tensor(places).repeat_interleave(sizes)
        self.object_ids = object_ids
        self.cells = every.nonzero()[:, 0].to(open_cells.device)
        self.counted = open_cells[self.cells]
        self.values = together(
            [torch.cat([part.values[i] for i in object_ids], 1) for part in knowing]
        )
