"""The encoder of the `paper` preset as weights that other programs take."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor

from core.errors import CheckpointMismatch
from core.media.atomic import write_atomic
from core.systems.appearance_motion.appearance import ResNetSegments
from core.systems.appearance_motion.model import AppearanceMotion, read_network


def encoder_tensors(network: AppearanceMotion) -> dict[str, Tensor]:
    """The ResNet-50 in a network, by the names of torchvision, without a classifier.

    What it knows can be carried on to other tasks; vosapp trains none (the paper's table 2 on
    semantic segmentation is not repeated here). The last stages are dilated here: whoever uses
    torchvision's strides gets maps at stride 32 from the same weights.

    Raises:
        CheckpointMismatch: the network has no ResNet-50.
    """
    if not isinstance(network.appearance, ResNetSegments):
        msg = f"These weights have no ResNet-50: they segment with {network.config.appearance}."
        raise CheckpointMismatch(msg, "Give weights of the preset paper.")
    return dict(network.appearance.encoder.state_dict())


def export_encoder(weights: Path, out: Path) -> int:
    """Write the ResNet-50 in a file of weights as a safetensors file of its own.

    Args:
        weights: of the preset `paper`.
        out: the new file.

    Returns:
        How many tensors it holds.

    Raises:
        CheckpointMissing, CheckpointMismatch: see `read_network` and `encoder_tensors`.
        OutputError: the file cannot be written.
    """
    from safetensors.torch import save

    tensors = {name: x.contiguous() for name, x in encoder_tensors(read_network(weights)).items()}
    write_atomic(out, save(tensors))
    return len(tensors)
