"""How a propagation goes about its work. Nothing here changes a byte of a result."""

from __future__ import annotations

from dataclasses import dataclass

from core.engine.kept_work import KeptWork
from core.engine.spans import Span
from core.types import Direction


@dataclass(frozen=True, slots=True)
class Manner:
    """The order of the work, and what need not be done again.

    Attributes:
        near: the frame that is looked at: its spans come first, outward from it. None takes the
            spans as they come, each from its end.
        drafts: yield a `FrameDraft` for each frame that waits for its second walk.
        kept: walks of earlier runs, and where those of this one go; see ADR 0044.
        have: frames that have their result: they are passed, if need be, and get none.
    """

    near: int | None = None
    drafts: bool = False
    kept: KeptWork | None = None
    have: frozenset[int] = frozenset()


PLAIN = Manner()
"""Everything anew, in the order of the video."""


def away(first: int, last: int, *, near: int) -> int:
    """Frames from those of a range to the one that is looked at; 0 inside of it, 1 beside it."""
    return max(first - near, near - last, 0)


def leads(span: Span, manner: Manner, *, fits: bool) -> Direction:
    """The way of the walk that goes first through a span: outward from what is looked at.

    Args:
        span: is walked both ways.
        manner: says what is looked at.
        fits: what a forward walk says of the span may wait, exact as it has to be.
    """
    near = manner.near
    if near is None or not fits or near > span.last:
        return Direction.BACKWARD
    if near < span.first:
        return Direction.FORWARD
    ways = Direction.BACKWARD, Direction.FORWARD
    return min(ways, key=lambda way: _steps(span, way, near))


def _steps(span: Span, way: Direction, near: int) -> float:
    """Steps of a walk until it is at a frame; infinite where it never gets there."""
    origin = span.origin(way)
    steps = float("inf") if origin is None else (near - origin) * way.value
    return steps if steps >= 0 else float("inf")
