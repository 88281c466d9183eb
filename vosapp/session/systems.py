"""What there is to choose from for a propagation: systems, qualities, devices. No Qt, no torch."""

from __future__ import annotations

from dataclasses import dataclass

from core.device import DEVICES
from core.engine.registry import systems as all_systems
from core.types import Quality

__all__ = ["DEVICES", "QUALITIES", "QualityChoice", "SystemChoice", "systems"]


@dataclass(frozen=True, slots=True)
class SystemChoice:
    """A system as the chooser shows it.

    Attributes:
        name: in the registry.
        title: for people.
        needs_weights: it has weights, and another file of them can be chosen.
        learns: it can adapt to the video of the project.
    """

    name: str
    title: str
    needs_weights: bool
    learns: bool


@dataclass(frozen=True, slots=True)
class QualityChoice:
    """A quality as the chooser shows it.

    Attributes:
        quality: the value.
        title: for people.
        text: what it is good for.
        frames_per_second: measured; see `MEASURED`.
    """

    quality: Quality
    title: str
    text: str
    frames_per_second: float


MEASURED = "self_supervised, one object, 854 x 480, two processor cores (make bench)"
"""How the speeds were measured: those of README.md."""
QUALITIES: tuple[QualityChoice, ...] = (
    QualityChoice(
        Quality.FAST, "Fast", "works at 240 lines; good for a first look and slow motion", 3.6
    ),
    QualityChoice(
        Quality.BALANCED, "Balanced", "works at 300 lines; better edges and small objects", 2.1
    ),
    QualityChoice(Quality.FINE, "Fine", "works at 360 lines; for small objects, slowest", 1.6),
)


def systems() -> tuple[SystemChoice, ...]:
    """Return the systems of the registry, the usual one first."""
    return tuple(
        SystemChoice(
            spec.name,
            spec.title,
            spec.needs_weights,
            spec.adapts,
        )
        for spec in all_systems().values()
    )
