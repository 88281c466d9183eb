"""Building the tracker from a request."""

from __future__ import annotations

from core.device import choose_device
from core.errors import CheckpointMissing
from core.systems.base import TrackerRequest
from core.systems.self_supervised.config import TRACKING
from core.systems.self_supervised.stored import SYSTEM, read_encoder
from core.systems.self_supervised.tracker import SelfSupervisedTracker

__all__ = ["SYSTEM", "build"]


def build(request: TrackerRequest) -> SelfSupervisedTracker:
    """A tracker with the weights of the request.

    Raises:
        CheckpointMissing, CheckpointMismatch: weights not there, damaged or of another system.
        DeviceUnavailable: no such device.
    """
    device = choose_device(request.device)
    if request.weights is None:
        msg = f"The system {SYSTEM} needs weights."
        raise CheckpointMissing(msg, "Give --weights FILE.")
    encoder = read_encoder(request.weights)
    return SelfSupervisedTracker(encoder, TRACKING[request.quality], device)
