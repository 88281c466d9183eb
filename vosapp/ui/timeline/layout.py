"""Where the parts of the timeline lie. No drawing, no state."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from vosapp.ui.timeline.lane_picture import LANE_HEIGHT

HEADER_WIDTH = 188
"""Pixels of the column with the objects' names."""
TAIL = 10
"""Pixels that stay free after the last frame."""
RULER = 22
"""Pixels of the ruler's height."""
RANGE_BAR = 10
"""Pixels of the band with in and out points."""
STRIP = 46
"""Pixels of the thumbnails' height."""
GRIP = 7
"""Pixels from an in or out point within which it is grabbed."""
ICON = 18
"""Pixels of an icon in a lane's header."""


class Part(Enum):
    """What lies at a point."""

    RULER = auto()
    IN_POINT = auto()
    OUT_POINT = auto()
    STRIP = auto()
    LANE = auto()
    NAME = auto()
    SWATCH = auto()
    EYE = auto()
    LOCK = auto()
    NOTHING = auto()


@dataclass(frozen=True, slots=True)
class TimelineLayout:
    """The parts of a timeline of some size.

    Attributes:
        width, height: of the whole, in pixels.
        lanes: number of objects.
        offset: pixels by which the lanes are scrolled.
    """

    width: int
    height: int
    lanes: int
    offset: int = 0

    @property
    def lanes_top(self) -> int:
        """Where the lanes begin."""
        return RULER + RANGE_BAR + STRIP

    @property
    def lanes_height(self) -> int:
        """Pixels in which lanes are seen."""
        return max(0, self.height - self.lanes_top)

    @property
    def content_height(self) -> int:
        """Pixels of all lanes."""
        return self.lanes * LANE_HEIGHT

    @property
    def visible_lanes(self) -> range:
        """Places of the lanes of which a part is seen."""
        first = self.offset // LANE_HEIGHT
        stop = -(-(self.offset + self.lanes_height) // LANE_HEIGHT)
        return range(first, min(self.lanes, stop))

    def lane_top(self, place: int) -> int:
        """Return the upper edge of a lane."""
        return self.lanes_top + place * LANE_HEIGHT - self.offset

    def lane_at(self, y: float) -> int | None:
        """Return the place of the lane at a height, None for none."""
        if not self.lanes_top <= y < self.height:
            return None
        place = int(y - self.lanes_top + self.offset) // LANE_HEIGHT
        return place if place < self.lanes else None

    def part_at(self, x: float, y: float, edges: tuple[float, float]) -> Part:
        """Return what lies at a point.

        Args:
            x: pixels from the left.
            y: pixels from the top.
            edges: where the in and the out point are, in pixels from the left.
        """
        if self.lane_at(y) is not None:
            return Part.LANE if x >= HEADER_WIDTH else _header_part(x)
        if x < HEADER_WIDTH or y >= self.lanes_top:
            return Part.NOTHING
        if y >= RULER + RANGE_BAR:
            return Part.STRIP
        if y >= RULER:
            return _range_part(x, edges)
        return Part.RULER


def _header_part(x: float) -> Part:
    if x < 26:
        return Part.SWATCH
    if x >= HEADER_WIDTH - ICON - 6:
        return Part.LOCK
    return Part.EYE if x >= HEADER_WIDTH - 2 * ICON - 10 else Part.NAME


def _range_part(x: float, edges: tuple[float, float]) -> Part:
    start, stop = (abs(x - edge) for edge in edges)
    if min(start, stop) > GRIP:
        return Part.RULER
    # Where both are close, the side on which the point lies decides.
    outside = x >= edges[1] if start == stop else stop < start
    return Part.OUT_POINT if outside else Part.IN_POINT
