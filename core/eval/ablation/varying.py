"""What of a system may be varied: the configs that its spec names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from core.engine.registry import build_tracker, require_quality, system_spec
from core.errors import UsageError
from core.eval.ablation.changes import changed, field_values
from core.eval.benchmark import TrackerMaker
from core.tracking.contract import Tracker, TrackerRequest
from core.tracking.spec import load
from core.types import Quality


def configs_of(system: str) -> Mapping[Quality, Any]:
    """The configs that a system tracks with, by quality.

    Raises:
        UsageError: it has none, or there is no such system.
    """
    spec = system_spec(system)
    if not spec.configs:
        msg = f"The system {system} has no config that could be varied."
        raise UsageError(msg, "Leave config out, or take another --system.")
    return cast("Mapping[Quality, Any]", load(spec.configs))


def varied_fields(system: str) -> dict[Quality, dict[str, object]]:
    """The fields that may be varied, with their values, for each quality.

    Raises:
        UsageError: see `configs_of`.
    """
    return {quality: field_values(config) for quality, config in configs_of(system).items()}


def trained_options(system: str) -> dict[str, object]:
    """Options of training that a variant may give, with their defaults; none where it has none."""
    recipe = system_spec(system).recipe
    return {} if recipe is None else {option.name: option.default for option in recipe.all_options}


def tracker_maker(system: str, changes: Mapping[str, object], quality: Quality) -> TrackerMaker:
    """What builds a system with some fields changed.

    Raises:
        UsageError: no such field, a value of another kind, no such quality, or see `configs_of`.
    """
    spec = system_spec(system)
    require_quality(spec, quality)
    if not changes:
        return build_tracker
    config = changed(configs_of(system)[quality], changes)

    def make(request: TrackerRequest) -> Tracker:
        tracker: Tracker = load(spec.implementation)(request, config=config)
        return tracker

    return make
