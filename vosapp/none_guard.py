"""Keeps Python itself alive under a PySide6 that counts references to None wrongly."""

from __future__ import annotations

import ctypes
import sys

PLENTY = 1 << 60
"""More references than any session can take away: a billion a second for thirty years."""


def guard_none() -> None:
    """Make None immortal, as it is from Python 3.12 on.

    WORKAROUND(PySide6 6.12.0): on Python 3.11 every call of Qt that returns nothing takes a
    reference to None away without having added one. After some thousand calls, a few seconds of
    painting, None is freed and the process aborts.
    """
    if sys.version_info >= (3, 12) or sys.getrefcount(None) > PLENTY // 2:
        return
    count = ctypes.c_ssize_t.from_address(id(None))
    count.value += PLENTY
