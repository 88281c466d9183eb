"""Contenders that train: each gets its weights before anything is measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from core.engine.registry import recipe_of
from core.eval.ablation.training import run_name, trained
from core.eval.unprompted.contenders import Contender
from core.jobs import CancelToken, Job
from core.train.from_table import request_of
from core.train.origin import WEIGHTS
from core.train.request import TrainRequest


def train_contenders(
    contenders: Sequence[Contender], runs: Path, folder: Path, *, device: str, token: CancelToken
) -> Job[tuple[Contender, ...]]:
    """Train what is not trained yet; a run that was stopped goes on.

    Args:
        contenders: what is compared.
        runs: folder of the runs, one for each way of training, and of packed frames.
        folder: what paths of trainings are meant from.
        device: "auto", "cpu", "cuda" or "mps".
        token: stops a run; its state is kept.

    Returns:
        The contenders, with weights in all that train.

    Raises:
        UsageError: a training that makes no sense; nothing is trained then.
        VosError: of the kinds that `train` names.
        Cancelled: by the token.
    """
    # All of them before the first is trained, which takes long.
    wanted = [_run(one, runs, folder, device) for one in contenders]
    made = []
    for one, run in zip(contenders, wanted, strict=True):
        if run is None:
            made.append(one)
            continue
        weights = run.out / WEIGHTS
        if not weights.is_file():
            yield from trained(run, one.name, token)
        made.append(replace(one, weights=weights))
    return tuple(made)


def _run(one: Contender, runs: Path, folder: Path, device: str) -> TrainRequest | None:
    if not one.train:
        return None
    out = runs / run_name(one.train, one.finder)
    run = request_of(recipe_of(one.finder), one.train, out=out, folder=folder, device=device)
    return replace(run, cache=runs / "frames")
