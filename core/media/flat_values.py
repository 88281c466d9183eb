"""Finding the few values that cover areas in an image, and snapping all others to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MAX_SNAPPED = 0.2
"""Larger share of pixels with rare values means a picture, not a mask."""
_LOSSY_DISTANCE = 48.0
"""Values of a lossy file that are nearer than this to a more frequent one are noise of it."""


class NoFlatValues(Exception):
    """The image has no areas of one value; `count` distinct values were found."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self.count = count


@dataclass(frozen=True, slots=True)
class FlatValues:
    """The values that cover areas.

    Attributes:
        values: K values, ascending.
        where: H x W, 0..K-1, the value that each pixel has or was snapped to.
        found: number of distinct values in the image.
        snapped: share of pixels that had another value, 0..1.
    """

    values: NDArray[np.int64]
    where: NDArray[np.int64]
    found: int
    snapped: float


def find_flat_values(
    image: NDArray[np.int64],
    *,
    is_color: bool = False,
    lossy: bool = False,
    own: Sequence[int] = (),
) -> FlatValues:
    """Split an image into its flat values; a value is flat where it fills a 3 x 3 square.

    Args:
        image: H x W, gray levels, or colors as 0xRRGGBB.
        is_color: which of the two; decides what "nearest" means.
        lossy: the file format adds noise; near values then count as one.
        own: values that count as flat however small what they fill is.

    Raises:
        NoFlatValues: more than a fifth of the pixels have no flat value.
    """
    values, where, counts = np.unique(image, return_inverse=True, return_counts=True)
    where = where.reshape(image.shape)
    is_flat = flat_places(where, values.size) | np.isin(values, own)
    snapped = float(counts[~is_flat].sum() / image.size)
    if snapped > _MAX_SNAPPED or not is_flat.any():
        raise NoFlatValues(values.size)
    points = _points(values, is_color=is_color)
    if lossy:
        is_flat = _without_noise(points, counts, is_flat)
        snapped = float(counts[~is_flat].sum() / image.size)
    nearest = _nearest(points, np.flatnonzero(is_flat))
    return FlatValues(values[is_flat], nearest[where], int(values.size), snapped)


def flat_places(where: NDArray[np.int64], count: int) -> NDArray[np.bool_]:
    """Tell for each of `count` values, whose places `where` holds, whether it is flat."""
    is_flat = np.zeros(count, bool)
    is_flat[np.unique(_inner(where))] = True
    return is_flat


def _inner(where: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the values of the pixels whose eight neighbors have the same one; edges repeat."""
    same_row = np.ones(where.shape, bool)
    same_row[:, 1:] &= where[:, 1:] == where[:, :-1]
    same_row[:, :-1] &= where[:, :-1] == where[:, 1:]
    same = same_row.copy()
    equal = where[1:] == where[:-1]
    same[1:] &= equal & same_row[:-1]
    same[:-1] &= equal & same_row[1:]
    return where[same]


def _points(values: NDArray[np.int64], *, is_color: bool) -> NDArray[np.float64]:
    """Return K x 1 levels or K x 3 colors, between which distances mean something."""
    if not is_color:
        return values[:, None].astype(np.float64)
    parts = (values >> 16, values >> 8 & 255, values & 255)
    return np.stack(parts, axis=1).astype(np.float64)


def _without_noise(
    points: NDArray[np.float64], counts: NDArray[np.int64], is_flat: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    kept: list[int] = []
    for place in sorted(np.flatnonzero(is_flat), key=lambda i: -int(counts[i])):
        if all(np.linalg.norm(points[place] - points[k]) >= _LOSSY_DISTANCE for k in kept):
            kept.append(int(place))
    result = np.zeros_like(is_flat)
    result[kept] = True
    return result


def _nearest(points: NDArray[np.float64], flat: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return for each of K points which of the flat ones is nearest, 0..len(flat)-1."""
    result = np.empty(len(points), np.int64)
    for start in range(0, len(points), 4096):
        block = points[start : start + 4096, None, :] - points[None, flat, :]
        result[start : start + 4096] = np.argmin((block**2).sum(axis=2), axis=1)
    return result
