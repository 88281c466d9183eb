"""Frames as the memory network sees them."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor

from core.nn.encoder_shape import STRIDE
from core.systems.box_supervised.model import PARTS, FrameFeatures, MemoryNetwork
from core.tracking import looks
from core.tracking.kept_features import FeatureCache
from core.tracking.looks import Looks, rows
from core.tracking.padded import padded_frame


class Look(looks.Look[FrameFeatures]):
    """A frame with keys, shrinkages and selections."""

    __slots__ = ()

    @property
    def selection(self) -> Tensor:
        """N x C_k selections."""
        return rows(self.features.selection[0])

    @property
    def shrinkage(self) -> Tensor:
        """N shrinkages."""
        return self.features.shrinkage[0, 0].flatten()


def looks_of(
    network: MemoryNetwork, short_side: int, device: torch.device
) -> Looks[FrameFeatures, Look]:
    """What makes looks of frames.

    Args:
        network: ready for inference.
        short_side: of frames at working size.
        device: where the network computes.
    """
    return Looks(
        Look,
        FeatureCache(FrameFeatures, PARTS, device),
        fit=partial(padded_frame, short_side=short_side, stride=STRIDE),
        encode=network.encode_frame,
        device=device,
    )
