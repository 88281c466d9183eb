"""Inference: frames are matched by the keys of the encoder (Lai et al. 2020)."""

from __future__ import annotations

import torch
from torch import Tensor

from core.nn.fuse import fuse_batch_norm
from core.nn.layout import channels_last
from core.nn.precision import inference_dtype
from core.ops.color import lab_tensor
from core.systems.self_supervised.config import CALIBRATION, STRIDE
from core.systems.self_supervised.model import KeyEncoder
from core.tracking.config import Calibration, TrackingConfig
from core.tracking.matching import Encode, MatchingTracker
from core.types import Frame


class SelfSupervisedTracker(MatchingTracker):
    """See `core.tracking.matching`."""

    def __init__(
        self,
        encoder: KeyEncoder,
        config: TrackingConfig,
        device: torch.device,
        *,
        calibration: Calibration = CALIBRATION,
    ) -> None:
        super().__init__(
            encode_with(encoder, device), config, device, stride=STRIDE, calibration=calibration
        )


def encode_with(encoder: KeyEncoder, device: torch.device) -> Encode:
    """What makes keys of frames with an encoder; its weights are fused for that."""
    dtype = inference_dtype(device)
    fused = channels_last(fuse_batch_norm(encoder.eval()), device).to(dtype)

    @torch.inference_mode()
    def encode(small: Frame) -> Tensor:
        image = lab_tensor(small).to(device, dtype, memory_format=torch.channels_last)
        keys: Tensor = fused(image)[0]
        return keys.float().contiguous()

    return encode
