"""The encoder that a weights file holds."""

from __future__ import annotations

from pathlib import Path

import torch

from core.nn.checkpoints import load_weights, read_info, require_fit, require_system
from core.systems.self_supervised.config import EncoderConfig
from core.systems.self_supervised.model import KeyEncoder
from core.systems.self_supervised.spec import SYSTEM


def read_encoder(weights: Path) -> KeyEncoder:
    """Build the encoder that a file describes, and fill it.

    A header can describe a network that no memory holds. So it is compared with the tensors of
    the file first, on a network without any.

    Raises:
        CheckpointMissing, CheckpointMismatch: weights not there, damaged or of another system.
    """
    info = read_info(weights)
    require_system(info, SYSTEM, weights)
    config = EncoderConfig.from_dict(info.config)
    with torch.device("meta"):
        require_fit(weights, KeyEncoder(config))
    encoder = KeyEncoder(config)
    load_weights(weights, encoder)
    return encoder
