"""Weights out of a stranger's file, such as a project that somebody has sent."""

from __future__ import annotations

import json
from pathlib import Path

from core.errors import CheckpointMismatch
from core.nn.checkpoints import load_weights, read_info, require_system
from core.systems.self_supervised.build import SYSTEM
from core.systems.self_supervised.config import PRESETS
from core.systems.self_supervised.model import KeyEncoder


def require_sound(path: Path) -> None:
    """Refuse weights that are no network of ours, so that nothing of their making is built.

    A checkpoint that a user names may describe a network of any size; one that comes with
    somebody's file has to be a known preset, and its numbers have to be finite.

    Raises:
        CheckpointMissing, CheckpointMismatch: not there, damaged, of another system or shape.
    """
    info = read_info(path)
    require_system(info, SYSTEM, path)
    preset = PRESETS.get(str(info.preset))
    if preset is None or json.loads(json.dumps(preset.to_dict())) != info.config:
        msg = f"{path.name} describes a network that is none of {', '.join(PRESETS)}."
        raise CheckpointMismatch(msg, "Use weights made by vosapp.")
    encoder = KeyEncoder(preset)
    load_weights(path, encoder)
    for name, tensor in encoder.state_dict().items():
        if not tensor.isfinite().all():
            msg = f"{path.name} holds numbers that are not finite, in {name}."
            raise CheckpointMismatch(msg, "Make the weights again.")
