"""From a weights file: what finds objects, and what carries masks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from core.device import choose_device
from core.discovery.contract import DiscoveryRequest
from core.errors import CheckpointMissing
from core.nn.inference import for_inference
from core.nn.layout import channels_last
from core.ops.attention import key_length
from core.systems.multi_granularity.config import CALIBRATION, STEP, STRIDE, TRACKING
from core.systems.multi_granularity.discover import MultiGranularityDiscoverer
from core.systems.multi_granularity.encoder import Encoder
from core.systems.multi_granularity.model import read_network
from core.systems.multi_granularity.spec import SYSTEM
from core.tracking.config import TrackingConfig
from core.tracking.contract import TrackerRequest
from core.tracking.matching import MatchingTracker
from core.tracking.weights import calibration_of, weights_of
from core.types import Frame

SHARPNESS = 20.0
"""Similarity of a key to itself: 10 and 30 give the same J&F (ADR 0063)."""


def build(request: TrackerRequest, *, config: TrackingConfig | None = None) -> MatchingTracker:
    """A tracker that matches frames by the features of the request's weights (section 3.3).

    Args:
        request: which weights and quality, and where.
        config: another than that of the quality.

    Raises:
        CheckpointMissing, CheckpointMismatch: weights not there, damaged or of another system.
        DeviceUnavailable: no such device.
    """
    device, weights = choose_device(request.device), weights_of(request)
    encoder = read_network(weights).encoder
    calibration = calibration_of(weights, CALIBRATION)
    return MatchingTracker(
        encode_with(encoder, device),
        config or TRACKING[request.quality],
        device,
        stride=STRIDE,
        calibration=calibration,
    )


def build_discoverer(request: DiscoveryRequest) -> MultiGranularityDiscoverer:
    """What finds objects with the weights of a request.

    Raises:
        CheckpointMissing, CheckpointMismatch: weights not there, damaged or of another system.
        DeviceUnavailable: no such device.
    """
    if request.weights is None:
        raise CheckpointMissing(f"The system {SYSTEM} needs weights.", "Give --weights FILE.")
    network = channels_last(read_network(request.weights), choose_device(request.device))
    return MultiGranularityDiscoverer(network.eval(), request)


def encode_with(encoder: Encoder, device: torch.device) -> Callable[[Frame], Tensor]:
    """What makes keys of frames at working size; the encoder is made ready for inference.

    Keys have one length: else a cell with a long key resembles all others more than they resemble
    themselves (ADR 0063).
    """
    ready = for_inference(encoder, device)

    @torch.inference_mode()
    def encode(small: Frame) -> Tensor:
        image = torch.from_numpy(np.ascontiguousarray(small)).permute(2, 0, 1)[None].to(device)
        height, width = small.shape[:2]
        behind = (0, -width % STEP, 0, -height % STEP)
        padded = F.pad(image.float() / 255, behind, mode="replicate")
        found: Tensor = ready(padded.contiguous(memory_format=torch.channels_last))[0]
        keys = found[:, : height // STRIDE, : width // STRIDE].float()
        return F.normalize(keys, dim=0).contiguous() * key_length(SHARPNESS, len(keys))

    return encode
