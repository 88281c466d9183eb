"""What a frame reads of memory frames. Blocks of its cells are searched where that may matter.

An object is read where cells that are the object's are among the best. Most of a frame is far from
that: a quick look tells, without any error, in which blocks no such cell can be among them, and
there every object is read as 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor

from core.memory.bank import MemoryFrame
from core.ops.matching import (
    BLOCK,
    Candidates,
    distance_handicap,
    read,
    search_frames,
    search_windows,
)
from core.ops.windows import join_blocks
from core.tracking.config import TrackingConfig
from core.tracking.found import BlocksFound, FoundBefore
from core.tracking.quick_look import Keyframes, QuickLook, somebodys


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
        self._look = QuickLook(frame_index, keys, config)

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
        planes = objects.new_zeros(len(self._look.inside), BLOCK**2, len(ways) * len(object_ids))
        planes[blocks] = objects.flatten(0, 1).T.reshape(len(blocks), BLOCK**2, -1)
        joined = join_blocks(planes, *self.size, BLOCK)
        return joined.view(len(ways), -1, *self.size).expand(3, -1, -1, -1)

    def _blocks(self, keyframes: Keyframes, recent: Sequence[MemoryFrame]) -> Tensor:
        """The blocks in which an object may be read, ascending; in others each is read as 0."""
        near = self._open(keyframes)
        if recent:
            asked = self._look.at_recent(recent, (~near).nonzero()[:, 0])
            hit = self._hit(recent, asked)
            near = near.clone()
            near[asked[hit]] = True
        return near.nonzero()[:, 0]

    def _hit(self, recent: Sequence[MemoryFrame], blocks: Tensor) -> Tensor:
        """Which of some blocks find somebody's cell in recent frames."""
        if not len(blocks):
            return blocks > 0
        owned = torch.stack([somebodys(memory) for memory in recent]).flatten()
        cells = self._recent(recent, blocks).cell
        found: Tensor = (owned[cells].any(-1) & self._look.inside[blocks]).any(-1)
        return found

    def _open(self, keyframes: Keyframes) -> Tensor:
        """The blocks in which a keyframe's cell that is somebody's may be among the best."""
        if not keyframes.frames:
            return self._look.inside.new_zeros(len(self._look.inside))
        asked = self._index, tuple(frame.frame_index for frame in keyframes.frames)
        known = self._before.open_blocks(asked)
        if known is None:
            known = self._look.at_keyframes(keyframes)
            self._before.note_open(asked, known)
        return known

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
        return BlocksFound.nothing(len(self._look.inside), self._keys.device)


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


def _flat(found: Candidates) -> Candidates:
    """n x b^2 x k as (n b^2) x k."""
    return Candidates(found.similarity.flatten(0, 1), found.cell.flatten(0, 1))
