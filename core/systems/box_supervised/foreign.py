"""Weights of other programs: those of XMem as they are, of STCN and ResNet-50 as a start."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import torch
from torch import Tensor

from core.errors import CheckpointMismatch
from core.nn.checkpoints import fill_module, has_header
from core.nn.foreign import ImportReport, read_foreign
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
from core.systems.box_supervised.config import PRESETS, NetworkConfig
from core.systems.box_supervised.model import MemoryNetwork
from core.systems.box_supervised.spec import SYSTEM

PRESET = "resnet50"
"""The preset whose names and shapes public weights have."""
KINDS = {
    "xmem": "XMem (Cheng & Schwing 2022)",
    "stcn": "STCN (Cheng et al. 2021)",
    "resnet": "ResNet-50 of torchvision or timm",
}
FIRST = "value_encoder.conv1.weight"
JOINED = ("value_encoder.fuser.block1.conv1.weight", "value_encoder.fuser.block1.downsample.weight")
"""Convolutions that see features of masks and of the frame, which STCN has in the other order."""
MASK_FEATURES = 256


def is_foreign(path: Path) -> bool:
    """Whether a file was not written by vosapp, so that `read_public` has to open it."""
    return path.is_file() and not has_header(path)


def read_public(path: Path) -> MemoryNetwork:
    """The network of a public file of XMem; every name and shape in it must fit.

    Raises:
        CheckpointMissing: no such file.
        CheckpointMismatch: damaged, hostile, or no weights of XMem.
    """
    tensors = bare(read_foreign(path).tensors)
    if detect_kind(tensors) != "xmem":
        msg = f"{path} holds no weights of XMem, which alone can be tracked with as they are."
        raise CheckpointMismatch(msg, "Others are a start for training: vosapp models import.")
    network = MemoryNetwork(_config_of(tensors))
    fill_module(path, network, dict(_for_several(tensors)))
    return network


def import_weights(
    path: Path, out: Path, *, kind: str | None = None, preset: str | None = None
) -> ImportReport:
    """Write the weights of another program as a checkpoint of ours.

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
    network = MemoryNetwork(_config_of(tensors) if found == "xmem" else PRESETS[PRESET])
    left = left_out(foreign)
    taken, unfilled = _fill(network, _for_several(tensors), found, left)
    require_some(taken, path, PRESET, hint="Name another --kind.")
    report = ImportReport(
        found, SYSTEM, PRESET, tuple(taken), left, tuple(unfilled), _notes(found, unfilled)
    )
    config = network.config.to_dict()
    save_import(out, network, report=report, title=KINDS[found], config=config)
    return report


def detect_kind(names: Iterable[str]) -> str:
    """The name in `KINDS` that the names of a file's tensors speak for.

    Raises:
        CheckpointMismatch: no kind that is known; some of the names are in the message.
    """
    known = set(names)
    if "key_proj.d_proj.weight" in known and FIRST in known:
        return "xmem"
    if "key_comp.weight" in known and FIRST in known:
        return "stcn"
    if {"conv1.weight", "layer1.0.conv3.weight"} <= known:
        return "resnet"
    raise unknown_program(known, KINDS)


def _config_of(tensors: Mapping[str, Tensor]) -> NetworkConfig:
    """The config that weights of XMem are of: three of its widths can differ.

    Raises:
        CheckpointMismatch: a tensor that tells one of them is missing or has no shape.
    """
    gate = tensors.get("decoder.hidden_update.transform.weight")
    try:
        return NetworkConfig.from_dict(
            PRESETS[PRESET].to_dict()
            | {
                "key_channels": len(tensors["key_proj.key_proj.weight"]),
                "value_channels": len(tensors["value_encoder.fuser.block2.conv2.weight"]),
                "sensory_channels": 0 if gate is None else len(gate) // 3,
            }
        )
    except (KeyError, TypeError) as error:
        msg = f"These weights are not all of XMem: {error}."
        raise CheckpointMismatch(msg, "Copy or download the file again.") from error


def _for_several(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights that were trained on one object have no channel for the others: they see zeros."""
    first = tensors.get(FIRST)
    if first is None or first.ndim != 4 or first.shape[1] != 4:
        return dict(tensors)
    return {**tensors, FIRST: torch.cat([first, torch.zeros_like(first[:, :1])], 1)}


def _fill(
    network: MemoryNetwork, tensors: Mapping[str, Tensor], kind: str, left: dict[str, str]
) -> tuple[list[str], list[str]]:
    """Copy what fits; return what was taken and what stays unfilled. Adds reasons to `left`."""
    wanted = network.state_dict()
    taken = dict[str, str]()
    for name, tensor in tensors.items():
        target = _our_name(kind, name)
        reason = misfit(target, tensor, wanted) or odd_numbers(tensor)
        if reason:
            left[name] = reason
            continue
        wanted[target].copy_(_reordered(tensor) if kind == "stcn" and name in JOINED else tensor)
        taken[target] = name
    unfilled = [n for n in wanted if n not in taken and not n.endswith("num_batches_tracked")]
    return list(taken.values()), unfilled


def _our_name(kind: str, name: str) -> str:
    """What a tensor would be called in our network; the name of nothing where in none."""
    if kind != "resnet":
        return name
    stage, _, rest = name.partition(".")
    return f"key_encoder.{'res2' if stage == 'layer1' else stage}.{rest}"


def _reordered(tensor: Tensor) -> Tensor:
    return torch.cat([tensor[:, MASK_FEATURES:], tensor[:, :MASK_FEATURES]], 1)


def _notes(kind: str, unfilled: list[str]) -> tuple[str, ...]:
    notes = list[str]()
    if kind == "stcn":
        notes.append("STCN has no sensory memory, no shrinkage and no selection.")
    if unfilled:
        notes.append(UNFILLED)
    return tuple(notes)
