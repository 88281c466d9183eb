"""Building the tracker from a request."""

from __future__ import annotations

from core.device import choose_device
from core.errors import CheckpointMissing
from core.nn.checkpoints import read_info
from core.systems.self_supervised.config import CALIBRATION, TRACKING
from core.systems.self_supervised.spec import SYSTEM
from core.systems.self_supervised.stored import read_encoder
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
    encoder = read_encoder(request.weights)
    known = read_info(request.weights).calibration
    calibration = Calibration.from_dict(known) if known else CALIBRATION
    return SelfSupervisedTracker(
        encoder, config or TRACKING[request.quality], device, calibration=calibration
    )
