"""In which blocks of a frame an object may be read: a quick look, instead of a search.

An object is read where one of its cells is among the k best. For each query two bounds are
computed: the largest similarity to an object's cell is at most the first, the similarity of the
k-th best cell at least the second. Where the second is larger no object's cell is among the k
best, and the block need not be searched.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from core.memory.bank import MemoryFrame
from core.ops.matching import BLOCK, HIDDEN, block_grid, kth_around, loss_by_distance
from core.ops.windows import query_blocks
from core.tracking.config import TrackingConfig

NOBODYS = 0.05
"""A memory cell is nobody's if each object has less of what the cell states."""
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
    """h x w bool: the cells of a frame that have something of an object.

    What is void states nothing: a little beside it counts for the whole cell when it is read.
    """
    if not memory.object_ids:
        return memory.soft[0] < -1
    return memory.soft[1:].amax(0) > NOBODYS * memory.soft.sum(0)


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
        self._queries = query_blocks(keys[None], BLOCK) / math.sqrt(len(keys))
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
        rows, columns = block_grid(*self._size)
        owned = torch.stack([somebodys(memory) for memory in recent])
        row, column = owned.nonzero()[:, 1:].T
        radius = self._config.radius
        low, level = _gaps(rows, row) <= radius, _gaps(columns, column) <= radius
        near = low[blocks // columns] & level[blocks % columns]
        seen = near.any(-1)
        blocks = blocks[seen]
        if not len(blocks):
            return blocks
        keys = torch.cat([m.keys[:, own] for m, own in zip(recent, owned, strict=True)], dim=1)
        best = self._best_of_each(keys, near[seen], blocks)
        latest = min(recent, key=lambda memory: abs(memory.frame_index - self._index))
        apart = torch.arange(BLOCK + RADIUS, device=best.device)
        unseen = torch.where(apart > self._config.radius, -HIDDEN, 0.0)
        return blocks[self._reached(blocks, best, latest, unseen)]

    def _reached(self, blocks: Tensor, best: Tensor, memory: MemoryFrame, loss: Tensor) -> Tensor:
        """n bool: which of some blocks have a query whose best may be among its k best.

        Args:
            blocks: n int64, ascending.
            best: n x b^2, of each query.
            memory: a frame that is read.
            loss: what similarities to it lose, by distance.
        """
        k = self._config.reading.top_k
        if k > (BLOCK + 2 * RADIUS) ** 2:
            return self.inside[blocks].any(-1)
        rivals = kth_around(self._keys, memory.keys, radius=RADIUS, loss=loss, k=k, blocks=blocks)
        found: Tensor = ((best >= rivals - MARGIN) & self.inside[blocks]).any(-1)
        return found

    def _lost(self, cells: Tensor) -> Tensor:
        """What a keyframe's cell loses by its distance in cells."""
        config = self._config
        return loss_by_distance(cells, config.reach * min(self._size), config.handicap)

    def _best_of(self, keyframes: Keyframes, owned: Sequence[Tensor]) -> Tensor:
        """n x b^2, of each query the largest similarity to cells of keyframes, or somewhat more."""
        best = self._keys.new_full(self.inside.shape, -torch.inf)
        for frame, own, loss in zip(keyframes.frames, owned, keyframes.losses, strict=True):
            if own.any():
                found = self._best_in_keyframe(frame.keys, own.nonzero()[:, 0]) - loss
                best = torch.maximum(best, found)
        return best

    def _best_in_keyframe(self, keys: Tensor, cells: Tensor) -> Tensor:
        """n x b^2, the same for some cells of one keyframe.

        All queries of a block lose as little by distance as the one that is nearest to the cell.
        """
        width = self._size[1]
        rows, columns = block_grid(*self._size)
        down = _gaps(rows, cells // width)[:, None].expand(-1, columns, -1).flatten(0, 1)
        across = _gaps(columns, cells % width)[None].expand(rows, -1, -1).flatten(0, 1)
        chosen, lost = keys.flatten(1)[:, cells], self._lost(torch.maximum(down, across))
        parts = zip(torch.split(self._queries, columns), torch.split(lost, columns), strict=True)
        return torch.cat([(part @ chosen).sub_(loss[:, None]).amax(-1) for part, loss in parts])

    def _best_of_each(self, keys: Tensor, near: Tensor, blocks: Tensor) -> Tensor:
        """n x b^2, of each query of some blocks the largest similarity to cells near its block.

        Args:
            keys: C x m, of the cells.
            near: n x m bool, at least one of each block.
            blocks: n int64.
        """
        pairs = zip(blocks.tolist(), near, strict=True)
        return torch.stack([(self._queries[i] @ keys[:, own]).amax(-1) for i, own in pairs])


def _gaps(blocks: int, places: Tensor) -> Tensor:
    """blocks x n: along one axis, cells from each block to some places; 0 inside of it."""
    first = BLOCK * torch.arange(blocks, device=places.device)[:, None]
    return torch.maximum(first - places, places - first - (BLOCK - 1)).clamp(min=0)
