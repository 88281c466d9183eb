"""What command line and window ask for when objects are to be found without a prompt. No torch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.discovery.contract import DiscoveryRequest
from core.engine.registry import default_system, discoverers, system_spec
from core.errors import CheckpointMissing, VosError
from core.tracking.contract import TrackerRequest
from core.types import Quality
from vosapp.assets import bundled_weights
from vosapp.services.weights import default_weights, has_default

if TYPE_CHECKING:
    from core.engine.finding.build import FindingRequest

PLAIN_TRACKER = "flow"
"""What carries masks where the usual system has no weights here."""


def default_discoverer() -> str:
    """Name of the system that finds objects where no other is named."""
    return next(iter(discoverers()))


def discovery_weights(system: str, given: Path | None) -> Path | None:
    """The weights of what finds objects: those given, else the first preset that is bundled.

    Raises:
        CheckpointMissing: it needs some, and none are bundled.
    """
    spec = system_spec(system)
    if given is not None or not spec.needs_weights:
        return given
    usual = [spec.default_preset, *spec.presets]
    for preset in usual:
        try:
            return bundled_weights(system, preset)
        except CheckpointMissing:
            continue
    return bundled_weights(system, spec.default_preset)


def discoverer_of(weights: Path) -> str | None:
    """The system that weights belong to, if it finds objects; None where that cannot be told."""
    from core.nn.checkpoints import read_info

    try:
        system = read_info(weights).system
    except VosError:
        return None
    return system if system in discoverers() else None


def has_discovery_weights(system: str) -> bool:
    """Whether a system for finding objects has weights here."""
    try:
        discovery_weights(system, None)
    except CheckpointMissing:
        return False
    return True


def linking_tracker(device: str) -> TrackerRequest:
    """What carries masks from frame to frame while objects are told apart."""
    system = default_system().name
    if has_default(system):
        return TrackerRequest(system, Quality.FAST, device, default_weights(system))
    return TrackerRequest(PLAIN_TRACKER, Quality.FAST, device)


def finding_request(
    system: str,
    discovery: DiscoveryRequest,
    *,
    instances: bool,
    vote: bool = False,
    tracker: TrackerRequest | None = None,
) -> FindingRequest:
    """A request with everything that is usual where nothing else is said.

    Args:
        system: finds the objects.
        discovery: without weights the bundled ones are taken.
        instances: tell single objects apart.
        vote: make them consistent over the clip.
        tracker: carries masks; None for the usual one.

    Raises:
        CheckpointMissing: no weights are bundled, or named.
    """
    from core.engine.finding.build import FindingRequest

    discovery = replace(discovery, weights=discovery_weights(system, discovery.weights))
    carrier = tracker or linking_tracker(discovery.device)
    return FindingRequest(system, discovery, carrier, instances=instances, vote=vote)
