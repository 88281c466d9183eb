"""What blocks of frames have found in memory frames, for whoever asks again."""

from __future__ import annotations

import torch
from torch import Tensor

from core.cache import LruCache, bytes_of
from core.ops.matching import Candidates

OPEN_BYTES = 1 << 20
"""Budget of which blocks are open, a byte each."""
Place = tuple[int, int]
"""A frame, and the keyframe that it was searched in."""
Asked = tuple[int, tuple[int, ...]]
"""A frame, and the keyframes that it reads."""


class BlocksFound:
    """What has been found so far, for some blocks of a frame. Never changes."""

    def __init__(self, row: Tensor, found: Candidates | None = None) -> None:
        """Take what is known.

        Args:
            row: n int64, where in `found` each block's candidates are; -1 for nowhere.
            found: of the m blocks for which something is known, m x b^2 x k.
        """
        self._row, self._found = row, found

    @classmethod
    def nothing(cls, count: int, device: torch.device) -> BlocksFound:
        """Nothing is known of a frame with so many blocks."""
        return cls(torch.full((count,), -1, device=device))

    @property
    def nbytes(self) -> int:
        """Bytes of it."""
        found = self._found
        own = 0 if found is None else found.similarity.nbytes + found.cell.nbytes
        return self._row.nbytes + own

    def missing(self, blocks: Tensor) -> Tensor:
        """Those of some blocks for which nothing is known."""
        return blocks[self._row[blocks] < 0]

    def added(self, blocks: Tensor, found: Candidates) -> BlocksFound:
        """The same with what more blocks have found, n x b^2 x k."""
        old, similarity, cell = self._found, found.similarity, found.cell.int()
        count = 0 if old is None else len(old.cell)
        row = self._row.clone()
        row[blocks] = torch.arange(count, count + len(blocks), device=row.device)
        if old is not None:
            similarity = torch.cat([old.similarity, similarity])
            cell = torch.cat([old.cell, cell])
        return BlocksFound(row, Candidates(similarity, cell))

    def get(self, blocks: Tensor) -> Candidates:
        """What some blocks have found, m x b^2 x k; of each of them it is known."""
        if self._found is None:
            raise KeyError(blocks.tolist())
        rows = self._row[blocks]
        return Candidates(self._found.similarity[rows], self._found.cell[rows].long())


class FoundBefore:
    """What frames have found in keyframes, for the second walk that comes to them.

    Keys of frames depend on the frames alone, so that it does not matter which walk has searched,
    nor what the keyframes assert. Which blocks are open does depend on that.

    Args:
        budget: bytes.
    """

    def __init__(self, budget: int) -> None:
        self._kept: LruCache[Place, BlocksFound] = LruCache(budget, bytes_of)
        self._open: LruCache[Asked, Tensor] = LruCache(OPEN_BYTES, bytes_of)

    def get(self, place: Place) -> BlocksFound | None:
        """What was found; None where nothing is known any more."""
        return self._kept.get(place)

    def put(self, place: Place, found: BlocksFound) -> None:
        """Remember what was found."""
        self._kept.put(place, found)

    def open_blocks(self, asked: Asked) -> Tensor | None:
        """The blocks in which something of these keyframes' objects may be read, if known."""
        return self._open.get(asked)

    def note_open(self, asked: Asked, blocks: Tensor) -> None:
        """Remember them."""
        self._open.put(asked, blocks)

    def keyframes_change(self) -> None:
        """What the keyframes assert is about to be something else."""
        self._open.clear()
