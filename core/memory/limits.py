"""How much a layered memory keeps. No torch here."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MemoryLimits:
    """Sizes of working and long-term memory (Cheng & Schwing 2022, section 3.3)."""

    most: int = 10
    """T_max: frames at which the working memory is consolidated, a permanent one among them."""
    least: int = 5
    """T_min: frames that are left then, the permanent one among them."""
    prototypes: int = 128
    """P: cells that each consolidation leaves in the long-term memory."""
    long_term: int = 10_000
    """LT_max: cells of the long-term memory, which forgets those used least."""

    def __post_init__(self) -> None:
        if not 1 <= self.least < self.most or not 1 <= self.prototypes <= self.long_term:
            msg = f"These limits leave nothing to remember: {self}."
            raise ValueError(msg)
