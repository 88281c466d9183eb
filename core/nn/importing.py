"""What imports of weights of other programs share: what is refused, what fits, what is written."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from core.errors import CheckpointMismatch, UsageError
from core.nn.checkpoints import CheckpointInfo, save_weights
from core.nn.foreign import ForeignWeights, ImportReport, read_foreign

HALF_MAX = torch.finfo(torch.float16).max
"""Largest number of the 16 bits that weights are kept in."""
UNFILLED = "Parts that were not filled are random: train before use (--init)."
"""Note on weights that do not fill all of the network."""


def read_import(
    path: Path, out: Path, *, kind: str | None, known: Collection[str]
) -> ForeignWeights:
    """Read what is to be imported, once it is known that it may be.

    Args:
        path: a safetensors file, or a pickle of torch.
        out: the file that will be written.
        kind: the program that is named as its source; None where it is not.
        known: programs that can be named.

    Raises:
        UsageError: no such kind; `out` is the file that is read.
        CheckpointMissing, CheckpointMismatch: as `read_foreign`.
    """
    if kind is not None and kind not in known:
        raise UsageError(f"There is no kind {kind!r}.", f"Choose one of {', '.join(known)}.")
    if out.exists() and path.exists() and out.samefile(path):
        msg = f"{out} is the file to be read, and would be overwritten."
        raise UsageError(msg, "Choose another name for what is written.")
    return read_foreign(path)


def require_preset(preset: str | None, only: str) -> None:
    """Raise `UsageError` unless `preset` is the only one that imports fill, or None."""
    if preset not in (None, only):
        raise UsageError(f"Nothing is imported as {preset!r}.", f"Give --preset {only}.")


def require_some(taken: Collection[str], path: Path, preset: str, *, hint: str) -> None:
    """Raise `CheckpointMismatch` where no tensor of a file was taken."""
    if not taken:
        raise CheckpointMismatch(f"Nothing in {path} fits the preset {preset}.", hint)


def unknown_program(names: Collection[str], known: Collection[str]) -> CheckpointMismatch:
    """The error for a file whose tensors have names of no known program."""
    shown = ", ".join(name[:80] for name in sorted(names)[:3])
    msg = f"These weights are of no known program; their tensors are called {shown}."
    return CheckpointMismatch(msg, f"Known are {', '.join(known)}.")


def left_out(foreign: ForeignWeights) -> dict[str, str]:
    """Reasons by name of what an import cannot take at all; others are added to it."""
    return dict.fromkeys(foreign.skipped, "no plain tensor")


def bare(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors without the `module.` that training on several GPUs puts before their names."""
    return {name.removeprefix("module."): tensor for name, tensor in tensors.items()}


def misfit(target: str, tensor: Tensor, wanted: Mapping[str, Tensor]) -> str:
    """Why a tensor has no place in a network; empty where it has one.

    Args:
        target: its name in the network.
        tensor: of the file.
        wanted: tensors of the network by name.
    """
    if target not in wanted:
        return "no such part in this network"
    if tensor.shape != wanted[target].shape:
        return f"{list(tensor.shape)} where {list(wanted[target].shape)} is needed"
    return ""


def odd_numbers(tensor: Tensor) -> str:
    """Why the numbers of a tensor cannot be kept; empty where they can."""
    if not torch.isfinite(tensor).all() or tensor.abs().max() > HALF_MAX:
        return "numbers that are not finite, or too large for 16 bits"
    return ""


def save_import(
    out: Path, network: nn.Module, *, report: ImportReport, title: str, config: dict[str, object]
) -> None:
    """Write what an import has filled, with a header that says where it comes from.

    Args:
        out: the new safetensors file.
        network: what a checkpoint keeps.
        report: of the import.
        title: of the program that the weights are of.
        config: of the network, as plain values.

    Raises:
        OutputError: the file cannot be written.
    """
    origin: dict[str, object] = {
        "imported": title,
        "tensors": len(report.taken),
        "unfilled": report.unfilled,
    }
    terms = "that of the imported file"
    info = CheckpointInfo(report.system, report.preset, config, origin, license=terms)
    save_weights(out, network, info)
