"""Times and entry points of a video's frames, as values; `core.media.frame_index` finds them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class FrameIndex:
    """Times and entry points of the frames of one file.

    Attributes:
        pts: presentation time of each frame in units of `base`, strictly ascending.
        keys: frame indices at which a decoder can start, ascending; the first is 0.
        timed: False where what the decoder says of times does not tell frames apart: they can be
            found only by counting from the start.
        doubtful: the end of the file may hold frames that cannot be decoded.
        breaks_off: the file ends in the middle of what it should hold.
        base: seconds of one unit of `pts`.
    """

    pts: tuple[int, ...]
    keys: tuple[int, ...]
    timed: bool = True
    doubtful: bool = False
    breaks_off: bool = False
    base: Fraction = Fraction(1)

    def find(self, pts: int) -> int | None:
        """Return the index of the frame shown at `pts`, None where there is none."""
        place = bisect_left(self.pts, pts)
        return place if place < len(self.pts) and self.pts[place] == pts else None

    def key_before(self, index: int) -> int:
        """Return the last entry point that is not after `index`."""
        return self.keys[max(0, bisect_right(self.keys, index) - 1)]

    @property
    def times(self) -> FrameTimes:
        """When each frame is shown."""
        return FrameTimes(self.pts, self.base)

    def between(self, first: int, last: int) -> FrameIndex:
        """Return the index of frames `first` to `last`, both included, counted from 0 again."""
        keys = {k - first for k in self.keys if first <= k <= last} | {0}
        return replace(self, pts=self.pts[first : last + 1], keys=tuple(sorted(keys)))


@dataclass(frozen=True, slots=True)
class FrameTimes:
    """When each frame of a video is shown.

    Attributes:
        pts: times of the frames, strictly ascending, in units of `base`.
        base: seconds of one unit.
    """

    pts: tuple[int, ...]
    base: Fraction

    def seconds(self, frame_index: int) -> Fraction:
        """Return when a frame is shown, the first one at 0."""
        return (self.pts[frame_index] - self.pts[0]) * self.base
