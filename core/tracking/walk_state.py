"""The state of a walk as bytes: named arrays, nothing that could be executed."""

from __future__ import annotations

import io

import numpy as np

from core.media.zip_directory import require_unpacked
from core.types import Arrays, Direction


def pack(arrays: Arrays) -> bytes:
    """Arrays as the bytes of an npz file."""
    data = io.BytesIO()
    np.savez(data, **arrays)  # type: ignore[arg-type]
    return data.getvalue()


def unpack(state: bytes) -> Arrays:
    """What `pack` was given.

    Raises:
        ValueError: the bytes are none of `pack`.
    """
    try:
        # `pack` packs nothing, so that what is unpacked is no larger than the bytes given.
        require_unpacked(io.BytesIO(state))
        with np.load(io.BytesIO(state), allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except Exception as error:
        # Heads of arrays are read as Python's text, where damage may raise anything.
        msg = f"This is no saved walk: {error}"
        raise ValueError(msg) from error


def direction_of(arrays: Arrays) -> Direction:
    """The entry `direction` of a state.

    Raises:
        ValueError: it is not there, or no direction.
    """
    if "direction" not in arrays:
        msg = "The saved walk has no direction."
        raise ValueError(msg)
    return Direction(int(arrays["direction"]))
