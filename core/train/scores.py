"""Scores of a run's weights, kept in the log of the run, so that its picture shows them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

from core.errors import UsageError
from core.nn.checkpoints import read_info
from core.train.curve import PICTURE, draw_curve
from core.train.run_log import LOG, append_line


def trained_steps(weights: Path) -> int:
    """Steps that weights in a run folder were trained for, as their header says.

    Args:
        weights: what `vosapp train` left beside the log of its run.

    Raises:
        UsageError: there is no log beside them, or the header names no steps.
        OutputError: the log cannot be written.
        CheckpointMissing, CheckpointMismatch: see `core.nn.checkpoints.read_info`.
    """
    info, log = read_info(weights), weights.parent / LOG
    if not log.is_file():
        msg = f"{weights} lies in no run folder: there is no {LOG} beside it."
        raise UsageError(msg, "Score weights where `vosapp train` wrote them.")
    append_line(log)
    steps = info.training.get("steps")
    if type(steps) is not int:
        msg = f"{weights} does not say for how many steps it was trained."
        raise UsageError(msg, "Score weights that `vosapp train` wrote.")
    return steps


def add_scores(run: Path, step: int, scores: Mapping[str, float]) -> Path:
    """Add scores to the log of a run, and draw its picture anew.

    Args:
        run: a run folder, which may be in use.
        step: of the weights that were scored.
        scores: by name; the picture shows the last one of a name and step.

    Returns:
        The picture.

    Raises:
        UsageError: a score that is not finite; nothing is written.
        OutputError: the log or the picture cannot be written.
    """
    if not all(map(math.isfinite, scores.values())):
        raise UsageError("There is no score to add.", "Score sequences that have masks.")
    append_line(run / LOG, {"step": step, "scores": dict(scores)})
    draw_curve(run / LOG, run / PICTURE)
    return run / PICTURE
