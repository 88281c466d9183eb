"""What is wrong with frames that a decoder gives out all the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

_SHOWN = 5


class Defects:
    """Collects what is met while frames are decoded, to be told once.

    Args:
        path: the video.
        size: (width, height) that all frames are shown at, as they are stored.
    """

    def __init__(self, path: Path, size: tuple[int, int]) -> None:
        self._path, self._size = path, size
        self._damaged: set[int] = set()
        self._resized: tuple[int, tuple[int, int]] | None = None
        self._kinds: list[Callable[[], str]] = []

    def note(self, frame_index: int, *, is_damaged: bool, size: tuple[int, int]) -> None:
        """Take what the decoder says of a frame.

        Args:
            frame_index: which.
            is_damaged: something of it was lost and made up.
            size: (width, height) in which it is coded.
        """
        if is_damaged:
            if not self._damaged:
                self._kinds.append(self._damage)
            self._damaged.add(frame_index)
        if size != self._size and (self._resized is None or frame_index < self._resized[0]):
            if self._resized is None:
                self._kinds.append(self._change)
            self._resized = (frame_index, size)

    @property
    def sentences(self) -> tuple[str, ...]:
        """One for each kind of defect, in the order in which they were met."""
        return tuple(tell() for tell in self._kinds)

    def _damage(self) -> str:
        frames = sorted(self._damaged)
        if len(frames) == 1:
            return (
                f"Frame {frames[0]} of {self._path} is damaged; it is shown as well as it can be."
            )
        shown = ", ".join(map(str, frames[:_SHOWN]))
        more = f" and {len(frames) - _SHOWN} more" if len(frames) > _SHOWN else ""
        return (
            f"{len(frames)} frames of {self._path} are damaged; they are shown as well as they can"
            f" be: {shown}{more}."
        )

    def _change(self) -> str:
        first, size = self._resized or (0, self._size)
        return (
            f"From frame {first} on the pictures of {self._path} are {size[0]} x {size[1]} pixels;"
            f" they are scaled to {self._size[0]} x {self._size[1]} as the first one."
        )
