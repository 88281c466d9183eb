"""The course of a run for TensorBoard; the log of the run stays what counts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.errors import OutputError, UsageError
from core.train.loop import TrainProgress

HINT = "Install it: python -m pip install 'vosapp[train]'; or leave --tensorboard out."


def require_board() -> Any:
    """The class that writes what TensorBoard reads.

    Raises:
        UsageError: the package is not installed.
    """
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        msg = "--tensorboard needs the package tensorboard, which is not installed."
        raise UsageError(msg, HINT) from error
    return SummaryWriter


class Board:
    """Losses, learning rate and scores by step.

    Args:
        folder: what TensorBoard is pointed at.
        step: the last one of the run that goes on; what the folder has of later ones is hidden.

    Raises:
        UsageError: the package is not installed.
        OutputError: the folder cannot be written.
    """

    def __init__(self, folder: Path, *, step: int = 0) -> None:
        writer = require_board()
        try:
            self._writer = writer(str(folder), purge_step=step + 1 if step else None)
        except OSError as error:
            msg = f"{folder} cannot be written: {error.strerror}."
            raise OutputError(msg, "Name another folder with --tensorboard.") from error

    def add(self, last: TrainProgress) -> None:
        """Add a step."""
        for name, value in last.losses.items():
            self._writer.add_scalar(f"losses/{name}", value, last.step)
        self._writer.add_scalar("losses/total", last.total_loss, last.step)
        self._writer.add_scalar("learning_rate", last.learning_rate, last.step)

    def add_score(self, name: str, value: float, step: int) -> None:
        """Add what weights of a step made."""
        self._writer.add_scalar(f"scores/{name}", value, step)

    def close(self) -> None:
        """Write what is left."""
        self._writer.close()
