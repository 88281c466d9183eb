"""Frames as networks that read RGB see them, each encoded once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Generic, Protocol, TypeVar

import torch
from torch import Tensor

from core.ops.padding import Padding
from core.tracking.kept_features import FeatureCache, Features
from core.tracking.padded import asserted_masks
from core.types import Frame, Keyframe


class Keyed(Features, Protocol):
    """Features of frames with what they are compared by."""

    @property
    def key(self) -> Tensor:
        """B x C_k x h x w."""


Kind = TypeVar("Kind", bound=Keyed)


@dataclass(frozen=True, slots=True)
class Look(Generic[Kind]):
    """A frame as a network sees it.

    Attributes:
        image: 1 x 3 x H x W float32 normalized RGB; H and W are multiples of the keys' stride.
        padding: what of it lies around the frame.
        features: of the image.
    """

    image: Tensor
    padding: Padding
    features: Kind

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

    def asserted(self, keyframe: Keyframe) -> tuple[Tensor, Tensor]:
        """What a keyframe asserts on the frame, and where it says nothing.

        Returns:
            n x H x W float32 of 0 and 1, and H x W likewise; see `asserted_masks`.
        """
        masks, void = asserted_masks(keyframe, self.size, self.padding)
        return masks.to(self.image.device), void.to(self.image.device)


SomeLook = TypeVar("SomeLook", bound=Look)  # type: ignore[type-arg]


class Looks(Generic[Kind, SomeLook]):
    """Makes looks of frames.

    Attributes:
        features: those of frames that were looked at.
    """

    def __init__(
        self,
        make: Callable[[Tensor, Padding, Kind], SomeLook],
        features: FeatureCache[Kind],
        *,
        fit: Callable[[Frame], tuple[Tensor, Padding]],
        encode: Callable[[Tensor], Kind],
        device: torch.device,
    ) -> None:
        """Nothing is looked at yet.

        Args:
            make: a look of an image, its padding and its features.
            features: where they are kept.
            fit: a frame at working size, as the network takes it, and what of it is padding.
            encode: features of such an image.
            device: where the network computes.
        """
        self._make, self._fit, self._encode, self._device = make, fit, encode, device
        self.features = features

    def at(self, frame_index: int, frame: Frame) -> SomeLook:
        """The look of a frame, H x W x 3 uint8."""
        image, padding = self._fit(frame)
        image = image.to(self._device)
        encode = partial(self._encode, image)
        return self._make(image, padding, self.features.get(frame_index, encode))


def rows(x: Tensor) -> Tensor:
    """C x h x w -> N x C, cell after cell."""
    return x.flatten(1).T.contiguous()
