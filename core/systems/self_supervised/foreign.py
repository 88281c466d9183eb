"""Checkpoints of other programs in our layouts: what fits is taken, and the rest is told.

MAST and MAMP become the preset `resnet18`, which is MAST's layout and ready to track. Encoders
that read RGB become a backbone, which others start from; asked for a preset of this system, the
stages of the same shape are taken as a start for training.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from core.errors import CheckpointMismatch
from core.nn.backbone import Backbone
from core.nn.foreign import ImportReport
from core.nn.importing import (
    UNFILLED,
    left_out,
    misfit,
    odd_numbers,
    read_import,
    require_some,
    save_import,
)
from core.systems.self_supervised.foreign_names import KINDS, detect_kind, our_name
from core.systems.self_supervised.method import kept_part, new_network
from core.systems.self_supervised.model import KeyEncoder

COUNT = "num_batches_tracked"


def import_weights(
    path: Path, out: Path, *, kind: str | None = None, preset: str | None = None
) -> ImportReport:
    """Write the weights of another program as a checkpoint of ours.

    Args:
        path: a safetensors file, or a pickle of torch (read by `core.nn.foreign`).
        out: the new safetensors file.
        kind: a name in `KINDS`; None looks at the names of the tensors.
        preset: the network to fill, of `PRESETS` or `BACKBONES`; None takes what fits the kind.

    Raises:
        UsageError: no such kind or preset; `out` is the file that is read.
        CheckpointMissing, CheckpointMismatch: no such file; damaged, hostile, of no known
            program, of a deeper network, or nothing in it fits.
        OutputError: `out` cannot be written.
    """
    foreign = read_import(path, out, kind=kind, known=KINDS)
    found = kind or detect_kind(foreign.tensors, foreign.container)
    chosen = preset or _preset_for(found, foreign.tensors)
    torch.manual_seed(0)
    filled = new_network(chosen)
    system, network = kept_part(filled)
    left = left_out(foreign)
    taken, unfilled = _fill(network, foreign.tensors, found, left)
    require_some(taken, path, chosen, hint="Name another --preset or --kind.")
    _require_depth(network, [our_name(found, name) for name in left], path)
    notes = _notes(found, network, asked=kind is not None, unfilled=unfilled)
    if not KINDS[found].scaled and isinstance(network, KeyEncoder):
        _scale_keys(network)
    report = ImportReport(found, system, chosen, tuple(taken), left, tuple(unfilled), notes)
    config = filled.config.to_dict()
    save_import(out, network, report=report, title=KINDS[found].title, config=config)
    return report


def _preset_for(kind: str, tensors: Mapping[str, Tensor]) -> str:
    if KINDS[kind].lab:
        return "resnet18"
    bottleneck = any(our_name(kind, name) == "layer1.0.conv3.weight" for name in tensors)
    return "resnet50-rgb" if bottleneck else "resnet18-rgb"


def _fill(
    network: nn.Module, tensors: Mapping[str, Tensor], kind: str, left: dict[str, str]
) -> tuple[list[str], list[str]]:
    """Copy what fits; return what was taken and what stays unfilled. Adds reasons to `left`."""
    wanted = network.state_dict()
    other_colors = KINDS[kind].lab != isinstance(network, KeyEncoder)
    taken, filled = list[str](), set[str]()
    for name, tensor in tensors.items():
        target = our_name(kind, name)
        reason = _obstacle(target, tensor, wanted, other_colors=other_colors)
        if not reason and name.endswith(COUNT):
            # A count has the same shape everywhere: it goes with the norm that it belongs to.
            weight = tensors.get(name.removesuffix(COUNT) + "weight")
            reason = (
                "its norm is not in the file"
                if weight is None
                else _obstacle(
                    target.removesuffix(COUNT) + "weight", weight, wanted, other_colors=other_colors
                )
            )
        if not reason and target in filled:
            reason = f"{target} was taken already"
        if reason:
            left[name] = reason
            continue
        wanted[target].copy_(tensor)
        taken.append(name)
        filled.add(target)
    # Files from before batch norm counted its batches lack the count, which nothing reads.
    missing = [n for n in wanted if n not in filled and not n.endswith(COUNT)]
    return taken, missing


def _require_depth(network: nn.Module, left: list[str], path: Path) -> None:
    """Refuse a ResNet with more blocks a stage: its first blocks alone are no network of anyone."""
    have = {".".join(name.split(".")[:2]) for name in network.state_dict()}
    stages = {block.split(".")[0] for block in have if block.startswith("layer")}
    for name in left:
        stage, _, rest = name.partition(".")
        if stage in stages and f"{stage}.{rest.split('.')[0]}" not in have:
            msg = f"{path} is of a deeper ResNet: its {stage} has too many blocks."
            raise CheckpointMismatch(msg, "Only ResNet-18 and ResNet-50 can be imported.")


def _obstacle(
    target: str, tensor: Tensor, wanted: Mapping[str, Tensor], *, other_colors: bool
) -> str:
    """Why a tensor cannot be taken; empty where it can."""
    reason = misfit(target, tensor, wanted)
    if not reason and target.startswith(("conv1.", "bn1.")) and other_colors:
        return "the first convolution of an encoder that reads other colors (RGB, Lab)"
    return reason or odd_numbers(tensor)


def _scale_keys(encoder: KeyEncoder) -> None:
    """Give keys the length at which <q, k> / sqrt(C) is the <q, k> that they were trained with."""
    scale = encoder.config.key_channels**0.25
    with torch.no_grad():
        for parameter in encoder.head.parameters():
            parameter.mul_(scale)


def _notes(kind: str, network: nn.Module, *, asked: bool, unfilled: list[str]) -> tuple[str, ...]:
    notes = list(KINDS[kind].notes)
    if kind == "mast":
        notes.append("MAST does not divide similarities by sqrt(C); its keys are scaled for that.")
        if not asked:
            notes.append("MAMP calls its tensors alike: for a file of MAMP give --kind mamp.")
    if unfilled:
        notes.append(UNFILLED)
    elif isinstance(network, Backbone):
        notes.append("A backbone is a start for training, not a system to track with.")
    return tuple(notes)
