"""In which blocks of a frame an object may be read: a quick look, instead of a search.

An object is read where one of its cells is among the best. Of each query we reckon the largest
similarity to a cell that is somebody's, or somewhat more, and what the k-th best cell has at least.
Where the second is larger no such cell is among the best: nothing is lost there without a search.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from core.memory.bank import MemoryFrame
from core.ops.matching import BLOCK, HIDDEN, block_grid, kth_around
from core.ops.windows import query_blocks
from core.tracking.config import TrackingConfig

NOBODYS = 0.05
"""A memory cell whose objects all have a smaller probability is nobody's."""
RADIUS = 2
"""In cells around a block, where what its queries have at least is looked for."""
MARGIN = 1e-3
"""By how much, so that rounding never decides."""
CROWDED = 0.25
"""Share of cells that are somebody's, over all keyframes, above which no quick look is worth it."""


@dataclass(frozen=True, slots=True)
class Keyframes:
    """Keyframes that a frame reads, with what each loses for being far in time."""

    frames: tuple[MemoryFrame, ...]
    losses: tuple[float, ...]


def somebodys(memory: MemoryFrame) -> Tensor:
    """h x w bool: the cells of a frame that have something of an object."""
    if not memory.object_ids:
        return memory.soft[0] < -1
    return memory.soft[1:].amax(0) > NOBODYS


class QuickLook:
    """Looks of one frame at memory frames.

    Attributes:
        inside: n x b^2 bool, the queries of each block that lie within the frame.
    """

    def __init__(self, frame_index: int, keys: Tensor, config: TrackingConfig) -> None:
        """Nothing is looked at yet.

        Args:
            frame_index: of the frame.
            keys: of the frame, C x h x w.
            config: of the search.
        """
        self._index, self._keys, self._config = frame_index, keys, config
        self._size = keys.shape[1], keys.shape[2]
        self.inside = query_blocks(keys.new_ones(1, 1, *self._size), BLOCK)[..., 0] > 0

    def at_keyframes(self, keyframes: Keyframes) -> Tensor:
        """n bool: the blocks in which a keyframe's cell that is somebody's may be among the best.

        Args:
            keyframes: at least one.
        """
        owned = [somebodys(frame).flatten() for frame in keyframes.frames]
        if sum(int(one.sum()) for one in owned) > CROWDED * owned[0].numel():
            return self.inside.new_ones(len(self.inside))
        best = self._best_of(keyframes, owned)
        pairs = zip(keyframes.losses, keyframes.frames, strict=True)
        loss, nearest = min(
            pairs, key=lambda pair: (pair[0], abs(pair[1].frame_index - self._index))
        )
        every = torch.arange(len(self.inside), device=best.device)
        lost = self._lost(torch.arange(BLOCK + RADIUS, device=best.device)) + loss
        return self._reached(every, best, nearest, lost)

    def at_recent(self, recent: Sequence[MemoryFrame], blocks: Tensor) -> Tensor:
        """Those of some blocks in which somebody's cell of a recent frame may be among the best.

        Args:
            recent: frames that are searched within windows, at least one.
            blocks: n int64, ascending.
        """
        owned = torch.stack([somebodys(memory) for memory in recent])
        blocks = blocks[self._in_sight(owned.any(0))[blocks]]
        if not len(blocks):
            return blocks
        best = self._best_in_windows(recent, owned, blocks)
        apart = torch.arange(BLOCK + RADIUS, device=best.device)
        unseen = torch.where(apart > self._config.radius, -HIDDEN, 0.0)
        return blocks[self._reached(blocks, best, recent[0], unseen)]

    def _reached(self, blocks: Tensor, best: Tensor, memory: MemoryFrame, loss: Tensor) -> Tensor:
        """n bool: which of some blocks have a query whose best may be among its k best.

        Args:
            blocks: n int64, ascending.
            best: n x b^2, of each query.
            memory: a frame that is read.
            loss: what similarities to it lose, by distance.
        """
        k = self._config.reading.top_k
        rivals = kth_around(self._keys, memory.keys, radius=RADIUS, loss=loss, k=k, blocks=blocks)
        found: Tensor = ((best >= rivals - MARGIN) & self.inside[blocks]).any(-1)
        return found

    def _lost(self, cells: Tensor) -> Tensor:
        """What a keyframe's cell loses by its distance in cells."""
        config = self._config
        share = cells / (config.reach * min(self._size))
        return share.square().clamp(max=config.handicap)

    def _in_sight(self, owned: Tensor) -> Tensor:
        """The blocks whose windows hold a cell of some, h x w."""
        radius, (height, width) = self._config.radius, self._size
        pads = (radius, radius + -width % BLOCK, radius, radius + -height % BLOCK)
        padded = F.pad(owned.float()[None], pads)
        return F.max_pool2d(padded, BLOCK + 2 * radius, BLOCK).flatten() > 0

    def _best_of(self, keyframes: Keyframes, owned: Sequence[Tensor]) -> Tensor:
        """n x b^2, of each query the largest similarity to cells of keyframes, or somewhat more."""
        best = self._keys.new_full(self.inside.shape, -torch.inf)
        for frame, own, loss in zip(keyframes.frames, owned, keyframes.losses, strict=True):
            if own.any():
                found = self._best_in_keyframe(frame.keys, own.nonzero()[:, 0]) - loss
                best = torch.maximum(best, found)
        return best

    def _best_in_keyframe(self, keys: Tensor, cells: Tensor) -> Tensor:
        """n x b^2, the same of some cells of one; what distance takes is the nearest query's."""
        queries, width = self._queries(), self._size[1]
        rows, columns = block_grid(*self._size)
        down = _gaps(rows, cells // width)[:, None].expand(-1, columns, -1).flatten(0, 1)
        across = _gaps(columns, cells % width)[None].expand(rows, -1, -1).flatten(0, 1)
        chosen, lost = keys.flatten(1)[:, cells], self._lost(torch.maximum(down, across))
        parts = zip(torch.split(queries, columns), torch.split(lost, columns), strict=True)
        return torch.cat([(part @ chosen).sub_(loss[:, None]).amax(-1) for part, loss in parts])

    def _best_in_windows(
        self, recent: Sequence[MemoryFrame], owned: Tensor, blocks: Tensor
    ) -> Tensor:
        """m x b^2, of each query of some blocks the largest similarity to cells in their windows.

        The window of a block is that of all its queries.
        """
        queries, (rows, columns) = self._queries(), block_grid(*self._size)
        row, column = owned.nonzero()[:, 1:].T
        keys = torch.cat([m.keys[:, own] for m, own in zip(recent, owned, strict=True)], dim=1)
        radius = self._config.radius
        low, level = _gaps(rows, row) <= radius, _gaps(columns, column) <= radius
        best = []
        for block in blocks.tolist():
            near = (low[block // columns] & level[block % columns]).nonzero()[:, 0]
            best.append((queries[block] @ keys[:, near]).amax(-1))
        return torch.stack(best)

    def _queries(self) -> Tensor:
        """n x b^2 x C, as similarities want them."""
        return query_blocks(self._keys[None], BLOCK) / math.sqrt(len(self._keys))


def _gaps(blocks: int, places: Tensor) -> Tensor:
    """blocks x n: along one axis, cells from each block to some places; 0 inside of it."""
    first = BLOCK * torch.arange(blocks, device=places.device)[:, None]
    return torch.maximum(first - places, places - first - (BLOCK - 1)).clamp(min=0)
