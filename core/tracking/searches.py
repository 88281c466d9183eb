"""What a frame reads of memory frames. Blocks of its cells are searched where that may matter.

An object is read where cells that are the object's are among the best. Most of a frame is far from
that: a quick look tells, without any error, in which blocks no such cell can be among them, and
there every object is read as 0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from core.memory.bank import MemoryFrame
from core.ops.matching import (
    BLOCK,
    Candidates,
    block_grid,
    distance_handicap,
    read,
    search_frames,
    search_windows,
)
from core.ops.windows import join_blocks, query_blocks
from core.tracking.config import TrackingConfig
from core.tracking.found import BlocksFound, FoundBefore

NOBODYS = 1e-3
"""A memory cell whose objects all have a smaller probability is nobody's."""
LOOK = 8
"""Radius in cells of the windows in which the quick look finds what any rival must beat."""
MARGIN = 1e-3
"""By how much, so that rounding never decides."""
CROWDED = 0.25
"""Share of cells that are somebody's, over all keyframes, above which no quick look is worth it."""


@dataclass(frozen=True, slots=True)
class Keyframes:
    """Keyframes that a frame reads, with what each loses for being far in time."""

    frames: tuple[MemoryFrame, ...]
    losses: tuple[float, ...]


class Searches:
    """What one frame finds in memory frames, and reads there.

    Each keyframe is searched by itself: the best of several searches are the best of all
    (`core.ops.matching`), what one object has found serves the next, and so it does the walk that
    comes from the other side.

    Attributes:
        size: height and width of the frame, in cells.
    """

    def __init__(
        self, frame_index: int, keys: Tensor, config: TrackingConfig, *, before: FoundBefore
    ) -> None:
        """Nothing is searched yet.

        Args:
            frame_index: of the frame.
            keys: of the frame, C x h x w.
            config: of the search.
            before: what was found in keyframes by another walk, with these keys and this config.
        """
        self.size = keys.shape[1], keys.shape[2]
        self._index, self._keys, self._config = frame_index, keys, config
        self._before = before
        self._late: dict[tuple[int, ...], BlocksFound] = {}
        ones = keys.new_ones(1, 1, *self.size)
        self._inside = query_blocks(ones, BLOCK)[..., 0] > 0

    def read(
        self,
        keyframes: Sequence[MemoryFrame],
        recent: Sequence[MemoryFrame],
        object_ids: tuple[int, ...],
    ) -> Tensor:
        """3 x K x h x w probabilities of objects, from frames that all know them.

        By all frames, by keyframes alone, by recent frames alone: see `judging.judge.Reading`.

        Args:
            keyframes: are searched everywhere, what is near in place and time preferred.
            recent: frames of the walk, searched within windows. One of both is not empty.
            object_ids: of the K objects.
        """
        losses = time_losses(self._index, keyframes, self._config.other_side)
        given = Keyframes(tuple(keyframes), tuple(losses))
        blocks = self._blocks(given, recent)
        if not len(blocks):
            return self._keys.new_zeros(3, len(object_ids), *self.size)
        far = [
            ([f], self._everywhere(f, w, blocks)) for f, w in zip(keyframes, losses, strict=True)
        ]
        groups = [*far, *([(recent, self._recent(recent, blocks))] if recent else [])]
        found = [_flat(candidates) for _, candidates in groups]
        values = [
            torch.cat([memory.probabilities_of(object_ids) for memory in frames], dim=1)
            for frames, _ in groups
        ]
        count = len(far)
        ways = (
            [slice(None), slice(0, count), slice(count, None)] if far and recent else [slice(None)]
        )
        reading = self._config.reading
        out = partial(read, k=reading.top_k, temperature=reading.temperature)
        said = torch.stack([out(found[way], values[way]) for way in ways])
        objects = said[:, :-1] / said[:, -1:].clamp(min=1e-6)
        planes = objects.new_zeros(len(self._inside), BLOCK**2, len(ways) * len(object_ids))
        planes[blocks] = objects.flatten(0, 1).T.reshape(len(blocks), BLOCK**2, -1)
        joined = join_blocks(planes, *self.size, BLOCK)
        return joined.view(len(ways), -1, *self.size).expand(3, -1, -1, -1)

    def _blocks(self, keyframes: Keyframes, recent: Sequence[MemoryFrame]) -> Tensor:
        """The blocks in which an object may be read, ascending; in others each is read as 0."""
        far = self._open(keyframes)
        if not recent:
            return far.nonzero()[:, 0]
        somebodys = torch.stack([_somebodys(memory) for memory in recent])
        seen = self._in_sight(somebodys.any(0))
        if not keyframes.frames:
            return seen.nonzero()[:, 0]
        asked = (seen & ~far).nonzero()[:, 0]
        if not len(asked):
            return far.nonzero()[:, 0]
        cells = self._recent(recent, asked).cell
        hit = (somebodys.flatten()[cells].any(-1) & self._inside[asked]).any(-1)
        far = far.clone()
        far[asked[hit]] = True
        return far.nonzero()[:, 0]

    def _in_sight(self, somebodys: Tensor) -> Tensor:
        """The blocks whose windows hold a cell of some, h x w."""
        radius, (height, width) = self._config.radius, self.size
        pads = (radius, radius + -width % BLOCK, radius, radius + -height % BLOCK)
        padded = F.pad(somebodys.float()[None], pads)
        return F.max_pool2d(padded, BLOCK + 2 * radius, BLOCK).flatten() > 0

    def _open(self, keyframes: Keyframes) -> Tensor:
        """The blocks in which a keyframe's cell that is somebody's may be among the best."""
        if not keyframes.frames:
            return self._inside.new_zeros(len(self._inside))
        asked = self._index, tuple(frame.frame_index for frame in keyframes.frames)
        known = self._before.open_blocks(asked)
        if known is None:
            known = self._newly_open(keyframes)
            self._before.note_open(asked, known)
        return known

    def _newly_open(self, keyframes: Keyframes) -> Tensor:
        somebodys = [_somebodys(frame).flatten() for frame in keyframes.frames]
        every = self._inside.new_ones(len(self._inside))
        if sum(int(one.sum()) for one in somebodys) > CROWDED * somebodys[0].numel():
            return every
        config = self._config
        pairs = list(zip(keyframes.losses, keyframes.frames, strict=True))
        lost, nearest = min(
            pairs, key=lambda pair: (pair[0], abs(pair[1].frame_index - self._index))
        )
        look = search_windows(self._keys, [nearest.keys], radius=LOOK, k=config.reading.top_k)
        lost += min(config.handicap, (LOOK / (config.reach * min(self.size))) ** 2)
        rivals = look.similarity[..., -1] - lost - MARGIN
        best = torch.full_like(rivals, -torch.inf)
        for frame, own, loss in zip(keyframes.frames, somebodys, keyframes.losses, strict=True):
            best = torch.maximum(best, self._best_of(frame.keys, own.nonzero()[:, 0]) - loss)
        found: Tensor = ((best >= rivals) & self._inside).any(-1)
        return found

    def _best_of(self, keys: Tensor, cells: Tensor) -> Tensor:
        """n x b^2, of each query the largest similarity to some cells, or somewhat more.

        What distance takes is reckoned for the nearest query of a block.
        """
        queries = query_blocks(self._keys[None], BLOCK) / math.sqrt(len(self._keys))
        if not len(cells):
            return queries.new_full(queries.shape[:2], -torch.inf)
        chosen, width = keys.flatten(1)[:, cells], self.size[1]
        rows, columns = block_grid(*self.size)
        down = _gaps(rows, cells // width)[:, None].expand(-1, columns, -1).flatten(0, 1)
        across = _gaps(columns, cells % width)[None].expand(rows, -1, -1).flatten(0, 1)
        config = self._config
        reach = config.reach * min(self.size)
        lost = (torch.maximum(down, across) / reach).square().clamp(max=config.handicap)
        parts = zip(torch.split(queries, columns), torch.split(lost, columns), strict=True)
        return torch.cat([(part @ chosen - loss[:, None]).amax(-1) for part, loss in parts])

    def _recent(self, frames: Sequence[MemoryFrame], blocks: Tensor) -> Candidates:
        """What some blocks find in frames of the walk."""
        key = tuple(frame.frame_index for frame in frames)
        found = self._late.get(key) or self._nothing()
        missing = found.missing(blocks)
        if len(missing):
            keys, k = [frame.keys for frame in frames], self._config.reading.top_k
            radius = self._config.radius
            some = search_windows(self._keys, keys, radius=radius, k=k, blocks=missing)
            self._late[key] = found = found.added(missing, some)
        return found.get(blocks)

    def _everywhere(self, frame: MemoryFrame, loss: float, blocks: Tensor) -> Candidates:
        """What some blocks find in a keyframe."""
        place = self._index, frame.frame_index
        found = self._before.get(place) or self._nothing()
        missing = found.missing(blocks)
        if len(missing):
            config, keys = self._config, self._keys
            handicap = distance_handicap(
                *self.size, reach=config.reach, limit=config.handicap, device=keys.device
            )
            k = config.reading.top_k
            some = search_frames(keys, [frame.keys], handicap=handicap, k=k, blocks=missing)
            found = found.added(missing, some)
            self._before.put(place, found)
        known = found.get(blocks)
        return Candidates(known.similarity - loss, known.cell) if loss else known

    def _nothing(self) -> BlocksFound:
        return BlocksFound.nothing(len(self._inside), self._keys.device)


def time_losses(frame_index: int, frames: Sequence[MemoryFrame], most: float) -> list[float]:
    """What similarities to keyframes lose because another keyframe is nearer in time.

    With d frames to a keyframe and n to the nearest one that is most (d - n) / (d + n): nothing
    half way between two, nearly all beside one of them. References lose nothing; and nothing is
    lost where all keyframes are on one side, since nothing comes from the other then.

    Args:
        frame_index: of the frame that is read.
        frames: keyframes.
        most: that is lost.
    """
    gaps = [frame.frame_index - frame_index for frame in frames]
    if not gaps or min(gaps) > 0 or max(gaps) <= 0:
        return [0.0] * len(gaps)
    nearest = min(abs(gap) for gap in gaps)
    return [
        0.0 if frame.reference or not gap else most * (abs(gap) - nearest) / (abs(gap) + nearest)
        for frame, gap in zip(frames, gaps, strict=True)
    ]


def _somebodys(memory: MemoryFrame) -> Tensor:
    """h x w: the cells of a frame that have something of an object."""
    if not memory.object_ids:
        return memory.soft[0] < -1
    return memory.soft[1:].amax(0) > NOBODYS


def _gaps(blocks: int, places: Tensor) -> Tensor:
    """blocks x n: along one axis, cells from each block to some places; 0 inside of it."""
    first = BLOCK * torch.arange(blocks, device=places.device)[:, None]
    return torch.maximum(first - places, places - first - (BLOCK - 1)).clamp(min=0)


def _flat(found: Candidates) -> Candidates:
    """n x b^2 x k as (n b^2) x k."""
    return Candidates(found.similarity.flatten(0, 1), found.cell.flatten(0, 1))
