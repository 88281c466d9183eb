"""The systems that can be run; the only registry of the project. Imports no torch."""

from __future__ import annotations

import difflib
import importlib

from core.errors import UsageError
from core.tracking.contract import SystemSpec, Tracker, TrackerRequest

SYSTEMS: dict[str, SystemSpec] = {
    spec.name: spec
    for spec in (
        SystemSpec(
            name="self_supervised",
            title="correspondence learned from raw video",
            needs_weights=True,
            implementation="core.systems.self_supervised.build:build",
            adapts=True,
        ),
        SystemSpec(
            name="flow",
            title="baseline: the last mask warped along optical flow",
            needs_weights=False,
            implementation="core.systems.baselines.flow:build",
        ),
        SystemSpec(
            name="copy",
            title="baseline: the last keyframe repeated",
            needs_weights=False,
            implementation="core.systems.baselines.copy:build",
        ),
    )
}


def system_spec(name: str) -> SystemSpec:
    """The entry of a system.

    Raises:
        UsageError: there is none of that name; names the nearest.
    """
    if name in SYSTEMS:
        return SYSTEMS[name]
    near = difflib.get_close_matches(name, SYSTEMS, n=1)
    hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(SYSTEMS)}."
    msg = f"There is no system {name!r}."
    raise UsageError(msg, hint)


def require_adapting(name: str) -> None:
    """Refuse a system that cannot learn a video.

    Raises:
        UsageError: it cannot, or there is none of that name; names those that can.
    """
    if not system_spec(name).adapts:
        able = ", ".join(spec.name for spec in SYSTEMS.values() if spec.adapts)
        msg = f"The system {name} cannot adapt to a video."
        raise UsageError(msg, f"Leave --adapt away, or take one that can: {able}.")


def build_tracker(request: TrackerRequest) -> Tracker:
    """Load a system and its weights.

    Raises:
        UsageError: an unknown system.
        CheckpointMissing, CheckpointMismatch: its weights are not there or do not fit.
        DeviceUnavailable: no such device here.
    """
    module, function = system_spec(request.system).implementation.split(":")
    tracker: Tracker = getattr(importlib.import_module(module), function)(request)
    return tracker
