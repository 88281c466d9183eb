"""The ImageNet weights of EfficientNet-Lite0, taken from the public file into our network."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn

from core.errors import CheckpointMismatch
from core.nn.checkpoints import fill_module
from core.nn.lite0 import HEAD_BLOCK, Lite0Features, Lite0Head
from core.nn.lite0_file import require_backbone
from core.nn.pickles import UnreadablePickle, load_pickle

_OUTER = {
    "_conv_stem": "features.conv1",
    "_bn0": "features.bn1",
    "_conv_head": "head.conv1",
    "_bn1": "head.bn1",
    "_fc": "head.classifier",
}
_INNER = {
    "_expand_conv": "conv1",
    "_bn0": "bn1",
    "_depthwise_conv": "conv2",
    "_bn1": "bn2",
    "_project_conv": "conv3",
    "_bn2": "bn3",
}


def load_features(path: Path | None) -> Lite0Features:
    """Return the network's first part with ImageNet weights: float32, in eval mode, not fused.

    Args:
        path: the public file, see `core.nn.lite0_file.find_backbone`; its hash is looked at first.

    Raises:
        CheckpointMissing: None, or no such file; the hint is the command that installs it.
        CheckpointMismatch: another file, or a damaged one.
    """
    return cast("Lite0Features", _load(path)["features"])


def load_head(path: Path | None) -> Lite0Head:
    """Return the network's second part with ImageNet weights; all else as for `load_features`."""
    return cast("Lite0Head", _load(path)["head"])


def _load(path: Path | None) -> nn.ModuleDict:
    path = require_backbone(path)
    tensors = {our_name(name): tensor for name, tensor in _read(path).items()}
    # Numbers that are overwritten anyway need not be drawn first.
    with torch.device("meta"):
        network = nn.ModuleDict({"features": Lite0Features(), "head": Lite0Head()})
    fill_module(path, network.to_empty(device="cpu"), tensors)
    return network.eval()


def _read(path: Path) -> Mapping[str, Tensor]:
    try:
        content = load_pickle(path)
    except UnreadablePickle as error:
        msg = f"{path} is no file of weights that can be read."
        raise CheckpointMismatch(msg, "Copy or download the file again.") from error
    if not isinstance(content, Mapping) or not all(
        isinstance(name, str) and isinstance(x, Tensor) for name, x in content.items()
    ):
        msg = f"{path} holds other things than weights."
        raise CheckpointMismatch(msg, "Copy or download the file again.")
    return content


def our_name(name: str) -> str:
    """Our name of a tensor of the public file; an unknown one stays as it is."""
    layer, _, rest = name.partition(".")
    if layer in _OUTER:
        return f"{_OUTER[layer]}.{rest}"
    number, _, inside = rest.partition(".")
    layer_inside, _, kind = inside.partition(".")
    if layer != "_blocks" or not number.isdecimal() or layer_inside not in _INNER:
        return name
    part, index = "features", int(number)
    if index >= HEAD_BLOCK:
        part, index = "head", index - HEAD_BLOCK
    return f"{part}.blocks.{index}.{_INNER[layer_inside]}.{kind}"
