"""Sums of walked frames as plain arrays, and back, without any loss."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray

from core.tracking.target.sums import Sums
from core.types import Arrays

IDS, PRODUCTS, ANSWERS = "target.ids", "target.products", "target.answers"


def sums_to_arrays(walked: Mapping[int, Sums]) -> Arrays:
    """Arrays of the sums by object id; without any sums the ids alone, which are none."""
    ids = sorted(walked)
    arrays: Arrays = {IDS: np.array(ids, np.int64)}
    if ids:
        sums = [walked[object_id] for object_id in ids]
        arrays[PRODUCTS] = torch.stack([one.products for one in sums]).cpu().numpy()
        arrays[ANSWERS] = torch.stack([one.answers for one in sums]).cpu().numpy()
    return arrays


def sums_from_arrays(
    arrays: Mapping[str, NDArray[np.generic]], device: torch.device
) -> dict[int, Sums]:
    """The sums that `sums_to_arrays` was given, by object id.

    Raises:
        ValueError: an array is missing, or they make no sense.
    """
    if IDS not in arrays:
        msg = "The saved walk has no target models."
        raise ValueError(msg)
    ids = [int(object_id) for object_id in arrays[IDS]]
    if not ids:
        return {}
    if PRODUCTS not in arrays or ANSWERS not in arrays:
        msg = "The saved walk lacks sums of its target models."
        raise ValueError(msg)
    products, answers = (_numbers(arrays[name]) for name in (PRODUCTS, ANSWERS))
    if answers.ndim != 2 or products.shape != (len(ids), answers.shape[1], answers.shape[1]):
        msg = "The sums of the saved walk's target models do not fit together."
        raise ValueError(msg)
    rows = (torch.from_numpy(array).to(device) for array in (products, answers))
    return {i: Sums(p, a) for i, p, a in zip(ids, *rows, strict=True)}


def _numbers(array: NDArray[np.generic]) -> NDArray[np.float32]:
    found = np.asarray(array, np.float32) if array.dtype == np.float32 else None
    if found is None or not np.isfinite(found).all():
        msg = "The sums of the saved walk's target models are no numbers."
        raise ValueError(msg)
    return found
