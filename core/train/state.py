"""Training state on disk: enough to go on exactly where a run stopped."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from core.errors import CheckpointMismatch, OutputError
from core.media.scratch import scratch_file
from core.nn.pickles import load_pickle


def save_state(
    path: Path, module: nn.Module, optimizer: torch.optim.Optimizer, *, step: int, seconds: float
) -> None:
    """Write the state atomically: a kill leaves the previous one.

    Raises:
        OutputError: the file cannot be written.
    """
    state = {
        "module": module.state_dict(),
        "optimizer": optimizer.state_dict(),
        "step": step,
        "seconds": seconds,
    }
    try:
        with scratch_file(path) as partial:
            # To a stream: in a file torch would keep the name that it has for the moment.
            with partial.open("wb") as stream:
                torch.save(state, stream)
            partial.replace(path)
    except (OSError, RuntimeError) as error:
        # A full disk is a RuntimeError of torch's, with words that help nobody.
        reason = getattr(error, "strerror", None) or "the disk may be full"
        msg = f"The training state cannot be written to {path}: {reason}."
        raise OutputError(
            msg, "It needs a folder with free space that can be written to."
        ) from error


def load_state(
    path: Path, module: nn.Module, optimizer: torch.optim.Optimizer
) -> tuple[int, float]:
    """Restore module and optimizer in place; return steps done and seconds spent.

    Raises:
        CheckpointMismatch: a damaged file, or the state of another network.
    """
    try:
        state = load_pickle(path)
        if not isinstance(state, dict):
            raise TypeError
        module.load_state_dict(state["module"])
        optimizer.load_state_dict(state["optimizer"])
        return int(state["step"]), float(state["seconds"])
    except Exception as error:
        # What the file holds goes into torch's own `load_state_dict`, which may raise anything.
        msg = f"{path} is no training state of this network."
        raise CheckpointMismatch(
            msg,
            "Choose another run folder, or the same preset and stage; a run of another version of "
            "vosapp may have to begin anew.",
        ) from error
