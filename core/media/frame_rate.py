"""How many frames a second a video file has: what it declares, where the frames' times agree."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.media.frame_times import FrameIndex

_USUAL = Fraction(25)
_FASTEST = 100_000


def declared_rates(stream: Any) -> tuple[Fraction, ...]:
    """Return the rates that a file declares, the likeliest first, at least one.

    Headers count fields, ticks of a clock or dropped frames as frames, each its own way.
    """
    rates = (stream.guessed_rate, stream.average_rate, stream.base_rate)
    sane = [Fraction(rate) for rate in rates if rate and 0 < rate < _FASTEST]
    return tuple(dict.fromkeys(sane)) or (_USUAL,)


def frame_rate(index: FrameIndex, declared: tuple[Fraction, ...]) -> Fraction:
    """Return frames a second: a declared rate that leads to the last frame's time, else the mean.

    Args:
        index: with times and their unit.
        declared: the likeliest first, at least one.
    """
    steps = len(index.pts) - 1
    span = (index.pts[-1] - index.pts[0]) * index.base
    if span <= 0:
        return declared[0]
    for rate in declared:
        rounding = min(index.base * 3 / 2, 1 / (2 * rate))
        if abs(steps / rate - span) <= rounding:
            return rate
    return (steps / span).limit_denominator(1001)
