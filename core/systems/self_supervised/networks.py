"""The networks that training knows by their presets: from a file, and into a file."""

from __future__ import annotations

import json
from pathlib import Path

from torch import nn

from core.errors import CheckpointMismatch, UsageError
from core.nn.backbone import BACKBONE, BACKBONES
from core.nn.checkpoints import load_weights, read_info, require_system
from core.systems.self_supervised.build import SYSTEM
from core.systems.self_supervised.config import PRESETS
from core.systems.self_supervised.model import KeyEncoder
from core.systems.self_supervised.rgb import RgbKeys

Network = KeyEncoder | RgbKeys


def new_network(preset: str) -> Network:
    """A network with random weights.

    Raises:
        UsageError: no such preset.
    """
    require_preset(preset)
    if preset in PRESETS:
        return KeyEncoder(PRESETS[preset])
    return RgbKeys(BACKBONES[preset])


def require_preset(preset: str) -> None:
    """Raise `UsageError` unless a preset is known."""
    if preset not in PRESETS and preset not in BACKBONES:
        msg = f"There is no preset {preset!r}."
        raise UsageError(msg, f"Choose one of {', '.join((*PRESETS, *BACKBONES))}.")


def kept_part(network: Network) -> tuple[str, nn.Module]:
    """Whose weights a network's are (the `system` of a checkpoint), and the part that is kept."""
    if isinstance(network, RgbKeys):
        return BACKBONE, network.backbone
    return SYSTEM, network


def start_from(network: Network, preset: str, path: Path) -> None:
    """Fill the part of a network that checkpoints keep.

    Raises:
        CheckpointMissing, CheckpointMismatch: not there, damaged, or of another network.
    """
    system, part = kept_part(network)
    info = read_info(path)
    require_system(info, system, path)
    if info.config != json.loads(json.dumps(network.config.to_dict())):
        msg = f"{path} holds the preset {info.preset}, not {preset}."
        raise CheckpointMismatch(msg, f"Use --preset {info.preset}, or other weights.")
    load_weights(path, part)
