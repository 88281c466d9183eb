"""Searches of one frame's cells in the memory, each made once for all that read what it found."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from core.cache import LruCache
from core.memory.bank import MemoryFrame
from core.ops.matching import Candidates, distance_handicap, search_frames, search_windows
from core.tracking.config import TrackingConfig

Searched = tuple[Sequence[MemoryFrame], Candidates]
"""Memory frames, and the best of their cells for each query."""
Places = tuple[int, tuple[int, ...]]
"""A frame, and the keyframes that it was searched in."""


class FoundBefore:
    """What frames have found in keyframes, for the second walk that comes to them.

    Keys of frames depend on the frames alone, so that it does not matter which walk has searched,
    nor what the keyframes assert.

    Args:
        budget: bytes.
    """

    def __init__(self, budget: int) -> None:
        self._kept: LruCache[Places, Candidates] = LruCache(budget, _bytes)

    def get(self, places: Places) -> Candidates | None:
        """What was found; None where it is not known any more."""
        kept = self._kept.get(places)
        return None if kept is None else Candidates(kept.similarity, kept.cell.long())

    def put(self, places: Places, found: Candidates) -> None:
        """Remember what was found."""
        self._kept.put(places, Candidates(found.similarity, found.cell.int()))


def _bytes(found: Candidates) -> int:
    return found.similarity.nbytes + found.cell.nbytes


class Searches:
    """What one frame finds in memory frames.

    Objects that other keyframes know are read from other memory frames. Then each keyframe is
    searched by itself: the best of several searches are the best of all (`core.ops.matching`), and
    what one object has found serves the next.

    Attributes:
        size: height and width of the frame, in cells.
    """

    def __init__(
        self,
        frame_index: int,
        keys: Tensor,
        config: TrackingConfig,
        *,
        apart: bool,
        before: FoundBefore,
    ) -> None:
        """Nothing is searched yet.

        Args:
            frame_index: of the frame.
            keys: of the frame, C x h x w.
            config: of the search.
            apart: objects are read from different frames; else each call searches all its frames
                at once.
            before: what was found in keyframes by another walk, with these keys and this config.
        """
        self.size = keys.shape[1], keys.shape[2]
        self._index, self._keys, self._config, self._apart = frame_index, keys, config, apart
        self._before = before
        self._late: dict[tuple[int, ...], Candidates] = {}

    def keyframes(self, frames: Sequence[MemoryFrame]) -> list[Searched]:
        """Search keyframes everywhere, what is near preferred; nothing of none."""
        groups = [[frame] for frame in frames] if self._apart else [list(frames)]
        return [(group, self._everywhere(group)) for group in groups if group]

    def recent(self, frames: Sequence[MemoryFrame]) -> list[Searched]:
        """Search frames of the walk within a window; nothing of none."""
        if not frames:
            return []
        key = tuple(frame.frame_index for frame in frames)
        if key not in self._late:
            self._late[key] = search_windows(
                self._keys,
                [frame.keys for frame in frames],
                radius=self._config.radius,
                k=self._config.reading.top_k,
            )
        return [(frames, self._late[key])]

    def _everywhere(self, frames: Sequence[MemoryFrame]) -> Candidates:
        places = self._index, tuple(frame.frame_index for frame in frames)
        found = self._before.get(places)
        if found is None:
            config, keys = self._config, self._keys
            handicap = distance_handicap(
                *self.size, reach=config.reach, limit=config.handicap, device=keys.device
            )
            found = search_frames(
                keys,
                [frame.keys for frame in frames],
                handicap=handicap,
                k=config.reading.top_k,
            )
            self._before.put(places, found)
        return found
