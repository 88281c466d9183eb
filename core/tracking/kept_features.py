"""Tensors of features as plain arrays, and back, without any loss."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.types import Arrays

_LAST = ".channels-last"


def to_arrays(tensors: Mapping[str, Tensor]) -> Arrays:
    """Arrays of tensors by name. The order of their values in memory is kept, too.

    Networks choose by that order how they compute, which shows in the last bits.
    """
    arrays: Arrays = {}
    for name, tensor in tensors.items():
        if _is_channels_last(tensor):
            arrays[name + _LAST] = tensor.permute(0, 2, 3, 1).cpu().numpy()
        else:
            arrays[name] = tensor.contiguous().cpu().numpy()
    return arrays


def from_arrays(
    arrays: Mapping[str, NDArray[np.generic]], names: tuple[str, ...], device: torch.device
) -> dict[str, Tensor] | None:
    """The tensors that `to_arrays` was given; None where one of them is missing."""
    found: dict[str, Tensor] = {}
    for name in names:
        if name in arrays:
            found[name] = _tensor(arrays[name], device)
        elif name + _LAST in arrays:
            found[name] = _tensor(arrays[name + _LAST], device).permute(0, 3, 1, 2)
        else:
            return None
    return found


def _tensor(array: NDArray[np.generic], device: torch.device) -> Tensor:
    # Cloned: in memory of torch's own, which is aligned as that of computed features is.
    return torch.from_numpy(array).clone().to(device)


def _is_channels_last(tensor: Tensor) -> bool:
    if tensor.dim() != 4 or tensor.is_contiguous():
        return False
    return tensor.is_contiguous(memory_format=torch.channels_last)
