"""Building the tracker from a request, and the network from a file of weights."""

from __future__ import annotations

from pathlib import Path

import torch

from core.device import choose_device
from core.nn.checkpoints import checked_config, load_weights
from core.nn.inference import for_inference
from core.nn.lite0_encoder import install
from core.nn.precision import tracking_dtype
from core.systems.box_supervised.config import (
    CALIBRATION,
    TRACKING,
    MemoryTrackingConfig,
    NetworkConfig,
)
from core.systems.box_supervised.foreign import is_foreign, read_public
from core.systems.box_supervised.model import MemoryNetwork
from core.systems.box_supervised.spec import SYSTEM
from core.systems.box_supervised.tracker import BoxSupervisedTracker
from core.tracking.contract import TrackerRequest
from core.tracking.weights import calibration_of, weights_of


def build(
    request: TrackerRequest, *, config: MemoryTrackingConfig | None = None
) -> BoxSupervisedTracker:
    """A tracker with the weights of the request: ours, or a public file of XMem as it is.

    Args:
        request: which weights and quality, and where.
        config: another than that of the quality.

    Raises:
        CheckpointMissing, CheckpointMismatch: weights not there, damaged or of another system.
        DeviceUnavailable: no such device.
    """
    device = choose_device(request.device)
    hint = "Give --weights FILE, such as XMem.pth of its authors."
    weights, config = weights_of(request, hint=hint), config or TRACKING[request.quality]
    if is_foreign(weights):
        network, calibration = read_public(weights), CALIBRATION
    else:
        network, calibration = read_network(weights), calibration_of(weights, CALIBRATION)
    ready = for_tracking(network, device, dtype=tracking_dtype(device, half=config.half))
    return BoxSupervisedTracker(ready, config, device, calibration=calibration)


def read_network(weights: Path) -> MemoryNetwork:
    """Build the network that a file of ours describes, and fill it.

    Raises:
        CheckpointMissing: weights, or the ImageNet backbone that they need, are not there.
        CheckpointMismatch: damaged, or of another system.
    """
    config = checked_config(
        weights,
        SYSTEM,
        read=NetworkConfig.from_dict,
        outline=lambda config: MemoryNetwork(config).learned(),
    )
    network = new_network(config)
    load_weights(weights, network.learned())
    return network


def new_network(config: NetworkConfig) -> MemoryNetwork:
    """A network with random values; EfficientNet-Lite0 has those of ImageNet.

    Raises:
        CheckpointMissing, CheckpointMismatch: see `core.nn.lite0_weights.load_features`.
    """
    network = MemoryNetwork(config)
    install(network.key_encoder, frozen=config.needs_backbone)
    return network


def for_tracking(
    network: MemoryNetwork, device: torch.device, *, dtype: torch.dtype = torch.float32
) -> MemoryNetwork:
    """The network ready for inference on a device.

    Args:
        network: not to be trained afterwards.
        device: where it computes.
        dtype: what encoders and decoder compute in. Keys stay in float32, whose squares cancel in
            the similarity, and so do sensory memory, similarities, logits and probabilities.
    """
    ready = for_inference(network, device, dtype=dtype)
    ready.key_proj.float()
    return ready
