"""Features of frames, kept while there is room, so that a second walk need not encode again."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, Protocol, TypeVar


class Sized(Protocol):
    """Features of one frame, be it a tensor or several."""

    @property
    def nbytes(self) -> int:
        """How many bytes they take."""


Features = TypeVar("Features", bound=Sized)


class FeatureCache(Generic[Features]):
    """Features by frame index; the ones used longest ago go first.

    Features depend on the frame alone, so that what a tracker answers does not depend on what the
    cache holds.
    """

    def __init__(self, byte_budget: int) -> None:
        self._budget = byte_budget
        self._bytes = 0
        self._entries: OrderedDict[int, Features] = OrderedDict()

    def get(self, frame_index: int) -> Features | None:
        """The features of a frame, or None."""
        if frame_index in self._entries:
            self._entries.move_to_end(frame_index)
        return self._entries.get(frame_index)

    def put(self, frame_index: int, features: Features) -> None:
        """Keep the features of a frame; they must not be changed afterwards."""
        if frame_index in self._entries:
            return
        self._entries[frame_index] = features
        self._bytes += features.nbytes
        while self._bytes > self._budget:
            self._bytes -= self._entries.popitem(last=False)[1].nbytes
