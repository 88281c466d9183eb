"""Building the tracker from a request, and the encoder from a weights file."""

from __future__ import annotations

from pathlib import Path

import torch

from core.device import choose_device
from core.errors import CheckpointMissing, UsageError
from core.nn.checkpoints import load_weights, read_info, require_fit, require_system
from core.systems.self_supervised.config import CALIBRATION, TRACKING, EncoderConfig
from core.systems.self_supervised.fused import FusedEncoder, FusedKeys, new_encoder
from core.systems.self_supervised.model import KeyEncoder
from core.systems.self_supervised.spec import SPEC, SYSTEM
from core.systems.self_supervised.tracker import SelfSupervisedTracker
from core.tracking.config import Calibration, TrackingConfig
from core.tracking.contract import TrackerRequest


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
    if request.weights is None:
        msg = f"The system {SYSTEM} needs weights."
        raise CheckpointMissing(msg, "Give --weights FILE.")
    encoder = read_encoder(request.weights)
    if request.target and not isinstance(encoder, FusedEncoder):
        msg = f"The weights {request.weights} see no ImageNet backbone: no target model can learn."
        able = " or ".join(sorted(SPEC.backbone_presets))
        hint = f"Take weights of the preset {able}, or adapt by the U-Net (--adapt unet)."
        raise UsageError(msg, hint)
    known = read_info(request.weights).calibration
    calibration = Calibration.from_dict(known) if known else CALIBRATION
    return SelfSupervisedTracker(
        encoder,
        config or TRACKING[request.quality],
        device,
        calibration=calibration,
        target=request.target,
    )


def read_encoder(weights: Path) -> KeyEncoder | FusedEncoder:
    """Build the encoder that a file describes, and fill it.

    A header can describe a network that no memory holds. So it is compared with the tensors of
    the file first, on a network without any.

    Raises:
        CheckpointMissing: weights, or the ImageNet backbone that they need, are not there.
        CheckpointMismatch: damaged, or of another system.
    """
    info = read_info(weights)
    require_system(info, SYSTEM, weights)
    config = EncoderConfig.from_dict(info.config)
    with torch.device("meta"):
        require_fit(weights, FusedKeys(config) if config.fused_channels else KeyEncoder(config))
    encoder = new_encoder(config)
    load_weights(weights, encoder.keys if isinstance(encoder, FusedEncoder) else encoder)
    return encoder
