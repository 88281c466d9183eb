"""Variants that find objects without a prompt: all objects of a frame as one, on all frames."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path

from core.data.object_sequence import ObjectSequence
from core.data.object_sets import read_object_set
from core.discovery.masks import Refinement
from core.engine.registry import discoverers, system_spec
from core.errors import UsageError
from core.eval.ablation.variants import Variant
from core.eval.benchmark_plan import BenchmarkRequest
from core.eval.measuring import Found, sequences_of, told
from core.eval.unprompted.baselines import BASELINES
from core.eval.unprompted.contenders import Contender
from core.eval.unprompted.job import measured
from core.jobs import CancelToken, Progress, mapped
from core.tracking.contract import TrackerRequest


@dataclass(frozen=True, slots=True)
class Finding:
    """See `core.eval.measuring.Wanted`: what is found on one sequence.

    Attributes:
        key: what the row is of, by column.
        contender: finds objects.
        sequence: on which.
        frames: of the sequence.
        tracker: the system; on its device.
    """

    key: Mapping[str, str]
    contender: Contender
    sequence: ObjectSequence
    frames: int
    tracker: TrackerRequest

    @property
    def keys(self) -> tuple[Mapping[str, str], ...]:
        """Of the row that it makes."""
        return (self.key,)

    def run(self, token: CancelToken) -> Generator[Progress | Found]:
        """Measure; yields its progress in frames, and what it found."""
        device = self.tracker.device
        job = measured(self.contender, self.sequence, self.tracker, device=device, token=token)
        found = yield from mapped(job, lambda progress: progress)
        j, f = float(str(found["j"])), float(str(found["f"]))
        figures = {"j_and_f": (j + f) / 2, "j": j, "f": f}
        seconds = {"seconds_median": float(str(found["seconds_per_frame"]))}
        counts = {"objects": 1, "frames": found["frames"], "scored_frames": found["scored_frames"]}
        yield self.key, counts | told(figures | seconds, 0)


def findings(
    root: Path,
    sequences: tuple[str, ...] | None,
    variant: Variant,
    tracker: TrackerRequest,
    *,
    key: Mapping[str, str],
) -> list[Finding]:
    """What is wanted of a variant, one for each sequence.

    Args:
        root: a set in DAVIS layout.
        sequences: names of those wanted; None takes all.
        variant: given nothing.
        tracker: the system, with the variant's weights.
        key: what the rows are of, but for the sequence.

    Raises:
        VosError: of the kinds that `core.eval.benchmark_plan.plan_jobs` names.
    """
    contender = Contender(
        variant.name,
        variant.finder or tracker.system,
        None if variant.finder else tracker.weights,
        refine=Refinement(variant.refine),
    )
    known = {one.name: one for one in read_object_set(root)}
    found = []
    for request, frames in sequences_of(BenchmarkRequest(root, tracker, sequences)):
        (name,) = request.sequences or ("",)
        row = {**key, "sequence": name}
        found.append(Finding(row, contender, known[name], frames, tracker))
    return found


def require_finding(variant: Variant, system: str) -> None:
    """Refuse a variant that finds nothing.

    Raises:
        UsageError: an unknown baseline, or a system that finds no objects.
    """
    if variant.finder and variant.finder not in BASELINES:
        msg = f"The variant {variant.name} says finder = {variant.finder!r}."
        raise UsageError(msg, f"Choose from {', '.join(BASELINES)}, or leave it out.")
    if not variant.finder and not system_spec(system).discovers:
        msg = f"The variant {variant.name} is given nothing, and {system} finds no objects."
        raise UsageError(msg, f"Take one of: {', '.join(discoverers())}.")
