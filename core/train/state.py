"""Training state on disk: enough to go on exactly where a run stopped."""

from __future__ import annotations

import pickle
from pathlib import Path

import torch
from torch import nn

from core.errors import CheckpointMismatch


def save_state(
    path: Path, module: nn.Module, optimizer: torch.optim.Optimizer, *, step: int, seconds: float
) -> None:
    """Write the state atomically: a kill leaves the previous one."""
    state = {
        "module": module.state_dict(),
        "optimizer": optimizer.state_dict(),
        "step": step,
        "seconds": seconds,
    }
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    partial.replace(path)


def load_state(
    path: Path, module: nn.Module, optimizer: torch.optim.Optimizer
) -> tuple[int, float]:
    """Restore module and optimizer in place; return steps done and seconds spent.

    Raises:
        CheckpointMismatch: a damaged file, or the state of another network.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        module.load_state_dict(state["module"])
        optimizer.load_state_dict(state["optimizer"])
        return int(state["step"]), float(state["seconds"])
    except (RuntimeError, KeyError, ValueError, TypeError, EOFError, pickle.UnpicklingError) as error:
        msg = f"{path} is no training state of this network."
        raise CheckpointMismatch(msg, "Choose another run folder, or the same preset.") from error
