"""Variants that train: each gets its weights before anything is measured."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from core.engine.registry import recipe_of
from core.eval.ablation.job import AblationRequest, require_possible
from core.eval.ablation.variants import Variant
from core.eval.benchmark_plan import BenchmarkRequest, plan_jobs
from core.jobs import CancelToken, Job, Progress
from core.tracking.contract import TrackerRequest
from core.train.from_table import request_of
from core.train.origin import WEIGHTS
from core.train.request import TrainRequest
from core.train.run import train

PARTS = 1000
"""As progress of a run is counted."""


def train_variants(
    request: AblationRequest, runs: Path, folder: Path, *, token: CancelToken
) -> Job[AblationRequest]:
    """Train what is not trained yet.

    A run has a folder of its own, named by all that it is told, so that variants that train alike
    share one; packed frames are shared by all. Runs that were stopped go on.

    Args:
        request: with its variants.
        runs: folder of the runs.
        folder: what paths of variants are meant from.
        token: stops a run; its state is kept.

    Returns:
        The request, with weights in all of its variants that train.

    Raises:
        UsageError: a variant that makes no sense; nothing is trained then.
        VosError: of the kinds that `train` names.
        Cancelled: by the token.
    """
    require_possible(request)
    tracker = replace(request.tracker, weights=None)
    plan_jobs(BenchmarkRequest(request.root, tracker, request.sequences))
    place = _Place(runs, folder, request.tracker)
    for variant in request.variants:
        # All of them before the first is trained, which takes long.
        place.chain(variant)
    made = []
    for variant in request.variants:
        weights = None
        for run in place.chain(variant):
            weights = run.out / WEIGHTS
            if not weights.is_file():
                yield from trained(run, variant.name, token)
        made.append(variant if weights is None else replace(variant, weights=weights))
    return replace(request, variants=tuple(made))


@dataclass(frozen=True, slots=True)
class _Place:
    """Where runs are, and what they read."""

    runs: Path
    folder: Path
    tracker: TrackerRequest

    def chain(self, variant: Variant) -> list[TrainRequest]:
        """The runs that lead to the weights of a variant, in their order; none of no training."""
        return self._chain(variant.train) if variant.train else []

    def _chain(self, train: Mapping[str, object]) -> list[TrainRequest]:
        own = {name: value for name, value in train.items() if name != "after"}
        before = train.get("after")
        chain = self._chain(before) if isinstance(before, Mapping) else []
        if chain:
            own["init"] = str((chain[-1].out / WEIGHTS).absolute())
        run = request_of(
            recipe_of(self.tracker.system),
            own,
            out=self.runs / run_name(train, self.tracker.system),
            folder=self.folder,
            device=self.tracker.device,
        )
        return [*chain, replace(run, cache=self.runs / "frames")]


def run_name(train: Mapping[str, object], system: str) -> str:
    """Of a run's folder; the same for the same training."""
    said = json.dumps([system, train], sort_keys=True)
    return f"run-{hashlib.sha256(said.encode()).hexdigest()[:12]}"


def trained(run: TrainRequest, name: str, token: CancelToken) -> Job[None]:
    """Make a run; what it tells is that of the variant `name`."""
    yield Progress(0, PARTS, f"training {name}")
    for item in train(run, token):
        if isinstance(item, Progress):
            yield replace(item, done=0, total=PARTS, text=f"{name}: {item.text}")
        else:
            text = f"training {name}, step {item.step}, loss {item.total_loss:.3f}"
            yield Progress(round(item.fraction * PARTS), PARTS, text)
