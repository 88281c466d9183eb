"""Weights of other programs as a start: ResNet-50 of torchvision, alone or in a Mask R-CNN."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import torch
from torch import Tensor

from core.nn.foreign import ImportReport
from core.nn.importing import (
    UNFILLED,
    bare,
    left_out,
    misfit,
    odd_numbers,
    read_import,
    require_preset,
    require_some,
    save_import,
    unknown_program,
)
from core.systems.global_instance.config import PRESETS
from core.systems.global_instance.encoders import MASKED
from core.systems.global_instance.model import GlobalInstanceNetwork
from core.systems.global_instance.spec import SYSTEM

PRESET = "paper"
"""The preset whose encoders have the shapes of ResNet-50."""
KINDS = {
    "maskrcnn": "Mask R-CNN with ResNet-50 of torchvision",
    "resnet": "ResNet-50 of torchvision or timm",
}
BODY = "backbone.body."
"""What names of the ResNet begin with in a Mask R-CNN of torchvision."""
ENCODERS = ("query_encoder.", "support_encoder.encoder.")
"""Both encoders start from the same values (section 3.3)."""
FIRST = "conv1.weight"


def import_weights(
    path: Path, out: Path, *, kind: str | None = None, preset: str | None = None
) -> ImportReport:
    """Write the weights of another program as a checkpoint of ours, to be trained.

    Args:
        path: a safetensors file, or a pickle of torch (read by `core.nn.foreign`).
        out: the new safetensors file.
        kind: a name in `KINDS`; None looks at the names of the tensors.
        preset: `PRESET` or None.

    Raises:
        UsageError: no such kind or preset; `out` is the file that is read.
        CheckpointMissing, CheckpointMismatch: no such file; damaged, hostile, of no known
            program, or nothing in it fits.
        OutputError: `out` cannot be written.
    """
    require_preset(preset, PRESET)
    foreign = read_import(path, out, kind=kind, known=KINDS)
    tensors = bare(foreign.tensors)
    found = kind or detect_kind(tensors)
    torch.manual_seed(0)
    network = GlobalInstanceNetwork(PRESETS[PRESET])
    left = left_out(foreign)
    taken, unfilled = _fill(network, tensors, BODY if found == "maskrcnn" else "", left)
    require_some(taken, path, PRESET, hint="Name another --kind.")
    notes = ("The channel of masks of the support encoder begins with zeros.", UNFILLED)
    report = ImportReport(found, SYSTEM, PRESET, taken, left, unfilled, notes)
    save_import(out, network, report=report, title=KINDS[found], config=network.config.to_dict())
    return report


def detect_kind(names: Iterable[str]) -> str:
    """The name in `KINDS` that the names of a file's tensors speak for.

    Raises:
        CheckpointMismatch: no kind that is known; some of the names are in the message.
    """
    known = set(names)
    for kind, lead in (("maskrcnn", BODY), ("resnet", "")):
        if {f"{lead}{FIRST}", f"{lead}layer1.0.conv3.weight"} <= known:
            return kind
    raise unknown_program(known, KINDS)


def _fill(
    network: GlobalInstanceNetwork, tensors: Mapping[str, Tensor], lead: str, left: dict[str, str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Copy what fits; return what was taken and what stays unfilled. Adds reasons to `left`."""
    wanted = network.state_dict()
    taken, filled = list[str](), set[str]()
    for name, tensor in tensors.items():
        inner = name.removeprefix(lead)
        reasons = [
            _copied(wanted, f"{encoder}{inner}", _widened(encoder, inner, tensor), filled)
            for encoder in ENCODERS
            if name.startswith(lead)
        ] or ["no part of the backbone"]
        if any(reasons):
            left[name] = next(reason for reason in reasons if reason)
        else:
            taken.append(name)
    unfilled = [n for n in wanted if n not in filled and not n.endswith("num_batches_tracked")]
    return tuple(taken), tuple(unfilled)


def _copied(wanted: Mapping[str, Tensor], target: str, tensor: Tensor, filled: set[str]) -> str:
    reason = misfit(target, tensor, wanted) or odd_numbers(tensor)
    if not reason:
        wanted[target].copy_(tensor)
        filled.add(target)
    return reason


def _widened(encoder: str, inner: str, tensor: Tensor) -> Tensor:
    """The first convolution of support frames sees a mask, too: with zeros until it has learned."""
    if encoder != ENCODERS[1] or inner != FIRST or tensor.ndim != 4 or tensor.shape[1] != 3:
        return tensor
    extra = tensor.new_zeros(len(tensor), MASKED - 3, *tensor.shape[2:])
    return torch.cat([tensor, extra], 1)
