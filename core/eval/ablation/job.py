"""Variants x sequences x qualities, each measured once, into a table that goes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from core.engine.registry import require_adapting, require_targets, system_spec
from core.errors import UsageError
from core.eval.ablation.finding import Finding, findings, require_finding
from core.eval.ablation.variants import NOTHING, Variant
from core.eval.ablation.varying import tracker_maker
from core.eval.benchmark_plan import BenchmarkRequest
from core.eval.ledger import Ledger
from core.eval.measuring import OUTCOME, Means, Measurement, means, measure_all, sequences_of
from core.eval.provenance import file_mark
from core.eval.starts import Start
from core.jobs import CancelToken, Job
from core.nn.checkpoints import read_info, require_system
from core.tracking.contract import Adaptation, TrackerRequest
from core.types import Quality

KEY = ("variant", "changes", "system", "weights", "quality", "data", "sequence")
COLUMNS = (*KEY, *OUTCOME)
TOLD = ("variant", "quality", "sequence")


@dataclass(frozen=True, slots=True)
class AblationRequest:
    """What is to be compared, and on what.

    Attributes:
        root: dataset folder in a layout of `core.data.layouts`, with frames.
        tracker: the system, as variants have it that say nothing else.
        variants: what is compared; the first is the one to compare with.
        qualities: at which.
        table: the CSV file; rows that it has are not measured again.
        sequences: names of those wanted; None takes all.
    """

    root: Path
    tracker: TrackerRequest
    variants: tuple[Variant, ...]
    qualities: tuple[Quality, ...]
    table: Path
    sequences: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class VariantMeans:
    """What a variant comes to at a quality, over all sequences that were asked for.

    Attributes:
        variant: its name.
        quality: at which it was run.
        means: of the sequences.
        group: its name without its seed.
    """

    variant: str
    quality: Quality
    means: Means
    group: str = ""


def ablate(request: AblationRequest, token: CancelToken) -> Job[tuple[VariantMeans, ...]]:
    """Measure each variant on each sequence at each quality.

    All variants of a sequence come one after another, so that a run that is stopped can be
    compared as far as it got.

    Returns:
        Means in the order of qualities and variants.

    Raises:
        UsageError: a variant that makes no sense, or that the table has otherwise.
        VosError: of the kinds that `benchmark` names; rows so far are kept.
        Cancelled: by the token; likewise.
    """
    ledger = require_possible(request)
    wanted = _measurements(request)
    yield from measure_all(wanted, ledger, token)
    found = []
    for quality in request.qualities:
        for variant in request.variants:
            name = {"variant": variant.name, "quality": quality.value}
            own = [ledger.get(m.key) for m in wanted if m.key.items() >= name.items()]
            summary = means([row for row in own if row is not None])
            found.append(VariantMeans(variant.name, quality, summary, variant.group))
    return tuple(found)


def require_possible(request: AblationRequest) -> Ledger:
    """Refuse variants that make no sense, or that the table has otherwise; returns the table.

    Raises:
        VosError: see `ablate`.
    """
    for variant in request.variants:
        _check(variant, request.tracker.system)
        for quality in request.qualities:
            tracker_maker(request.tracker.system, variant.config, quality)
    ledger = Ledger(request.table, COLUMNS, key=KEY, told=TOLD)
    _require_same(request, ledger)
    return ledger


def _measurements(request: AblationRequest) -> list[Measurement | Finding]:
    """All that is wanted: by quality, sequence, variant."""
    wanted: list[Measurement | Finding] = []
    for quality in request.qualities:
        columns = [_column(request, variant, quality) for variant in request.variants]
        wanted += [one for row in zip(*columns, strict=True) for one in row]
    return wanted


def _column(
    request: AblationRequest, variant: Variant, quality: Quality
) -> Sequence[Measurement | Finding]:
    """One variant at one quality on all sequences."""
    tracker = replace(
        request.tracker,
        quality=quality,
        weights=variant.weights or request.tracker.weights,
        target=variant.target,
    )
    key = {
        "variant": variant.name,
        "changes": variant.said,
        "system": tracker.system,
        "weights": file_mark(tracker.weights),
        "quality": quality.value,
        "data": request.root.resolve().name,
    }
    if variant.given == NOTHING:
        return findings(request.root, request.sequences, variant, tracker, key=key)
    whole = BenchmarkRequest(
        request.root,
        tracker,
        request.sequences,
        variant.keyframes,
        variant.late_entries,
        adaptation=Adaptation(paper_mode=variant.paper_mode) if variant.adapt else None,
        start=Start(variant.given),
        back_and_forth=variant.back_and_forth,
    )
    maker = tracker_maker(tracker.system, variant.config, quality)
    return [
        Measurement({**key, "sequence": (one.sequences or ("",))[0]}, one, frames, maker)
        for one, frames in sequences_of(whole)
    ]


def _check(variant: Variant, system: str) -> None:
    """Refuse weights and options that the system does not have."""
    if variant.given == NOTHING:
        require_finding(variant, system)
    if variant.adapt:
        require_adapting(system)
    if variant.target:
        require_targets(system)
    if variant.weights is None:
        return
    if not system_spec(system).needs_weights:
        msg = f"The variant {variant.name} names weights, but the system {system} uses none."
        raise UsageError(msg, "Leave weights out.")
    require_system(read_info(variant.weights), system, variant.weights)


def _require_same(request: AblationRequest, ledger: Ledger) -> None:
    """Refuse a variant whose name stands for something else in the table."""
    said = {variant.name: variant.said for variant in request.variants}
    for row in ledger.rows:
        name = row["variant"]
        if said.get(name, row["changes"]) != row["changes"]:
            msg = f"In {ledger.path} the variant {name} means {row['changes']}, here {said[name]}."
            raise UsageError(msg, "Give it another name, or name another --csv.")
