"""What a drag on the timeline does, from press to release."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from vosapp.session.session import Session
from vosapp.ui.timeline.canvas import TimelineCanvas
from vosapp.ui.timeline.layout import HEADER_WIDTH
from vosapp.ui.timeline.selection import LaneSelection

CLICK = 4
"""Pixels by which the mouse may move within a click."""


class Drag(Protocol):
    """A drag that is going on."""

    def move(self, x: float) -> None:
        """Follow the mouse, in pixels of the viewport."""

    def end(self, x: float) -> bool:
        """Finish; True where marked cells ask for a menu."""


@dataclass(slots=True)
class Scrub:
    """The current frame follows the mouse."""

    canvas: TimelineCanvas
    session: Session

    def move(self, x: float) -> None:
        """Show the frame below the mouse; beyond the edges the view follows."""
        offset = min(max(x - HEADER_WIDTH, -30.0), self.canvas.axis.width + 30.0)
        self.session.go_to(self.canvas.axis.frame_at(offset))

    def end(self, _x: float) -> bool:
        """Nothing is left to do."""
        return False


@dataclass(slots=True)
class MoveEdge:
    """The in or the out point follows the mouse."""

    canvas: TimelineCanvas
    session: Session
    is_out: bool

    def move(self, x: float) -> None:
        """Put the point at the nearest border between two frames."""
        edge = self.canvas.axis.edge_at(x - HEADER_WIDTH)
        start, stop = self.session.range
        if self.is_out:
            self.session.set_range(start, max(edge, start + 1))
        else:
            self.session.set_range(min(edge, stop - 1), stop)

    def end(self, _x: float) -> bool:
        """Nothing is left to do."""
        return False


@dataclass(slots=True)
class Mark:
    """Marks cells of one lane; a press without a move is a click."""

    canvas: TimelineCanvas
    session: Session
    object_id: int
    origin: float
    moved: bool = False

    def move(self, x: float) -> None:
        """Mark from where it began to the mouse."""
        if not self.moved and abs(x - self.origin) < CLICK:
            return
        self.moved = True
        one, other = self.canvas.frame_at(self.origin), self.canvas.frame_at(x)
        self.canvas.select(LaneSelection.between(self.object_id, one, other))

    def end(self, x: float) -> bool:
        """A click goes to the frame, or to the keyframe whose dot is hit."""
        if not self.moved:
            self.canvas.select(None)
            self.session.go_to(self.canvas.keyframe_near(self.object_id, x))
        return self.moved
