"""Frames as the memory network sees them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from core.cache import LruCache, bytes_of
from core.ops.padding import Padding
from core.systems.box_supervised.config import STRIDE
from core.systems.box_supervised.model import FrameFeatures, MemoryNetwork
from core.tracking.config import FEATURE_BYTES
from core.tracking.contract import FeatureStore
from core.tracking.kept_features import from_arrays, to_arrays
from core.tracking.padded import asserted_masks, padded_frame
from core.types import Frame, Keyframe

_NAMES = ("key", "shrinkage", "selection", "quarter", "eighth", "sixteenth")
"""Features of a frame in a store."""


@dataclass(frozen=True, slots=True)
class Look:
    """A frame as the network sees it.

    Attributes:
        image: 1 x 3 x H x W float32 normalized RGB; H and W are multiples of 16.
        padding: what of it lies around the frame.
        features: of the image.
    """

    image: Tensor
    padding: Padding
    features: FrameFeatures

    @property
    def size(self) -> torch.Size:
        """H and W of the image, padding included."""
        return self.image.shape[-2:]

    @property
    def cells(self) -> tuple[int, int]:
        """Height and width of the key, in cells."""
        height, width = self.features.key.shape[-2:]
        return height, width

    @property
    def key(self) -> Tensor:
        """N x C_k keys, row by row."""
        return rows(self.features.key[0])

    @property
    def selection(self) -> Tensor:
        """N x C_k selections."""
        return rows(self.features.selection[0])

    @property
    def shrinkage(self) -> Tensor:
        """N shrinkages."""
        return self.features.shrinkage[0, 0].flatten()

    def asserted(self, keyframe: Keyframe) -> tuple[Tensor, Tensor]:
        """What a keyframe asserts on the frame, and where it says nothing.

        Returns:
            n x H x W float32 of 0 and 1, and H x W likewise; see `asserted_masks`.
        """
        masks, void = asserted_masks(keyframe, self.size, self.padding)
        return masks.to(self.image.device), void.to(self.image.device)


class Looks:
    """Makes looks of frames, and keeps the features of those that were made last.

    Attributes:
        store: where features are looked for before they are computed; None for nowhere.
    """

    def __init__(self, network: MemoryNetwork, short_side: int, device: torch.device) -> None:
        self._network = network
        self._short_side = short_side
        self._device = device
        self._cache: LruCache[int, FrameFeatures] = LruCache(FEATURE_BYTES, bytes_of)
        self.store: FeatureStore | None = None

    def at(self, frame_index: int, frame: Frame) -> Look:
        """The look of a frame, H x W x 3 uint8."""
        image, padding = padded_frame(frame, self._short_side, stride=STRIDE)
        image = image.to(self._device)
        features = self._cache.get(frame_index)
        if features is None:
            features = self._stored(frame_index) or self._encoded(frame_index, image)
            self._cache.put(frame_index, features)
        return Look(image, padding, features)

    def _stored(self, frame_index: int) -> FrameFeatures | None:
        arrays = None if self.store is None else self.store.get(frame_index)
        found = None if arrays is None else from_arrays(arrays, _NAMES, self._device)
        if found is None:
            return None
        key, shrinkage, selection, *maps = (found[name] for name in _NAMES)
        return FrameFeatures(key, shrinkage, selection, (maps[0], maps[1], maps[2]))

    def _encoded(self, frame_index: int, image: Tensor) -> FrameFeatures:
        features = self._network.encode_frame(image)
        if self.store is not None:
            parts = features.key, features.shrinkage, features.selection, *features.maps
            self.store.put(frame_index, to_arrays(dict(zip(_NAMES, parts, strict=True))))
        return features


def rows(x: Tensor) -> Tensor:
    """C x h x w -> N x C, cell after cell."""
    return x.flatten(1).T.contiguous()
