"""Memory of their own for large arrays that are kept while much else comes and goes.

The C library's heap gives back only what is free at its end. Frames that a cache keeps there lie
between short-lived ones, and holes that no later frame fits in are left when they go: a walk
through 3,000 frames grew to three times what its cache may hold, and kept it.
"""

from __future__ import annotations

import mmap
import sys

import numpy as np
from numpy.typing import NDArray

SMALLEST = 1 << 17
"""Bytes from which an array gets memory of its own; smaller ones fill holes well."""


def apart(array: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return an array to be kept: read-only, and in memory that the system gets back with it.

    Args:
        array: of any shape. One that is small, that is apart already, or that the system has no
            memory apart for, is returned itself.
    """
    kept = array if array.nbytes < SMALLEST or _is_apart(array) else _copied(array)
    kept.flags.writeable = False
    return kept


def _is_apart(array: NDArray[np.uint8]) -> bool:
    owner = array.base
    holder = owner.base if isinstance(owner, np.ndarray) else owner
    return isinstance(holder, memoryview) and isinstance(holder.obj, mmap.mmap)


def _copied(array: NDArray[np.uint8]) -> NDArray[np.uint8]:
    try:
        memory = _mapped(array.nbytes)
    except OSError:
        return array
    copy = np.frombuffer(memory, np.uint8).reshape(array.shape)
    copy[...] = array
    return copy


def _mapped(size: int) -> mmap.mmap:
    if sys.platform == "win32":
        return mmap.mmap(-1, size)
    # Not shared, as is usual in Python: what is shared does not count as this process's own.
    return mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
