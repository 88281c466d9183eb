"""Inference: frames are matched by the keys of the encoder (Lai et al. 2020)."""

from __future__ import annotations

import torch
from torch import Tensor

from core.nn.inference import for_inference
from core.nn.precision import inference_dtype
from core.systems.self_supervised.config import CALIBRATION, STRIDE
from core.systems.self_supervised.fused import FusedEncoder, keys_and_features_of, keys_of
from core.systems.self_supervised.model import KeyEncoder
from core.tracking.config import Calibration, TrackingConfig
from core.tracking.matching import Encode, EncodeBoth, MatchingTracker
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
        target: bool = False,
    ) -> None:
        """Make a tracker without keyframes.

        Args:
            encoder: makes keys; it is made ready for inference in place.
            config: working resolution and search.
            device: where it computes.
            calibration: what cues are worth with these keys.
            target: learn target models; the encoder must have a backbone.
        """
        super().__init__(
            encode_with(encoder, device),
            config,
            device,
            stride=STRIDE,
            calibration=calibration,
            encode_both=_encode_both_with(encoder) if target else None,
        )


def encode_with(encoder: KeyEncoder | FusedEncoder, device: torch.device) -> Encode:
    """What makes keys of frames with an encoder; its weights are fused for that."""
    ready = for_inference(encoder, device, dtype=inference_dtype(device))

    def encode(small: Frame) -> Tensor:
        return keys_of(ready, small).float().contiguous()

    return encode


def _encode_both_with(encoder: KeyEncoder | FusedEncoder) -> EncodeBoth:
    """What makes keys and features at once with an encoder that is ready for inference."""
    if not isinstance(encoder, FusedEncoder):
        msg = "Without a backbone there are no features to learn target models on."
        raise TypeError(msg)

    def encode(small: Frame) -> tuple[Tensor, Tensor]:
        keys, features = keys_and_features_of(encoder, small)
        return keys.float().contiguous(), features.float().contiguous()

    return encode
