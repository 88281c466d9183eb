"""Where frames lie on the timeline: pixels to frames and back, zoom and scroll. No drawing."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

WIDEST = 96.0
"""Pixels of one frame at the strongest zoom."""


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """A window onto the frames of a video; frame i fills the pixels from i to i + 1.

    Attributes:
        frame_count: frames of the video.
        width: pixels that show frames.
        scale: pixels of a frame.
        first: the frame, with its fraction, at the left edge.
        tail: pixels that stay free after the last frame, so that one sees where the video ends.
    """

    frame_count: int
    width: int
    scale: float = 1.0
    first: float = 0.0
    tail: int = 0

    @property
    def least(self) -> float:
        """The scale at which the whole video is seen."""
        return self._room / max(1, self.frame_count)

    @property
    def shown(self) -> float:
        """Frames that fit into the width, without the tail."""
        return self._room / self.scale

    @property
    def fits(self) -> bool:
        """True where the whole video is seen, or would be but for the last digit of a number."""
        return self.shown >= self.frame_count * (1 - 1e-9)

    @property
    def visible(self) -> range:
        """Frames of which at least a part is seen."""
        start = max(0, math.floor(self.first))
        stop = math.ceil(self.first + self.width / self.scale)
        return range(start, min(self.frame_count, stop))

    def x_of(self, frame: float) -> float:
        """Return the left edge of a frame in pixels from the left edge of the window."""
        return (frame - self.first) * self.scale

    def center_of(self, frame: int) -> float:
        """Return the middle of a frame."""
        return self.x_of(frame + 0.5)

    def frame_at(self, x: float) -> int:
        """Return the frame at a pixel; beyond the ends the first or the last one."""
        frame = math.floor(self.first + x / self.scale)
        return min(max(frame, 0), self.frame_count - 1)

    def edge_at(self, x: float) -> int:
        """Return the border between two frames that is nearest to a pixel, 0 to the count."""
        edge = round(self.first + x / self.scale)
        return min(max(edge, 0), self.frame_count)

    def fitted(self) -> TimeAxis:
        """Return the axis that shows the whole video."""
        return self._clamped(self.least, 0.0)

    def resized(self, width: int) -> TimeAxis:
        """Return the axis for another width; what fitted still does."""
        changed = replace(self, width=max(1, width))
        return changed.fitted() if self.fits else changed._clamped(self.scale, self.first)

    def zoomed(self, factor: float, x: float) -> TimeAxis:
        """Return the axis scaled by a factor; what lies at pixel `x` stays there."""
        scale = min(max(self.scale * factor, self.least), max(WIDEST, self.least))
        return self._clamped(scale, self.first + x / self.scale - x / scale)

    def scrolled_to(self, first: float) -> TimeAxis:
        """Return the axis with another frame at its left edge."""
        return self._clamped(self.scale, first)

    def with_frame(self, frame: int, *, paged: bool) -> TimeAxis:
        """Return an axis on which a frame is seen.

        Args:
            frame: 0-based.
            paged: a frame that has left the window comes back at its left edge, as in playback;
                else the frame is put in the middle.
        """
        margin = min(2.0, self.shown / 4)
        if self.first <= frame and frame + 1 <= self.first + self.shown:
            return self
        start = frame - margin if paged else frame - self.shown / 2
        return self.scrolled_to(start)

    @property
    def _room(self) -> int:
        return max(1, self.width - self.tail)

    def _clamped(self, scale: float, first: float) -> TimeAxis:
        scale = max(scale, self.least)
        last = max(0.0, self.frame_count - self._room / scale)
        return replace(self, scale=scale, first=min(max(first, 0.0), last))
