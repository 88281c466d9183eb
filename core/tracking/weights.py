"""The weights that a request names, and what their cues are worth."""

from __future__ import annotations

from pathlib import Path

from core.errors import CheckpointMissing
from core.nn.checkpoints import read_info
from core.tracking.config import Calibration
from core.tracking.contract import TrackerRequest


def weights_of(request: TrackerRequest, *, hint: str = "Give --weights FILE.") -> Path:
    """The file of weights that a request names.

    Args:
        request: of a system that needs weights.
        hint: what to do where it names none.

    Raises:
        CheckpointMissing: it names none.
    """
    if request.weights is None:
        raise CheckpointMissing(f"The system {request.system} needs weights.", hint)
    return request.weights


def calibration_of(weights: Path, default: Calibration) -> Calibration:
    """The calibration in the header of weights of ours; the default where none was fitted.

    Raises:
        CheckpointMissing, CheckpointMismatch: weights not there, damaged or not understood.
    """
    known = read_info(weights).calibration
    return Calibration.from_dict(known) if known else default
