"""From a request to what finds objects, with all that is wrapped around it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from core.discovery.contract import Discoverer, DiscoveryRequest
from core.discovery.masks import USUAL, Refinement
from core.engine.finding.instances import FrameBoxes, InstanceDiscoverer
from core.engine.finding.voting import VotingDiscoverer
from core.engine.registry import build_discoverer, build_tracker
from core.tracking.contract import Tracker, TrackerRequest


@dataclass(frozen=True, slots=True)
class FindingRequest:
    """How objects are looked for.

    Attributes:
        system: name of what finds them.
        discovery: its weights and more.
        tracker: what carries masks, for `instances` and `vote`.
        instances: tell single objects apart; else one track is all that is an object.
        vote: let propagations from the surest frames vote.
        refinement: how masks that are carried for votes follow edges.
        boxes: of a detector, which tell objects apart; None where there are none.
    """

    system: str
    discovery: DiscoveryRequest
    tracker: TrackerRequest
    instances: bool = False
    vote: bool = False
    refinement: Refinement = USUAL
    boxes: FrameBoxes | None = None


def build_finder(request: FindingRequest) -> Discoverer:
    """What finds objects by a request.

    Raises:
        UsageError: an unknown system, or one that finds none; so for the tracker.
        CheckpointMissing, CheckpointMismatch: weights not there, damaged or of another system.
        DeviceUnavailable: no such device.
    """
    finder = build_discoverer(request.system, request.discovery)
    make: Callable[[], Tracker] = partial(build_tracker, request.tracker)
    if request.vote:
        finder = VotingDiscoverer(finder, make, refinement=request.refinement)
    if request.instances:
        most = request.discovery.most
        finder = InstanceDiscoverer(finder, make, most=most, boxes=request.boxes)
    return finder
