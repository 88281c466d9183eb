"""Features of frames, each computed once; and as plain arrays, without any loss."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Generic, Protocol, Self, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.cache import LruCache, bytes_of
from core.tracking.config import FEATURE_BYTES
from core.tracking.contract import FeatureStore
from core.types import Arrays

_LAST = ".channels-last"


class Features(Protocol):
    """Features of one frame."""

    @property
    def nbytes(self) -> int:
        """Bytes of all of it."""

    def named(self) -> dict[str, Tensor]:
        """Its tensors by name."""

    @classmethod
    def from_named(cls, tensors: Mapping[str, Tensor]) -> Self:
        """What `named` was asked of."""


Kind = TypeVar("Kind", bound=Features)


class FeatureCache(Generic[Kind]):
    """Features of a video's frames, each computed once as long as they are remembered.

    Attributes:
        store: where they are looked for before they are computed; None for nowhere.
    """

    def __init__(self, kind: type[Kind], names: tuple[str, ...], device: torch.device) -> None:
        """Nothing is known yet.

        Args:
            kind: of the features.
            names: of their tensors.
            device: where they are wanted.
        """
        self._kind, self._names, self._device = kind, names, device
        self._cache: LruCache[int, Kind] = LruCache(FEATURE_BYTES, bytes_of)
        self.store: FeatureStore | None = None

    def get(self, frame_index: int, compute: Callable[[], Kind]) -> Kind:
        """The features of a frame; `compute` makes them where they are not known any more."""
        found = self._cache.get(frame_index)
        if found is None:
            found = self._stored(frame_index) or self._computed(frame_index, compute)
            self._cache.put(frame_index, found)
        return found

    def _stored(self, frame_index: int) -> Kind | None:
        arrays = None if self.store is None else self.store.get(frame_index)
        tensors = None if arrays is None else from_arrays(arrays, self._names, self._device)
        return None if tensors is None else self._kind.from_named(tensors)

    def _computed(self, frame_index: int, compute: Callable[[], Kind]) -> Kind:
        found = compute()
        if self.store is not None:
            self.store.put(frame_index, to_arrays(found.named()))
        return found


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
