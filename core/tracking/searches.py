"""Searches of one frame's cells in the memory, each made once for all objects that read them."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from core.memory.bank import MemoryFrame
from core.ops.matching import Candidates, distance_handicap, search_frames, search_windows
from core.tracking.config import TrackingConfig

Searched = tuple[Sequence[MemoryFrame], Candidates]
"""Memory frames, and the best of their cells for each query."""


class Searches:
    """What one frame finds in memory frames.

    Objects that other keyframes know are read from other memory frames. Then each keyframe is
    searched by itself: the best of several searches are the best of all (`core.ops.matching`), and
    what one object has found serves the next.

    Attributes:
        size: height and width of the frame, in cells.
    """

    def __init__(self, keys: Tensor, config: TrackingConfig, *, apart: bool) -> None:
        """Nothing is searched yet.

        Args:
            keys: of the frame, C x h x w.
            config: of the search.
            apart: objects are read from different frames; else each call searches all its frames
                at once.
        """
        self.size = keys.shape[1], keys.shape[2]
        self._keys, self._config, self._apart = keys, config, apart
        self._found: dict[tuple[int, ...], Candidates] = {}

    def keyframes(self, frames: Sequence[MemoryFrame]) -> list[Searched]:
        """Search keyframes everywhere, what is near preferred; nothing of none."""
        groups = [[frame] for frame in frames] if self._apart else [list(frames)]
        return [(group, self._everywhere(group)) for group in groups if group]

    def recent(self, frames: Sequence[MemoryFrame]) -> list[Searched]:
        """Search frames of the walk within a window; nothing of none."""
        if not frames:
            return []
        key = (-1, *(frame.frame_index for frame in frames))
        if key not in self._found:
            self._found[key] = search_windows(
                self._keys,
                [frame.keys for frame in frames],
                radius=self._config.radius,
                k=self._config.reading.top_k,
            )
        return [(frames, self._found[key])]

    def _everywhere(self, frames: Sequence[MemoryFrame]) -> Candidates:
        key = tuple(frame.frame_index for frame in frames)
        if key not in self._found:
            config, keys = self._config, self._keys
            handicap = distance_handicap(
                *self.size, reach=config.reach, limit=config.handicap, device=keys.device
            )
            self._found[key] = search_frames(
                keys,
                [frame.keys for frame in frames],
                handicap=handicap,
                k=config.reading.top_k,
            )
        return self._found[key]
