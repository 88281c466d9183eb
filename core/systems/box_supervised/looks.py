"""Frames as the memory network sees them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from core.ops.padding import Padding
from core.systems.box_supervised.config import STRIDE
from core.systems.box_supervised.model import PARTS, FrameFeatures, MemoryNetwork
from core.tracking.kept_features import FeatureCache
from core.tracking.padded import asserted_masks, padded_frame
from core.types import Frame, Keyframe


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
    """Makes looks of frames.

    Attributes:
        features: those of frames that were looked at.
    """

    def __init__(self, network: MemoryNetwork, short_side: int, device: torch.device) -> None:
        self._network = network
        self._short_side = short_side
        self._device = device
        self.features = FeatureCache(FrameFeatures, PARTS, device)

    def at(self, frame_index: int, frame: Frame) -> Look:
        """The look of a frame, H x W x 3 uint8."""
        image, padding = padded_frame(frame, self._short_side, stride=STRIDE)
        image = image.to(self._device)
        encode = partial(self._network.encode_frame, image)
        return Look(image, padding, self.features.get(frame_index, encode))


def rows(x: Tensor) -> Tensor:
    """C x h x w -> N x C, cell after cell."""
    return x.flatten(1).T.contiguous()
