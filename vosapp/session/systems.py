"""What there is to choose from for a propagation: systems, qualities, devices. No Qt, no torch."""

from __future__ import annotations

from core.device import DEVICES
from core.engine.registry import discoverers, system_spec, trackers
from core.tracking.spec import QualityOffer, SystemSpec
from core.types import Quality

__all__ = ["DEVICES", "QUALITIES", "QualityOffer", "SystemSpec", "finders", "offer_of", "systems"]

QUALITIES: dict[Quality, str] = {
    Quality.FAST: "Fast",
    Quality.BALANCED: "Balanced",
    Quality.FINE: "Fine",
}
"""Titles for people, the fastest first."""


def systems() -> tuple[SystemSpec, ...]:
    """Return the systems that carry masks, the default first."""
    return tuple(trackers().values())


def finders() -> tuple[SystemSpec, ...]:
    """Return the systems that find objects without prompts, the default first."""
    return tuple(discoverers().values())


def offer_of(system: str, quality: Quality) -> QualityOffer | None:
    """Return what a system says of a quality; None where it does not offer it."""
    offers = system_spec(system).qualities
    return next((offer for offer in offers if offer.quality is quality), None)
