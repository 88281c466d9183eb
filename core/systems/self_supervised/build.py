"""Building the tracker from a request."""

from __future__ import annotations

from core.device import choose_device
from core.errors import CheckpointMissing
from core.nn.checkpoints import load_weights, read_info, require_system
from core.systems.self_supervised.config import CALIBRATION, TRACKING, EncoderConfig
from core.systems.self_supervised.model import KeyEncoder
from core.systems.self_supervised.spec import SYSTEM
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
    """
    device = choose_device(request.device)
    if request.weights is None:
        msg = f"The system {SYSTEM} needs weights."
        raise CheckpointMissing(msg, "Give --weights FILE.")
    info = read_info(request.weights)
    require_system(info, SYSTEM, request.weights)
    encoder = KeyEncoder(EncoderConfig.from_dict(info.config))
    load_weights(request.weights, encoder)
    calibration = Calibration.from_dict(info.calibration) if info.calibration else CALIBRATION
    return SelfSupervisedTracker(
        encoder, config or TRACKING[request.quality], device, calibration=calibration
    )
