"""Keeps Python itself alive under a PySide6 that counts references wrongly."""

from __future__ import annotations

import ctypes
import sys

PLENTY = 1 << 60
"""More references than any session can take away: a billion a second for thirty years."""


def guard_singletons() -> None:
    """Make None, True and False immortal, as they are from Python 3.12 on.

    WORKAROUND(PySide6 6.12.0): on Python 3.11 every call of Qt that returns nothing, or a truth
    value, takes a reference away without having added one. After some thousand calls, a few
    seconds of painting, None is freed and the process aborts.
    """
    if sys.version_info >= (3, 12):
        return
    for single in (None, True, False, NotImplemented, Ellipsis):
        if sys.getrefcount(single) < PLENTY // 2:
            ctypes.c_ssize_t.from_address(id(single)).value += PLENTY
