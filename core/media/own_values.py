"""Small and thin objects: which rare values of a mask are objects, and which are smoothed edges."""

from __future__ import annotations

from collections.abc import Set
from typing import TYPE_CHECKING

import numpy as np

from core.media.flat_values import flat_places

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FEW = 8
"""Up to so many values without a flat square may be objects; smoothing makes more of them."""
_MIX_SHARE = 0.75
"""A value that lies between its neighbors at more than this share of its pixels is a mixture."""


def own_values(
    image: NDArray[np.int64], *, is_color: bool, known: Set[int] = frozenset()
) -> tuple[list[int], list[int]]:
    """Return the values that fill a 3 x 3 square, and the rarer ones that are no smoothed edges.

    A smoothed edge has values between those on its two sides. A thin line or a single pixel has
    a value of its own. Where all the rare ones are known from other masks nothing is smoothed.

    Args:
        image: H x W, gray levels, or colors as 0xRRGGBB, from a file without loss.
        is_color: which of the two.
        known: values that are objects elsewhere.
    """
    values, where = np.unique(image, return_inverse=True)
    where = where.reshape(image.shape)
    is_flat = flat_places(where, values.size)
    rare = [int(i) for i in np.flatnonzero(~is_flat)]
    flat = [int(v) for v in values[is_flat]]
    if all(int(values[i]) in known for i in rare):
        return flat, [int(values[i]) for i in rare]
    if len(rare) > _FEW:
        rare = [i for i in rare if int(values[i]) in known]
    points = image[..., None] >> np.array([16, 8, 0]) & 255 if is_color else image[..., None]
    return flat, [int(values[i]) for i in rare if _is_own(points, where == i)]


def _is_own(points: NDArray[np.int64], inside: NDArray[np.bool_]) -> bool:
    """Tell whether most pixels of a value are no mixtures of what surrounds them."""
    rows, columns = np.nonzero(inside)
    own = points[rows, columns]
    high, low = own.copy(), own.copy()
    kinds = np.zeros(len(rows), np.int64)
    first = own.copy()
    height, width = inside.shape
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            y = np.clip(rows + down, 0, height - 1)
            x = np.clip(columns + right, 0, width - 1)
            other = points[y, x]
            differs = (other != own).any(axis=1)
            high, low = np.maximum(high, other), np.minimum(low, other)
            first[differs & (kinds == 0)] = other[differs & (kinds == 0)]
            kinds[differs & (kinds == 0)] = 1
            kinds[differs & (other != first).any(axis=1)] = 2
    extreme = ((own == high) & (low < own)) | ((own == low) & (high > own))
    mixed = (kinds == 2) & ~extreme.any(axis=1)
    return bool(mixed.mean() <= _MIX_SHARE)
