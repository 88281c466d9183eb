"""A copied mask: stays with the canvas, from frame to frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class MaskClip:
    """A mask and whose it was.

    Attributes:
        object_id: of the object.
        mask: H x W bool.
    """

    object_id: int
    mask: NDArray[np.bool_]
