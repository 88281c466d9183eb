"""Frames as the network sees them, at a size without any padding."""

from __future__ import annotations

from functools import partial

import numpy as np
import torch
from torch import Tensor

from core.nn.backbone import normalized_rgb
from core.nn.encoder_shape import STRIDE
from core.ops.padding import Padding
from core.systems.global_instance.model import PARTS, FrameFeatures, GlobalInstanceNetwork
from core.tracking import looks
from core.tracking.kept_features import FeatureCache
from core.tracking.sizes import shrunk
from core.types import Frame

Look = looks.Look[FrameFeatures]
NO_PADDING = Padding(0, 0, 0, 0)


def fitted_frame(frame: Frame, short_side: int) -> tuple[Tensor, Padding]:
    """A frame at working size, normalized: 1 x 3 x H x W float32, channels last."""
    small = torch.from_numpy(np.array(shrunk(frame, short_side, stride=STRIDE // 2)))
    image = normalized_rgb(small.permute(2, 0, 1).float().div(255))[None]
    return image.contiguous(memory_format=torch.channels_last), NO_PADDING


def looks_of(
    network: GlobalInstanceNetwork, short_side: int, device: torch.device
) -> looks.Looks[FrameFeatures, Look]:
    """What makes looks of frames.

    Args:
        network: ready for inference.
        short_side: of frames at working size.
        device: where the network computes.
    """
    return looks.Looks(
        looks.Look,
        FeatureCache(FrameFeatures, PARTS, device),
        fit=partial(fitted_frame, short_side=short_side),
        encode=network.encode_frame,
        device=device,
    )
