"""Run lengths: COCO's (column by column, compressed or not) and CVAT's (row by row in a box).

Both count alternating runs, starting with background. Reading is strict and bounded by the size
of the mask, because counts come from strangers' files.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from pycocotools import mask as coco_mask

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]

_MAX_CHARACTERS = 6
"""Characters of one count: 5 bits each, so 6 hold what no mask exceeds."""


class BadRuns(ValueError):
    """Counts that do not describe a mask of the size they should have."""


def encode_coco(mask: Mask) -> str:
    """Return the compressed counts of an H x W mask as text, which JSON can hold."""
    counts: bytes = coco_mask.encode(np.asfortranarray(mask, np.uint8))["counts"]
    return counts.decode("ascii")


def decode_coco(counts: str | Sequence[int], *, height: int, width: int) -> Mask:
    """Return the H x W mask of compressed (text) or uncompressed (numbers) counts.

    Raises:
        BadRuns: the counts are damaged, or describe another number of pixels.
    """
    runs = _decompress(counts, height * width) if isinstance(counts, str) else _numbers(counts)
    return _fill(runs, height * width).reshape(width, height).T


def check_coco(counts: str | Sequence[int], *, height: int, width: int) -> None:
    """See whether counts can be decoded, without the mask's memory.

    Raises:
        BadRuns: as `decode_coco`.
    """
    size = height * width
    _check(_decompress(counts, size) if isinstance(counts, str) else _numbers(counts), size)


def encode_cvat(mask: Mask) -> list[int]:
    """Return the counts of a mask that was cut out to its box, row by row."""
    return [int(run) for run in _runs(mask.ravel())]


def decode_cvat(counts: Sequence[int], *, height: int, width: int) -> Mask:
    """Return the H x W mask of a box from its counts.

    Raises:
        BadRuns: the counts are damaged, or describe another number of pixels.
    """
    return _fill(_numbers(counts), height * width).reshape(height, width)


def _runs(flat: NDArray[np.bool_]) -> NDArray[np.int64]:
    changes = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    edges = np.concatenate(([0], changes, [flat.size]))
    runs = np.diff(edges)
    starts_inside = flat.size > 0 and bool(flat[0])
    return np.concatenate(([0], runs)) if starts_inside else runs


def _numbers(counts: Sequence[int]) -> NDArray[np.int64]:
    try:
        return np.array(counts, np.int64).reshape(-1)
    except (OverflowError, ValueError, TypeError) as error:
        raise BadRuns("a count is no number or too large") from error


def _check(runs: NDArray[np.int64], size: int) -> None:
    if runs.size and (runs.min() < 0 or runs.max() > size):
        raise BadRuns(f"a count is outside 0..{size}")
    total = int(runs.sum()) if runs.size <= 2 * size + 2 else -1
    if total != size:
        raise BadRuns(f"the counts add up to {total if total >= 0 else 'more'}, not to {size}")


def _fill(runs: NDArray[np.int64], size: int) -> NDArray[np.bool_]:
    _check(runs, size)
    return np.repeat(np.arange(runs.size) % 2 == 1, runs)


def _decompress(text: str, size: int) -> NDArray[np.int64]:
    """Undo COCO's compression: 5 bits a character, from the lowest up, with bit 5 for "more".

    From the fourth count on, the difference to the count two before is stored.
    """
    try:
        codes = np.frombuffer(text.encode("ascii"), np.uint8).astype(np.int64) - 48
    except UnicodeEncodeError as error:
        raise BadRuns("the counts hold letters that do not belong there") from error
    if codes.size == 0 or codes.min() < 0 or codes.max() > 63 or codes[-1] & 32:
        raise BadRuns("the counts are cut off or hold letters that do not belong there")
    ends = np.flatnonzero((codes & 32) == 0)
    starts = np.concatenate(([0], ends[:-1] + 1))
    lengths = ends - starts + 1
    if lengths.max() > _MAX_CHARACTERS or lengths.size > 2 * size + 2:
        raise BadRuns("a count is too large, or there are too many")
    place = np.arange(codes.size) - np.repeat(starts, lengths)
    values = np.add.reduceat((codes & 31) << (5 * place), starts)
    values -= np.where(codes[ends] & 16, np.int64(1) << (5 * lengths), 0)
    values[1::2] = np.cumsum(values[1::2])
    values[2::2] = np.cumsum(values[2::2])
    return values
