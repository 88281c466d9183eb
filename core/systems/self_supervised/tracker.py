"""Inference: frames are matched by the keys of the encoder (Lai et al. 2020)."""

from __future__ import annotations

import torch
from torch import Tensor

from core.nn.inference import for_inference
from core.nn.precision import inference_dtype
from core.systems.self_supervised.config import CALIBRATION, STRIDE
from core.systems.self_supervised.fused import FusedEncoder, keys_of
from core.systems.self_supervised.model import KeyEncoder
from core.tracking.config import Calibration, TrackingConfig
from core.tracking.matching import Encode, MatchingTracker
from core.types import Frame


class SelfSupervisedTracker(MatchingTracker):
    """See `core.tracking.matching`."""

    def __init__(
        self,
        encoder: KeyEncoder | FusedEncoder,
        config: TrackingConfig,
        device: torch.device,
        *,
        calibration: Calibration = CALIBRATION,
    ) -> None:
        super().__init__(
            encode_with(encoder, device), config, device, stride=STRIDE, calibration=calibration
        )


def encode_with(encoder: KeyEncoder | FusedEncoder, device: torch.device) -> Encode:
    """What makes keys of frames with an encoder; its weights are fused for that."""
    ready = for_inference(encoder, device, dtype=inference_dtype(device))

    def encode(small: Frame) -> Tensor:
        return keys_of(ready, small).float().contiguous()

    return encode
