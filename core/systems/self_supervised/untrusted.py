"""Weights out of a stranger's file, such as a project that somebody has sent."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file

from core.errors import CheckpointMismatch
from core.nn.checkpoints import read_info, require_system
from core.systems.self_supervised.config import PRESETS

SYSTEM = "self_supervised"


def require_sound(path: Path) -> None:
    """Refuse weights that are no network of ours, so that nothing of theirs is built or run.

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
    try:
        tensors = load_file(path)
    except (SafetensorError, OSError, ValueError, TypeError, KeyError) as error:
        msg = f"{path.name} is damaged: {error}."
        raise CheckpointMismatch(msg, "Make the weights again.") from error
    for name, tensor in tensors.items():
        if not np.isfinite(tensor).all():
            msg = f"{path.name} holds numbers that are not finite, in {name[:40]}."
            raise CheckpointMismatch(msg, "Make the weights again.")
