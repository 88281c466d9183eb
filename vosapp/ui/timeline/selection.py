"""Frames of one object that the user has marked on its lane."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LaneSelection:
    """A range of one object's cells.

    Attributes:
        object_id: whose.
        start, stop: the frames `start` up to but without `stop`.
    """

    object_id: int
    start: int
    stop: int

    @classmethod
    def between(cls, object_id: int, one: int, other: int) -> LaneSelection:
        """Return the selection from one frame to another, in any order, both included."""
        return cls(object_id, min(one, other), max(one, other) + 1)

    @property
    def length(self) -> int:
        """Number of frames."""
        return self.stop - self.start
