"""How frames are counted where people read them: from 0 as in files, or from 1.

Everything inside counts from 0; only texts and fields of the window go through here. The setting
is one for the whole program, as the theme is.
"""

from __future__ import annotations

_count = {"first": 0}


def count_from(first: int) -> None:
    """Say which number the first frame has: 0 or 1."""
    _count["first"] = first


def first_number() -> int:
    """Return the number of the first frame."""
    return _count["first"]


def shown(frame_index: int) -> int:
    """Return the number that people read for a frame."""
    return frame_index + _count["first"]


def index_of(number: int) -> int:
    """Return the index of the frame that people call by a number."""
    return number - _count["first"]


def span(start: int, stop: int) -> tuple[int, int]:
    """Return the numbers of the first and of the last frame of `start` up to without `stop`."""
    return shown(start), shown(stop - 1)
