"""The systems that can be run; the only registry of the project. Imports no torch.

A package of its own adds a system by an entry point of the group `vosapp.systems` that names a
`SystemSpec`.
"""

from __future__ import annotations

import difflib
from functools import cache
from importlib.metadata import entry_points

from core.discovery.contract import Discoverer, DiscoveryRequest
from core.errors import UsageError
from core.systems.appearance_motion.spec import SPEC as APPEARANCE_MOTION
from core.systems.baselines.spec import COPY, FLOW
from core.systems.box_supervised.spec import SPEC as BOX_SUPERVISED
from core.systems.global_instance.spec import SPEC as GLOBAL_INSTANCE
from core.systems.multi_granularity.spec import SPEC as MULTI_GRANULARITY
from core.systems.self_supervised.spec import SPEC as SELF_SUPERVISED
from core.tracking.contract import Tracker, TrackerRequest
from core.tracking.spec import SystemSpec, load
from core.train.recipe import Recipe
from core.types import Quality

GROUP = "vosapp.systems"
OURS = (
    SELF_SUPERVISED,
    BOX_SUPERVISED,
    GLOBAL_INSTANCE,
    APPEARANCE_MOTION,
    MULTI_GRANULARITY,
    FLOW,
    COPY,
)
"""Those that come with the project, the default first."""


@cache
def systems() -> dict[str, SystemSpec]:
    """All systems by their names: the project's, then those of other packages.

    A package cannot take a name that there is already.
    """
    found = {spec.name: spec for spec in OURS}
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        spec = entry.load()
        if not isinstance(spec, SystemSpec):
            msg = f"The entry point {entry.value} of {GROUP} names no SystemSpec."
            raise TypeError(msg)
        found.setdefault(spec.name, spec)
    return found


def trackers() -> dict[str, SystemSpec]:
    """Those of all systems that carry masks, by their names."""
    return {name: spec for name, spec in systems().items() if spec.tracks}


def discoverers() -> dict[str, SystemSpec]:
    """Those of all systems that find objects without prompts, by their names."""
    return {name: spec for name, spec in systems().items() if spec.discovers}


def default_system() -> SystemSpec:
    """The system that is used where no other is named."""
    return OURS[0]


def system_spec(name: str) -> SystemSpec:
    """The spec of a system.

    Raises:
        UsageError: there is none of that name; names the nearest.
    """
    known = systems()
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(known)}."
    msg = f"There is no system {name!r}."
    raise UsageError(msg, hint)


def recipe_of(name: str) -> Recipe:
    """How a system is trained.

    Raises:
        UsageError: it has nothing to learn, or there is none of that name.
    """
    recipe = system_spec(name).recipe
    if recipe is None:
        able = ", ".join(spec.name for spec in systems().values() if spec.recipe is not None)
        raise UsageError(f"The system {name} has nothing to learn.", f"Take one of: {able}.")
    return recipe


def require_tracking(name: str) -> SystemSpec:
    """The spec of a system that carries masks.

    Raises:
        UsageError: it only finds objects, or there is none of that name; names those that do.
    """
    spec = system_spec(name)
    if not spec.tracks:
        msg = f"The system {name} finds objects, and carries no masks."
        raise UsageError(msg, f"Take one of: {', '.join(trackers())}.")
    return spec


def require_adapting(name: str) -> None:
    """Refuse a system that cannot learn a video.

    Raises:
        UsageError: it cannot, or there is none of that name; names those that can.
    """
    if not system_spec(name).adapts:
        able = ", ".join(spec.name for spec in systems().values() if spec.adapts)
        msg = f"The system {name} cannot adapt to a video."
        raise UsageError(msg, f"Leave --adapt out, or take one that can: {able}.")


def require_targets(name: str) -> None:
    """Refuse a system that learns no target models.

    Raises:
        UsageError: it does not, or there is none of that name; names those that do.
    """
    if not system_spec(name).targets:
        able = ", ".join(spec.name for spec in systems().values() if spec.targets)
        msg = f"The system {name} cannot adapt to a video by target models."
        raise UsageError(msg, f"Leave --adapt target out, or take one that can: {able}.")


def build_tracker(request: TrackerRequest) -> Tracker:
    """Load a system and its weights.

    Raises:
        UsageError: an unknown system, one that carries no masks, or a quality that it does not
            offer; target models where it learns none, or its weights have no features for them.
        CheckpointMissing, CheckpointMismatch: its weights are not there or do not fit.
        DeviceUnavailable: no such device here.
    """
    spec = require_tracking(request.system)
    require_quality(spec, request.quality)
    if request.target:
        require_targets(request.system)
    tracker: Tracker = load(spec.implementation)(request)
    return tracker


def build_discoverer(system: str, request: DiscoveryRequest) -> Discoverer:
    """Load what finds objects without prompts, and its weights.

    Raises:
        UsageError: an unknown system, one that finds none, or one that cannot learn a video first
            where that is asked for.
        CheckpointMissing, CheckpointMismatch: its weights are not there or do not fit.
        DeviceUnavailable: no such device here.
    """
    spec = system_spec(system)
    if not spec.discovers:
        msg = f"The system {system} finds no objects by itself."
        raise UsageError(msg, f"Take one of: {', '.join(discoverers())}.")
    if request.adapt_steps and not spec.learns_first:
        able = ", ".join(name for name, one in discoverers().items() if one.learns_first)
        msg = f"The system {system} does not learn a video before it looks for objects."
        raise UsageError(msg, f"Leave --adapt-steps out, or take one that does: {able}.")
    found: Discoverer = load(spec.discovers)(request)
    return found


def require_quality(spec: SystemSpec, quality: Quality) -> None:
    """Raise `UsageError` where a system has qualities, and not this one."""
    offered = [offer.quality for offer in spec.qualities]
    if offered and quality not in offered:
        msg = f"The system {spec.name} has no quality {quality.value!r}."
        names = ", ".join(one.value for one in offered)
        raise UsageError(msg, f"Give --quality one of {names}.")
