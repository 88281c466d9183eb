"""From a weights file: the encoder, the tracker around it, and keys of frames for prompts."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import torch

from core.device import choose_device
from core.errors import UsageError
from core.nn.checkpoints import checked_config, load_weights
from core.nn.inference import for_inference
from core.prompts.request import FeatureReader, FrameFeatures
from core.systems.self_supervised.config import CALIBRATION, STRIDE, TRACKING, EncoderConfig
from core.systems.self_supervised.fused import FusedEncoder, FusedKeys, keys_of, new_encoder
from core.systems.self_supervised.model import KeyEncoder
from core.systems.self_supervised.prompts import LEARNED, LEARNED_FUSED
from core.systems.self_supervised.spec import SPEC, SYSTEM
from core.systems.self_supervised.tracker import SelfSupervisedTracker
from core.tracking.config import TrackingConfig
from core.tracking.contract import TrackerRequest
from core.tracking.sizes import shrunk
from core.tracking.weights import calibration_of, weights_of
from core.types import Frame

SHORT_SIDE = 360
"""Short side at which frames are encoded for prompts; the weights of the cues were learned so."""


def build(
    request: TrackerRequest, *, config: TrackingConfig | None = None
) -> SelfSupervisedTracker:
    """A tracker with the weights of the request.

    Args:
        request: which weights and quality, and where.
        config: another than that of the quality.

    Raises:
        CheckpointMissing, CheckpointMismatch: weights not there, damaged or of another system.
        DeviceUnavailable: no such device.
        UsageError: target models are wanted, and the weights see no backbone.
    """
    device = choose_device(request.device)
    weights = weights_of(request)
    encoder = read_encoder(weights)
    if request.target and not isinstance(encoder, FusedEncoder):
        msg = f"The weights {weights} see no ImageNet backbone: no target model can learn."
        able = " or ".join(sorted(SPEC.backbone_presets))
        hint = f"Take weights of the preset {able}, or adapt by the U-Net (--adapt unet)."
        raise UsageError(msg, hint)
    return SelfSupervisedTracker(
        encoder,
        config or TRACKING[request.quality],
        device,
        calibration=calibration_of(weights, CALIBRATION),
        target=request.target,
    )


def read_encoder(weights: Path) -> KeyEncoder | FusedEncoder:
    """Build the encoder that a file describes, and fill it.

    Raises:
        CheckpointMissing: weights, or the ImageNet backbone that they need, are not there.
        CheckpointMismatch: damaged, or of another system.
    """
    config = checked_config(
        weights,
        SYSTEM,
        read=EncoderConfig.from_dict,
        outline=lambda config: FusedKeys(config) if config.fused_channels else KeyEncoder(config),
    )
    encoder = new_encoder(config)
    load_weights(weights, encoder.keys if isinstance(encoder, FusedEncoder) else encoder)
    return encoder


def load_encoder(weights: Path, device: torch.device) -> KeyEncoder | FusedEncoder:
    """The encoder of a weights file, ready for inference.

    Raises:
        CheckpointMissing, CheckpointMismatch: weights not there, damaged or of another system.
    """
    return for_inference(read_encoder(weights), device)


def feature_reader(weights: Path, device: torch.device) -> FeatureReader:
    """What reads frames with the encoder of a weights file; see `core.tracking.spec.SystemSpec`.

    Raises:
        CheckpointMissing, CheckpointMismatch: weights not there, damaged or of another system.
    """
    return partial(frame_features, load_encoder(weights, device))


def frame_features(
    encoder: KeyEncoder | FusedEncoder, frame: Frame, short_side: int = SHORT_SIDE
) -> FrameFeatures:
    """Keys of a frame.

    Args:
        encoder: in eval mode, on the device that is to compute.
        frame: H x W x 3 uint8.
        short_side: pixels to which the frame's short side is brought before encoding.

    Returns:
        C x h x w float16 on the processor's side; the cells cover the frame evenly.
    """
    small = shrunk(frame, short_side, stride=STRIDE)
    learned = LEARNED_FUSED if isinstance(encoder, FusedEncoder) else LEARNED
    return FrameFeatures(keys_of(encoder, small).half().cpu().numpy(), STRIDE, learned)
