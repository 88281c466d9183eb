"""An ablation's outcome as a text table and as plain values for JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from statistics import fmean

from core.eval.ablation.job import VariantMeans
from core.eval.report import align_rows, cell, known

HEAD = ("variant", "quality", "sequences", "J&F", "change", "J", "F", "by object", "s/frame")
NOTE = (
    "J&F, J, F: means of sequences; change: of J&F against the first variant at the same quality;"
    " by object: mean J&F of objects (DAVIS)."
)


def to_table(found: Sequence[VariantMeans]) -> str:
    """Aligned text: a line for each variant and quality."""
    rows = [HEAD, *(_row(one, _first(one, found)) for one in found)]
    head, *lines = align_rows(rows)
    return "\n".join([head, "-" * len(head), *lines, *_spreads(found), NOTE])


def to_dict(found: Sequence[VariantMeans]) -> dict[str, object]:
    """Plain dicts, lists, numbers and texts; None for what is unknown, never NaN."""
    rows = []
    for one in found:
        figures = {name: known(value) for name, value in asdict(one.means).items()}
        rows.append({"variant": one.variant, "quality": one.quality.value, **figures})
    groups = [
        {"variant": name, "quality": quality, "seeds": len(values), "j_and_f": fmean(values),
         "least": min(values), "most": max(values)}
        for (name, quality), values in _groups(found).items()
    ]  # fmt: skip
    return {"variants": rows, **({"seeds": groups} if groups else {})}


def _groups(found: Sequence[VariantMeans]) -> dict[tuple[str, str], list[float]]:
    """J&F of variants that differ by their seed alone, by name and quality."""
    groups: dict[tuple[str, str], list[float]] = {}
    for one in found:
        value = known(one.means.j_and_f)
        if one.group != one.variant and value is not None:
            groups.setdefault((one.group, one.quality.value), []).append(value)
    return groups


def _spreads(found: Sequence[VariantMeans]) -> list[str]:
    """A line for each variant that was trained with several seeds."""
    return [
        f"{name}, {quality}, {len(values)} seeds: J&F {cell(fmean(values))},"
        f" {cell(min(values))} to {cell(max(values))}."
        for (name, quality), values in _groups(found).items()
    ]


def _first(one: VariantMeans, found: Sequence[VariantMeans]) -> VariantMeans:
    return next(other for other in found if other.quality is one.quality)


def _row(one: VariantMeans, first: VariantMeans) -> list[str]:
    means = one.means
    change = known(means.j_and_f - first.means.j_and_f)
    figures = [cell(x) for x in (means.j, means.f, means.by_object, means.seconds)]
    return [
        one.variant,
        one.quality.value,
        str(means.rows),
        cell(means.j_and_f),
        "" if one is first or change is None else f"{change:+.3f}",
        *figures,
    ]
