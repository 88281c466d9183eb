"""What of a system may be varied. The only place that knows how a system says so."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any, Protocol, cast

from core.engine.registry import build_tracker, system_spec
from core.errors import UsageError
from core.eval.ablation.changes import changed, field_values
from core.eval.benchmark import TrackerMaker
from core.tracking.contract import Tracker, TrackerRequest
from core.types import Quality


class Varying(Protocol):
    """What a module that builds a tracker offers beside `build`, if its config may be varied."""

    def tracking(self, quality: Quality) -> Any:
        """The config of a quality, a frozen dataclass."""

    def build(self, request: TrackerRequest, *, config: Any) -> Tracker:
        """A tracker with another config than that of its quality."""


def varying(system: str) -> Varying:
    """How a system is built with another config.

    Raises:
        UsageError: it cannot be, or there is no such system.
    """
    module = importlib.import_module(system_spec(system).implementation.partition(":")[0])
    if not hasattr(module, "tracking"):
        msg = f"The system {system} has no config that could be varied."
        raise UsageError(msg, "Leave config away, or take another --system.")
    return cast("Varying", module)


def varied_fields(system: str) -> dict[Quality, dict[str, object]]:
    """The fields that may be varied, with their values, for each quality.

    Raises:
        UsageError: see `varying`.
    """
    offered = varying(system)
    return {quality: field_values(offered.tracking(quality)) for quality in Quality}


def tracker_maker(system: str, changes: Mapping[str, object], quality: Quality) -> TrackerMaker:
    """What builds a system with some fields changed.

    Raises:
        UsageError: no such field, a value of another kind, or see `varying`.
    """
    if not changes:
        return build_tracker
    offered = varying(system)
    config = changed(offered.tracking(quality), changes)
    return lambda request: offered.build(request, config=config)
