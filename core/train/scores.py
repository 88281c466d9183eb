"""Scores of a run's weights, kept in the log of the run, so that its picture shows them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path

from core.errors import UsageError
from core.media.atomic import write_atomic
from core.nn.checkpoints import read_info
from core.train.curve import LOG, PICTURE, draw_curve


def trained_steps(weights: Path, run: Path) -> int:
    """Steps that weights were trained for, as their header says.

    Args:
        weights: a checkpoint of ours.
        run: the folder of the run that made them, where the scores will go.

    Raises:
        UsageError: no log in the folder, or the header names no steps.
        CheckpointMissing, CheckpointMismatch: see `core.nn.checkpoints.read_info`.
    """
    if not (run / LOG).is_file():
        msg = f"{run} holds no training run: there is no {LOG}."
        raise UsageError(msg, "Give the folder that --out of `vosapp train` named.")
    steps = read_info(weights).training.get("steps")
    if type(steps) is not int:
        msg = f"{weights} does not say for how many steps it was trained."
        raise UsageError(msg, "Score weights that `vosapp train` wrote.")
    return steps


def add_scores(run: Path, step: int, scores: Mapping[str, float]) -> Path:
    """Add scores to the log of a run, and draw its picture anew.

    Args:
        run: a run folder.
        step: of the weights that were scored.
        scores: by name; a score of the same name and step is replaced.

    Returns:
        The picture.

    Raises:
        UsageError: a score that is not finite; nothing is written.
        OutputError: the log or the picture cannot be written.
    """
    if not all(map(math.isfinite, scores.values())):
        raise UsageError("There is no score to add.", "Score sequences that have masks.")
    log = run / LOG
    kept = [line for line in log.read_text().splitlines() if not _same(line, step, scores)]
    line = json.dumps({"step": step, "scores": dict(scores)})
    write_atomic(log, "".join(f"{one}\n" for one in [*kept, line]).encode())
    draw_curve(log, run / PICTURE)
    return run / PICTURE


def _same(line: str, step: int, scores: Mapping[str, float]) -> bool:
    try:
        told = json.loads(line)
        return bool(told["step"] == step and told["scores"].keys() == scores.keys())
    except (ValueError, TypeError, LookupError, AttributeError):
        return False
