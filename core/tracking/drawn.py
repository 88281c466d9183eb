"""The keyframes that a tracker has at the time, each with what its system makes of it."""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar

from core.memory.bank import MemoryFrame
from core.types import Direction, Keyframe


class Drawn(Protocol):
    """What a keyframe contributes."""

    @property
    def keyframe(self) -> Keyframe:
        """The keyframe."""

    @property
    def shows(self) -> frozenset[int]:
        """The objects that have pixels on it."""

    @property
    def probed(self) -> MemoryFrame:
        """The frame as the judge looks for its objects."""


Given = TypeVar("Given", bound=Drawn)


class DrawnFrames(Generic[Given]):
    """Keyframes by frame index."""

    def __init__(self) -> None:
        self._given: dict[int, Given] = {}

    def add(self, given: Given) -> None:
        """Take a keyframe; replaces one of the same frame."""
        self._given[given.keyframe.frame_index] = given

    def remove(self, frame_index: int) -> None:
        """Forget a keyframe; nothing happens where there is none."""
        self._given.pop(frame_index, None)

    def get(self, frame_index: int) -> Given | None:
        """The keyframe of a frame."""
        return self._given.get(frame_index)

    @property
    def ordered(self) -> list[Given]:
        """All of them, by frame index."""
        return [self._given[index] for index in sorted(self._given)]

    def shown(self, object_ids: tuple[int, ...]) -> tuple[int, ...]:
        """Those of some objects that a keyframe shows; of others nothing is known."""
        every = frozenset[int]().union(*(given.shows for given in self._given.values()))
        return tuple(i for i in object_ids if i in every)

    def passed(self, frame_index: int, direction: Direction) -> list[Given]:
        """Those that a walk has passed when it comes to a frame, the last one first."""
        way = direction.value
        gone = [index for index in self._given if (frame_index - index) * way > 0]
        return [self._given[index] for index in sorted(gone, key=lambda index: -way * index)]
